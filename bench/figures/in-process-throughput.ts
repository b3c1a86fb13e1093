/** How many no-op tasks with schemas run in one process in a second, 1,024 in flight. */
import { Effect, Stream } from "effect"
import { availableParallelism } from "node:os"
import { Piscina } from "piscina"
import { Echo, layer } from "../Echo.ts"
import { type Figure, median } from "../Figure.ts"

const concurrency = 1_024

const payloads = (count: number) => Array.from({ length: count }, (_, n) => ({ n }))

const timed = <E, R>(count: number, effect: Effect.Effect<void, E, R>): Effect.Effect<number, E, R> =>
  Effect.suspend(() => {
    const start = performance.now()
    return Effect.map(effect, () => count / ((performance.now() - start) / 1_000))
  })

/** Tasks a second through `runAll`, outcomes read. */
const runAll = (count: number) => {
  let ended = 0
  const read = Stream.runForEachArray(Echo.runAll(payloads(count), { concurrency }), (outcomes) =>
    Effect.sync(() => {
      ended += outcomes.length
    }))
  return timed(
    count,
    Effect.andThen(
      read,
      Effect.sync(() => {
        if (ended !== count) throw new Error(`${ended} of ${count} tasks have ended`)
      })
    )
  )
}

/** Tasks a second when each has a fiber that waits for it. */
const fibers = (count: number) =>
  timed(count, Effect.forEach(payloads(count), (payload) => Echo.run(payload), { concurrency, discard: true }))

// Where its throughput is highest.
const outstanding = 256
const concurrentTasksPerWorker = 64

/** Tasks a second through Piscina, which needs a thread for them. */
const piscina = (pool: Piscina, count: number) =>
  timed(
    count,
    Effect.promise(async () => {
      let next = 0
      const lane = async () => {
        while (next < count) await pool.run({ n: next++ })
      }
      await Promise.all(Array.from({ length: outstanding }, lane))
    })
  )

interface Rates {
  readonly runAll: number
  readonly fibers: number
  readonly piscina: number
}

const openPool = Effect.acquireRelease(
  Effect.sync(() =>
    new Piscina({
      filename: new URL("../PiscinaWorker.ts", import.meta.url).href,
      maxThreads: Math.max(1, availableParallelism() - 1),
      concurrentTasksPerWorker
    })
  ),
  (pool) => Effect.promise(() => pool.destroy())
)

/** Through `runAll`, and with a fiber for each; against Piscina. */
export const inProcessThroughput: Figure = {
  name: "in-process-throughput",
  description: "one process, no-op tasks with schemas, 1,024 in flight; against Piscina",
  measure: Effect.fnUntraced(
    function*(profile) {
      const pool = yield* openPool
      const scale = profile === "quick" ? 1 : 0.005
      const rounds: Array<Rates> = []
      // In turn, so that whatever slows the machine down slows all; the first round warms up.
      for (let round = 0; round < (profile === "quick" ? 6 : 2); round++) {
        rounds.push({
          runAll: yield* runAll(400_000 * scale),
          fibers: yield* fibers(100_000 * scale),
          piscina: yield* piscina(pool, 50_000 * scale)
        })
      }
      const middle = (which: keyof Rates) => median(rounds.slice(1).map((round) => round[which]))
      const against = { name: "Piscina", measured: middle("piscina") }
      return [
        {
          name: "one process, runAll",
          measured: middle("runAll"),
          unit: "tasks/s",
          target: { atLeast: 400_000 },
          against
        },
        { name: "one process, 1,024 fibers that run", measured: middle("fibers"), unit: "tasks/s", against }
      ]
    },
    Effect.scoped,
    Effect.provide(layer)
  )
}
