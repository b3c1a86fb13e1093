/** Kills of a server under load, at random moments, and what became of everything. */
import { Effect } from "effect"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import * as SubmitterServer from "../../layers/submitter/SubmitterServer.ts"
import { SeededRandom } from "../../layers/testing/SeededRandom.ts"
import * as ServerRemote from "../../layers/wire/ServerRemote.ts"
import { Server } from "../../services/Server.ts"
import type { Submitter } from "../../services/Submitter.ts"
import { until } from "../host/Household.ts"
import type { Ground } from "./Ground.ts"
import { Gate, Ledgered } from "./tasks.ts"
import { acceptedOf, executionsOf, repeated, servedAt } from "./Verdict.ts"

/** What happened. */
export interface Report {
  readonly accepted: number
  /** What must not have happened. */
  readonly violations: ReadonlyArray<string>
  /** At-least-once tasks that were run again after a kill. */
  readonly repeated: number
  /** Milliseconds from each kill to a server that can be reached, and to one that has decided something. */
  readonly ready: ReadonlyArray<number>
  readonly served: ReadonlyArray<number>
}

/** Tasks that are held until the end. */
const gates = 8

/**
 * Milliseconds before a kill in which an attempt may have begun whose
 * assignment is not on the disk: soon it is, on a slow machine a little later.
 */
const unsettled = 1_000

/** Whether campaigns are to be long. */
export const isSoak = process.env["CADRE_SOAK"] === "1"

/** What repeats a campaign. */
export const seed = Number(process.env["CADRE_SEED"] ?? Date.now() % 1_000_000)

/** Uses a submitter of this process, which leaves when that is done. */
export const submitting = <A, E>(
  { house: { address } }: Ground,
  name: string,
  use: (submitter: Submitter["Service"]) => Effect.Effect<A, E, never>
): Promise<A> =>
  Effect.gen(function*() {
    const { server } = yield* ServerRemote.connect({ address })
    const connecting = SubmitterServer.connect({ name, libraries: [Ledgered] })
    return yield* use(yield* Effect.provideService(connecting, Server, server))
  }).pipe(Effect.scoped, Effect.runPromise)

/** Kills the server so often amid so many tasks. */
export const campaign = async (ground: Ground, kills: number, count: number): Promise<Report> => {
  const random = new SeededRandom(seed, "kills")
  await ground.serve()
  const executors = await Promise.all([ground.executor(), ground.executor()])
  const release = join(ground.house.folder, "release")
  const held = submitting(ground, "gates", (submitter) => {
    const payloads = Array.from({ length: gates }, (_, n) => ({ ledger: ground.ledgerPath, n: -1 - n, release }))
    return Effect.scoped(Effect.flatMap(submitter.submitAll(Gate, payloads), ({ awaitAll }) => awaitAll))
  })
  await until(() => ground.ledger.read().length === gates)

  const most = Math.floor(0.6 * count)
  ground.submit({ name: "first", from: 0, count: most })
  ground.submit({ name: "once", from: most, count: count - most, task: "Once" })
  const moments = Array.from({ length: kills }, () => (0.02 + 0.9 * random.next()) * count)
  for (const moment of moments.toSorted((one, other) => one - other)) {
    await ground.progressed(moment)
    await ground.restart()
  }
  for (const client of ground.clients) await ground.finished(client)
  writeFileSync(release, "")
  const outcomes = await held
  for (const { child, ended } of executors) {
    child.kill("SIGTERM")
    await ended
  }
  return reportOf(ground, await ground.judge(), outcomes.map(({ _tag }) => _tag))
}

const reportOf = (ground: Ground, found: ReadonlyArray<string>, held: ReadonlyArray<string>): Report => {
  const lines = ground.ledger.read()
  const executions = executionsOf(lines)
  const violations = [...found]
  for (const outcome of held) if (outcome !== "Succeeded") violations.push(`a task that was held ended as ${outcome}`)
  for (let n = -1; n >= -gates; n--) {
    const begun = executions.get(n)?.filter(({ what }) => what === "begun").length
    if (begun !== 1) violations.push(`an attempt that went through every restart was begun ${begun} times`)
  }
  const again = repeated(lines)
  for (const { at, n } of again) {
    const isNear = ground.restarts.some(({ killedAt, readyAt }) => at > killedAt - unsettled && at <= readyAt)
    if (!isNear) violations.push(`task ${n} was run again although it had begun long before the server was killed`)
  }
  const served = servedAt(ground.store)
  return {
    accepted: ground.books.reduce((sum, { words }) => sum + acceptedOf(words).length, 0),
    violations,
    repeated: again.length,
    ready: ground.restarts.map(({ killedAt, readyAt }) => readyAt - killedAt),
    // The first generation was killed first.
    served: ground.restarts.flatMap(({ killedAt }, index) => {
      const at = served.get(index + 2)
      return at === undefined ? [] : [Math.round(at - killedAt)]
    })
  }
}

/** A distribution in words. */
export const spread = (values: ReadonlyArray<number>): string => {
  const sorted = values.toSorted((one, other) => one - other)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
  return `median ${at(0.5)}, p95 ${at(0.95)}, max ${sorted.at(-1) ?? 0} ms of ${sorted.length}`
}
