import { assert, describe, it } from "@effect/vitest"
import { InProcess } from "cadre"
import { Echo, Fibonacci, StandardLive } from "cadre/standard"
import { Effect, Fiber } from "effect"

const reference = (n: number): bigint => {
  let [current, next] = [0n, 1n]
  for (let index = 0; index < n; index++) [current, next] = [next, current + next]
  return current
}

describe("Fibonacci", () => {
  it.effect("is the same by both algorithms", () =>
    Effect.gen(function*() {
      for (const n of [0, 1, 2, 3, 10, 24, 25, 27]) {
        assert.strictEqual(yield* Fibonacci.run({ n }), reference(n))
        assert.strictEqual(yield* Fibonacci.run({ n, algorithm: "doubling" }), reference(n))
      }
      assert.strictEqual(yield* Fibonacci.run({ n: 1_001, algorithm: "doubling" }), reference(1_001))
    }).pipe(Effect.provide(InProcess.layer(StandardLive))))

  it.effect("refuses what would take for ever, and what is no index", () =>
    Effect.gen(function*() {
      const large = yield* Effect.flip(Fibonacci.run({ n: 46 }))
      assert.strictEqual(large.message, "n is 46, and may be 45 at most with the algorithm \"recursive\"")
      assert.strictEqual(large._tag, "FibonacciTooLarge")
      const huge = yield* Effect.flip(Fibonacci.run({ n: 1_000_001, algorithm: "doubling" }))
      assert.strictEqual(huge._tag, "FibonacciTooLarge")
      for (const n of [-1, 0.5, Number.NaN]) {
        assert.strictEqual((yield* Effect.flip(Fibonacci.run({ n })))._tag, "PayloadInvalid")
      }
    }).pipe(Effect.provide(InProcess.layer(StandardLive))))

  it.live("lets others have their turn, and can be cancelled", () =>
    Effect.gen(function*() {
      // Some ten seconds, if nobody cancelled it.
      const computing = yield* Effect.forkChild(Fibonacci.run({ n: 45 }))
      yield* Effect.repeat(Effect.yieldNow, { times: 20 })
      assert.strictEqual(yield* Echo.run({ value: "in between" }), "in between")
      assert.isUndefined(computing.pollUnsafe())
      yield* Fiber.interrupt(computing)
    }).pipe(Effect.provide(InProcess.layer(StandardLive))))
})
