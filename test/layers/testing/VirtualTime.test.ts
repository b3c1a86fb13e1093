import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Queue } from "effect"
import { TestClock } from "effect/testing"
import type { Order } from "../../../layers/testing/VirtualScheduler.ts"
import * as VirtualTime from "../../../layers/testing/VirtualTime.ts"

const now = Clock.currentTimeMillis

/** A few fibers that take turns at something. */
const shuffled = (order: Order) =>
  Effect.gen(function*() {
    const seen: Array<number> = []
    yield* Effect.forEach(Array.from({ length: 8 }, (_, n) => n), (n) =>
      Effect.repeat(Effect.andThen(Effect.yieldNow, Effect.sync(() => seen.push(n))), { times: 5 }), {
      concurrency: "unbounded"
    })
    return seen.join("")
  }).pipe(Effect.provide(VirtualTime.layer(order)))

describe("virtual time", () => {
  it.effect("passes only when somebody says so, and then in order", () =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      const say = (what: string) => Effect.flatMap(now, (at) => Effect.sync(() => seen.push(`${what} ${at}`)))
      for (const millis of [30, 10, 20, 10]) {
        yield* Effect.forkChild(Effect.andThen(Effect.sleep(millis), say(`${millis}`)))
      }
      // Sleeps that begin while time passes end in their time.
      yield* Effect.forkChild(Effect.forEach([1, 2, 3], (n) => Effect.andThen(Effect.sleep(7), say(`loop ${n}`))))
      yield* TestClock.adjust(15)
      assert.deepStrictEqual(seen, ["loop 1 7", "10 10", "10 10", "loop 2 14"])
      assert.strictEqual(yield* now, 15)
      yield* TestClock.setTime(1_000)
      assert.deepStrictEqual(seen.slice(4), ["20 20", "loop 3 21", "30 30"])
      assert.strictEqual(yield* Clock.monotonicTimeNanos, 1_000_000_000n)
    }).pipe(Effect.provide(VirtualTime.layer())))

  it.effect("waits for all that can run before it passes, promises too", () =>
    Effect.gen(function*() {
      const queue = yield* Queue.unbounded<number>()
      const slow = Effect.gen(function*() {
        for (let step = 0; step < 50; step++) yield* Effect.yieldNow
        yield* Effect.promise(async () => {
          for (let step = 0; step < 20; step++) await Promise.resolve()
        })
        yield* Effect.sleep("1 minute")
        yield* Queue.offer(queue, yield* now)
      })
      yield* Effect.forkChild(slow)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* Queue.clear(queue), [60_000])
    }).pipe(Effect.provide(VirtualTime.layer())))

  it.effect("does not come for what was interrupted", () =>
    Effect.gen(function*() {
      const sleeper = yield* Effect.forkChild(Effect.sleep(10))
      yield* TestClock.adjust(5)
      yield* Fiber.interrupt(sleeper)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(
        (yield* Effect.timeoutOption(Effect.never, 10).pipe(
          Effect.forkChild,
          Effect.tap(TestClock.adjust(10)),
          Effect.flatMap(Fiber.join)
        ))._tag,
        "None"
      )
    }).pipe(Effect.provide(VirtualTime.layer())))

  it.effect("leaves the other clock alone", () =>
    Effect.gen(function*() {
      const before = yield* now
      yield* Effect.provide(TestClock.adjust("1 day"), VirtualTime.layer())
      assert.strictEqual(yield* now, before)
      const live = yield* Effect.provide(TestClock.withLive(now), VirtualTime.layer())
      assert.isAbove(live, 1_600_000_000_000)
    }))

  it.effect("the same seed gives the same order, another one another", () =>
    Effect.gen(function*() {
      for (const order of ["turns", { seed: 1 }, { seed: 2 }] as const) {
        assert.strictEqual(yield* shuffled(order), yield* shuffled(order))
      }
      const seen = new Set<string>()
      for (let seed = 0; seed < 20; seed++) seen.add(yield* shuffled({ seed }))
      assert.isAtLeast(seen.size, 18)
    }))
})
