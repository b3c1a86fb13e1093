/** Kills of a server under load, at random moments, and what became of everything. */
import { Effect } from "effect"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { SeededRandom } from "../../layers/testing/SeededRandom.ts"
import * as ServerRemote from "../../layers/wire/ServerRemote.ts"
import * as SubmitterServer from "../../layers/submitter/SubmitterServer.ts"
import { Server } from "../../services/Server.ts"
import { until } from "../host/Household.ts"
import { Ground } from "./Ground.ts"
import { Ledgered, Gate } from "./tasks.ts"
import { acceptedOf, executionsOf, historyOf, repeated, untold } from "./Verdict.ts"

/** What happened. */
export interface Report {
  readonly accepted: number
  /** What must not have happened. */
  readonly violations: ReadonlyArray<string>
  /** At-least-once tasks that were run again after a kill. */
  readonly repeated: number
  /** Milliseconds from each kill to a server that serves, and to one that has done something since. */
  readonly ready: ReadonlyArray<number>
  readonly serving: ReadonlyArray<number>
}

/** Tasks that are held until the end. */
const gates = 8

/** Milliseconds before a kill in which an attempt may have begun that is not on the disk: it is committed soon, on a slow machine a little later. */
const unsettled = 1_000

/** Kills the server so often amid so many tasks. */
export const campaign = async (seed: number, kills: number, count: number): Promise<Report> => {
  const random = new SeededRandom(seed, "kills")
  const ground = await Ground.make()
  try {
    await ground.serve()
    const executors = await Promise.all([ground.executor(), ground.executor()])
    const release = join(ground.house.folder, "release")
    const held = Effect.runPromise(
      Effect.gen(function*() {
        const { server } = yield* ServerRemote.connect({ address: ground.house.address })
        const submitter = yield* Effect.provideService(
          SubmitterServer.connect({ name: "gates", libraries: [Ledgered] }),
          Server,
          server
        )
        const payloads = Array.from({ length: gates }, (_, n) => ({ ledger: ground.ledgerPath, n: -1 - n, release }))
        const { awaitAll } = yield* submitter.submitAll(Gate, payloads)
        return yield* awaitAll
      }).pipe(Effect.scoped)
    )
    await until(() => ground.ledger.read().filter(({ what }) => what === "begun").length === gates)

    const each = Math.ceil(count / 2)
    const clients = [
      ground.submit({ name: "first", from: 0, count: each }),
      ground.submit({ name: "second", from: each, count: Math.floor(each * 0.75) }),
      ground.submit({ name: "once", from: 2 * each, count: each - Math.floor(each * 0.75), task: "Once" })
    ]
    const moments = Array.from({ length: kills }, () => (0.02 + 0.9 * random.next()) * count).toSorted((a, b) => a - b)
    console.error("moments", moments)
    for (const moment of moments) {
      await ground.progressed(moment)
      console.error("kill", ground.ended, await ground.restart())
    }
    const iv = setInterval(() => console.error(ground.ended, clients.map((c) => [c.name, c.book.read().length, untold(c.book.lines).length, c.book.lines.at(-1)])), 3000)
    for (const client of clients) await ground.finished(client); clearInterval(iv)
    writeFileSync(release, "")
    console.error("released", ground.ended)
    const iv2 = setInterval(() => console.error("waiting", ground.ended, ground.ledger.lines.filter((l) => l.n < 0)), 4000)
    const outcomes = await held
    clearInterval(iv2); console.error("held ended")
    for (const { child, ended } of executors) {
      child.kill("SIGTERM")
      await ended
    }
    ground.server.child.kill("SIGKILL")
    await ground.server.ended
    return reportOf(ground, outcomes.map(({ _tag }) => _tag))
  } finally {
    await ground.end()
  }
}

const reportOf = (ground: Ground, held: ReadonlyArray<string>): Report => {
  const lines = ground.ledger.read()
  const books = ground.clients.map(({ book, name }) => ({ name, words: book.read() }))
  const executions = executionsOf(lines)
  const violations: Array<string> = [...historyOf(ground.store, books).conclude(0)]
  for (const outcome of held) if (outcome !== "Succeeded") violations.push(`a gate has ${outcome}`)
  for (let n = -1; n >= -gates; n--) {
    const begun = executions.get(n)?.filter(({ what }) => what === "begun").length
    if (begun !== 1) violations.push(`an attempt that went through every restart was begun ${begun} times`)
  }
  let accepted = 0
  for (const { name, words } of books) {
    violations.push(...untold(words).map((text) => `${name}: ${text}`))
    accepted += acceptedOf(words).length
    for (const word of words) {
      if (word._tag !== "Outcome") continue
      const { n, outcome } = word
      const all = executions.get(n) ?? []
      const isOnce = name === "once"
      if (outcome === "Succeeded" && !all.some(({ what }) => what === "ended")) {
        violations.push(`${name}: task ${n} succeeded and was never run`)
      }
      if (outcome !== "Succeeded" && !(isOnce && outcome === "MaybeExecuted")) {
        violations.push(`${name}: task ${n} ended as ${outcome}`)
      }
      if (isOnce && all.filter(({ what }) => what === "begun").length > 1) violations.push(`${name}: task ${n} was run twice`)
    }
  }
  const again = repeated(lines)
  for (const { at, n } of again) {
    const near = ground.restarts.some(({ killedAt, readyAt }) => at > killedAt - unsettled && at <= readyAt)
    if (!near) violations.push(`task ${n} was run again although it had begun long before the server was killed`)
  }
  for (const { n } of again.slice(0, 400)) console.error(n, executions.get(n)!.map((e) => `${e.what}/${e.attempt} ${e.pid} ${ground.restarts.map((r) => e.at - r.killedAt).join(",")}`).join("; "))
  return {
    accepted,
    violations,
    repeated: again.length,
    ready: ground.restarts.map(({ killedAt, readyAt }) => readyAt - killedAt),
    serving: ground.restarts.flatMap(({ killedAt }) => {
      const first = books.flatMap(({ words }) =>
        words.flatMap((word) => word._tag === "Outcome" && word.at > killedAt ? [word.at] : []))
      return first.length === 0 ? [] : [Math.min(...first) - killedAt]
    })
  }
}

/** Text of a distribution: median, 95th percentile and maximum. */
export const spread = (values: ReadonlyArray<number>): string => {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
  return `median ${at(0.5)}, p95 ${at(0.95)}, max ${sorted.at(-1) ?? 0} ms of ${sorted.length}`
}

/** Whether campaigns are to be long. */
export const isSoak = process.env["CADRE_SOAK"] === "1"
