/** Piscina and Tinypool at the task of `Echo`, at the settings where their throughput is highest. */
import { Effect, type Scope } from "effect"
import { Piscina } from "piscina"
import { Tinypool } from "tinypool"
import { median } from "./Figure.ts"

/** How many tasks may be under way at once, and how many are run, or for how long. */
export type EchoLoad =
  & { readonly inFlight: number }
  & ({ readonly tasks: number } | { readonly seconds: number })

/** What came of a load; `p50` is the median time of a task in microseconds, of those under way at once. */
export interface EchoRate {
  readonly tasksPerSecond: number
  readonly p50: number
}

/** Runs a load on a pool that is open, so that rounds of several pools can take turns. */
export type EchoPool = (load: EchoLoad) => Effect.Effect<EchoRate>

/** How many tasks under way give the highest throughput. */
export const mostInFlight = 256

const concurrentTasksPerWorker = 64

/** Times are taken of so many tasks, so that taking them costs nothing. */
const samples = 20_000

const echoes = async (
  run: (payload: { readonly n: number }) => Promise<unknown>,
  load: EchoLoad
): Promise<EchoRate> => {
  const most = "tasks" in load ? load.tasks : Number.POSITIVE_INFINITY
  const times: Array<number> = []
  const start = performance.now()
  const until = "seconds" in load ? start + load.seconds * 1_000 : Number.POSITIVE_INFINITY
  let begun = 0
  let ended = 0
  let now = start
  const lane = async (): Promise<void> => {
    while (begun < most && now < until) {
      const n = begun++
      const from = performance.now()
      if (await run({ n }) !== n) throw new Error(`An echo of ${n} was another number`)
      now = performance.now()
      ended++
      if (times.length < samples) times.push((now - from) * 1_000)
    }
  }
  await Promise.all(Array.from({ length: load.inFlight }, lane))
  return { tasksPerSecond: ended / ((performance.now() - start) / 1_000), p50: median(times) }
}

/** Opens Piscina with that many threads; it ends with the scope. */
export const piscinaEcho = (threads: number): Effect.Effect<EchoPool, never, Scope.Scope> => {
  const open = Effect.sync(() =>
    new Piscina({
      filename: new URL("PiscinaWorker.ts", import.meta.url).href,
      minThreads: threads,
      maxThreads: threads,
      concurrentTasksPerWorker
    })
  )
  const pool = Effect.acquireRelease(open, (pool) => Effect.promise(() => pool.destroy()))
  return Effect.map(pool, (pool) => (load) => Effect.promise(() => echoes((payload) => pool.run(payload), load)))
}

/** Opens Tinypool with that many threads; it ends with the scope. */
export const tinypoolEcho = (threads: number): Effect.Effect<EchoPool, never, Scope.Scope> => {
  const open = Effect.sync(() =>
    new Tinypool({
      filename: new URL("TinypoolWorker.ts", import.meta.url).href,
      runtime: "worker_threads",
      minThreads: threads,
      maxThreads: threads,
      concurrentTasksPerWorker
    })
  )
  const pool = Effect.acquireRelease(open, (pool) => Effect.promise(() => pool.destroy()))
  return Effect.map(pool, (pool) => (load) => Effect.promise(() => echoes((payload) => pool.run(payload), load)))
}
