/** How much of two processors tasks of a millisecond get from a server and two processes with an executor each. */
import { Effect, Stream } from "effect"
import { compute } from "../compute.ts"
import { type Figure, median } from "../Figure.ts"
import { rawThreads } from "../RawThreads.ts"
import { house } from "../server/House.ts"
import { Compute } from "../server/tasks.ts"

const executors = 2

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

/** Tasks of a millisecond, with two threads that do nothing but compute before and after. */
export const serverCompute: Figure = {
  name: "server-compute",
  description:
    "server, two executors of one thread each, tasks of 1 ms of pure CPU; against two threads without a pool",
  measure: Effect.fnUntraced(function*(profile) {
    const raw = yield* rawThreads(executors)
    const home = yield* house({ isDurable: false })
    yield* home.server
    yield* Effect.forEach(Array.from({ length: executors }), () => home.serving(1), { concurrency: "unbounded" })
    const { submitter } = yield* home.client
    const rounds = calibrate()
    const count = profile === "quick" ? 2_000 : 40
    const payloads = Array.from({ length: count }, () => ({ rounds }))
    const ideal = Effect.promise(async () => {
      const start = performance.now()
      await Promise.all(raw.map((ask) => ask({ times: count / executors, rounds })))
      return performance.now() - start
    })
    const ours = Effect.gen(function*() {
      const start = performance.now()
      yield* Stream.runDrain(submitter.runAll(Compute, payloads))
      return performance.now() - start
    })
    const shares = []
    for (let round = 0; round < (profile === "quick" ? 4 : 2); round++) {
      const [before, elapsed, after] = [yield* ideal, yield* ours, yield* ideal]
      shares.push((before + after) / 2 / elapsed)
    }
    return [{
      name: "a server and two executors, 1 ms tasks, share of the ideal",
      measured: 100 * median(shares.slice(1)),
      unit: "%",
      target: { atLeast: 95 }
    }]
  }, Effect.scoped)
}
