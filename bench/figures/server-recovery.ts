/** How soon it goes on after an executor or the server was killed, and whether all tasks end exactly once. */
import { Effect, Fiber, Stream } from "effect"
import type { ChildProcess } from "node:child_process"
import { readFileSync } from "node:fs"
import type { OperatorError } from "../../services/Operator.ts"
import type { Submission } from "../../services/Submitter.ts"
import type { NotFound } from "../../src/operate/View.ts"
import { type Figure, median, type Profile, type Result } from "../Figure.ts"
import { type Client, emptyFile, type House, house, kill } from "../server/House.ts"
import { type Trace, Traced, traces } from "../server/tasks.ts"

/** What an executor runs at a time, how many tasks of 10 ms there are, and how often somebody is killed amid them. */
interface Extent {
  readonly slots: number
  readonly count: number
  readonly kills: number
}

const several = (profile: Profile): Extent =>
  profile === "quick" ? { slots: 16, count: 5_000, kills: 3 } : { slots: 8, count: 400, kills: 1 }

/** As an executor is where nobody says otherwise. */
const single = (profile: Profile): Extent => ({ slots: 1, count: profile === "quick" ? 600 : 50, kills: 1 })

/** What was seen of a set of tasks while it ran. */
interface Watched {
  /** When outcomes came: milliseconds since 1970. */
  readonly times: ReadonlyArray<number>
  /** Waits until so many have ended. */
  readonly ended: (count: number) => Effect.Effect<void>
  /** Waits for all. */
  readonly done: Effect.Effect<Ends, OperatorError | NotFound>
}

/** How often tasks ended. */
interface Ends {
  readonly lost: number
  readonly twice: number
}

const now = (): number => performance.timeOrigin + performance.now()

/** Waits until it is so. */
const until = (isSo: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => isSo() ? Effect.void : Effect.delay(until(isSo), 1))

/** The outcomes that the server has on record, each task's counted. */
const recorded = Effect.fnUntraced(function*({ operator }: Client, submission: string) {
  const ids: Array<string> = []
  for (let after: number | undefined = 0; after !== undefined;) {
    const page: Effect.Success<ReturnType<typeof operator.results>> = yield* operator.results({
      submission,
      after,
      limit: 1_000
    })
    ids.push(...page.items.map(({ id }) => id))
    after = page.next
  }
  return ids.length - new Set(ids).size
})

const watched = Effect.fnUntraced(function*(client: Client, set: Submission<typeof Traced>) {
  const times: Array<number> = []
  const told = new Int32Array(set.size)
  const watching = yield* Effect.forkScoped(
    Stream.runForEachArray(set.outcomes, (outcomes) =>
      Effect.sync(() => {
        for (const outcome of outcomes) {
          times.push(now())
          if (outcome._tag === "Succeeded" && outcome.value === outcome.index) told[outcome.index]!++
        }
      }))
  )
  const done = Effect.gen(function*() {
    yield* Fiber.join(watching)
    const twice = (yield* recorded(client, set.id)) + told.filter((times) => times > 1).length
    return { lost: told.filter((times) => times === 0).length, twice } satisfies Ends
  })
  const all: Watched = { times, ended: (count) => until(() => times.length >= count), done }
  return all
})

/** Hands the tasks over; the file is theirs. */
const submitted = Effect.fnUntraced(function*(client: Client, file: string, count: number) {
  const payloads = Array.from({ length: count }, (_, n) => ({ n, file }))
  return yield* watched(client, yield* client.submitter.submitAll(Traced, payloads))
})

/** The tasks that a process is running. */
const runningBy = (all: ReadonlyArray<Trace>, pid: number): ReadonlySet<number> => {
  const running = new Set<number>()
  for (const { n, pid: by, what } of all) {
    if (by !== pid) continue
    if (what === "began") running.add(n)
    else running.delete(n)
  }
  return running
}

const read = (file: string): ReadonlyArray<Trace> => traces(readFileSync(file, "utf8"))

/** How long after a process was killed the last of the attempts that it was running ran again, elsewhere. */
const again = (file: string, pid: number, killedAt: number): number => {
  const all = read(file)
  const times = [...runningBy(all, pid)].map((n) =>
    all.find((trace) => trace.n === n && trace.pid !== pid && trace.at > killedAt)?.at ?? Number.NaN
  )
  return Math.max(...times) - killedAt
}

/** Executors are killed in turn, and another is started in the place of each. */
const withoutExecutor = Effect.fnUntraced(function*(home: House, { count, kills, slots }: Extent) {
  yield* home.server
  const hands: Array<ChildProcess> = [yield* home.serving(slots), yield* home.serving(slots)]
  const client = yield* home.client
  const file = emptyFile(home, "executor")
  const { done, ended } = yield* submitted(client, file, count)
  const killed: Array<{ readonly pid: number; readonly at: number }> = []
  for (let turn = 0; turn < kills; turn++) {
    yield* ended(count * (turn + 1) / (kills + 2))
    const pid = hands.shift()?.pid ?? 0
    // Between two tasks it has nothing that could run again.
    yield* until(() => runningBy(read(file), pid).size > 0)
    kill(pid)
    killed.push({ pid, at: now() })
    hands.push(yield* home.serving(slots))
  }
  const ends = yield* done
  return { ...ends, times: killed.map(({ at, pid }) => again(file, pid, at)) }
}, Effect.scoped)

/** The server is killed several times, and started again each time. */
const withoutServer = Effect.fnUntraced(function*(home: House, { count, kills, slots }: Extent) {
  let pid = yield* home.server
  yield* home.serving(slots)
  yield* home.serving(slots)
  const client = yield* home.client
  const { done, ended, times } = yield* submitted(client, emptyFile(home, "server"), count)
  const pauses: Array<number> = []
  for (let turn = 0; turn < kills; turn++) {
    yield* ended(count * (turn + 1) / (kills + 2))
    const killedAt = now()
    kill(pid)
    pid = yield* home.server
    const seen = times.length
    yield* ended(seen + 1)
    pauses.push((times[seen] ?? Number.NaN) - killedAt)
  }
  return { ...(yield* done), times: pauses }
}, Effect.scoped)

/** Both on disk, with two processes of an executor each. */
export const serverRecovery: Figure = {
  name: "server-recovery",
  description: "an executor, then the server, killed -9 amid 5,000 tasks of 10 ms on two executors, on disk",
  measure: Effect.fnUntraced(function*(profile) {
    const home = yield* house({ isDurable: true })
    const results: Array<Result> = []
    for (
      const [who, measure, extent, what] of [
        ["executor", withoutExecutor, several, "its attempts run again"],
        ["executor of one slot", withoutExecutor, single, "its attempt runs again"],
        ["server", withoutServer, several, "outcomes come again"]
      ] as const
    ) {
      const { lost, times, twice } = yield* measure(home, extent(profile))
      results.push(
        { name: `${who} killed: ${what}`, measured: median(times), unit: "ms", target: { atMost: 1_000 } },
        { name: `${who} killed: lost`, measured: lost, unit: "tasks", target: { atMost: 0 } },
        { name: `${who} killed: ended twice`, measured: twice, unit: "tasks", target: { atMost: 0 } }
      )
    }
    return results
  }, Effect.scoped)
}
