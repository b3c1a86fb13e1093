/** How much of two processors tasks of a millisecond get, against two threads that do nothing but compute. */
import { Threads } from "cadre"
import { Effect, Stream } from "effect"
import { compute } from "../compute.ts"
import { type Figure, median } from "../Figure.ts"
import { rawThreads } from "../RawThreads.ts"
import tasks, { Compute } from "../ThreadTasks.ts"

const threads = 2

/** Rounds that take a millisecond here. */
const calibrate = (): number => {
  const rounds = 2_000
  compute(rounds)
  const times = Array.from({ length: 15 }, () => {
    const start = performance.now()
    compute(rounds)
    return performance.now() - start
  })
  return Math.round(rounds / median(times))
}

/** Tasks of a millisecond. */
export const threadCompute: Figure = {
  name: "thread-compute",
  description: "two worker threads, tasks of 1 ms of pure CPU; against two threads without a pool",
  measure: Effect.fnUntraced(
    function*(profile) {
      const raw = yield* rawThreads(threads)
      const rounds = calibrate()
      const count = profile === "quick" ? 2_000 : 40
      const payloads = Array.from({ length: count }, () => ({ rounds }))
      const ideal = Effect.promise(async () => {
        const start = performance.now()
        await Promise.all(raw.map((ask) => ask({ times: count / threads, rounds })))
        return performance.now() - start
      })
      const ours = Effect.gen(function*() {
        const start = performance.now()
        yield* Stream.runDrain(Compute.runAll(payloads))
        return performance.now() - start
      })
      const shares = []
      for (let round = 0; round < (profile === "quick" ? 8 : 2); round++) {
        const [before, elapsed, after] = [yield* ideal, yield* ours, yield* ideal]
        shares.push((before + after) / 2 / elapsed)
      }
      return [{
        name: "two threads, 1 ms tasks, share of the ideal",
        measured: 100 * median(shares.slice(1)),
        unit: "%",
        target: { atLeast: 97 }
      }]
    },
    Effect.scoped,
    Effect.provide(Threads.layer(tasks, { threads }))
  )
}
