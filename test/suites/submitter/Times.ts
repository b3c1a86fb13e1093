import { assert } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import { marks, until } from "../Stage.ts"
import * as Tasks from "../Tasks.ts"

const now = Clock.currentTimeMillis

/** Runs something while time passes, and tells when it ended. */
const timed = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>, millis = 60_000) {
  const start = yield* now
  const fiber = yield* Effect.forkChild(
    Effect.exit(effect).pipe(
      Effect.flatMap((exit) => Effect.map(now, (end) => ({ exit, after: end - start })))
    )
  )
  yield* TestClock.adjust(millis)
  return yield* Fiber.join(fiber)
})

const tagOf = (error: unknown): string => Schema.is(Schema.Struct({ _tag: Schema.String }))(error) ? error._tag : ""
const failed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(timed(Effect.flip(effect)), ({ after, exit }) => [exit._tag === "Success" && tagOf(exit.value), after])

/** When things happen, to the millisecond: under a `TestClock`. */
export const laws = {
  "a task takes its time": Effect.gen(function*() {
    assert.strictEqual((yield* timed(Tasks.Nap.run({ millis: 1_500 }))).after, 1_500)
  }),

  "delayed: no earlier than it may": Effect.gen(function*() {
    assert.strictEqual((yield* timed(Tasks.Echo.run({ n: 1 }, { delay: "2 seconds" }))).after, 2_000)
    const { after } = yield* timed(Effect.scoped(Effect.flatMap(
      Tasks.Echo.submitAll([{ n: 1 }, { n: 2 }], { delay: 500 }),
      (set) => set.awaitAll
    )))
    assert.strictEqual(after, 500)
  }),

  "an attempt that takes too long": Effect.gen(function*() {
    assert.deepStrictEqual(yield* failed(Tasks.Hasty.run({ millis: 1_001 })), ["TaskTimedOut", 1_000])
    assert.strictEqual((yield* timed(Tasks.Hasty.run({ millis: 999 }))).after, 999)
  }),

  "a task that has not ended at its deadline": Effect.gen(function*() {
    const start = yield* now
    const { exit } = yield* timed(Effect.flip(Tasks.Urgent.run({ millis: 1_001 })))
    if (exit._tag === "Failure" || exit.value._tag !== "TaskExpired") return assert.fail("it did not expire")
    assert.strictEqual(exit.value.deadline, start + 1_000)
    assert.deepStrictEqual(yield* failed(Tasks.Nap.run({ millis: 9_000 }, { deadline: 300 })), ["TaskExpired", 300])
    const late = Tasks.Nap.run({ millis: 1 }, { deadline: 300, delay: "1 minute" })
    assert.deepStrictEqual(yield* failed(late), ["TaskExpired", 300])
  }),

  "retried: when its schedule says, and as often": Effect.gen(function*() {
    const { after, exit } = yield* timed(Tasks.Flaky.run({ good: 4 }))
    assert.deepStrictEqual([exit._tag === "Success" && exit.value, after], [4, 1_000 + 2_000 + 4_000])
    assert.deepStrictEqual(yield* marks, ["try 1", "try 2", "try 3", "try 4"])
  }),

  "retried: until the schedule is exhausted": Effect.gen(function*() {
    assert.deepStrictEqual(yield* failed(Tasks.Flaky.run({ good: 99 })), ["Busy", 7_000])
    assert.lengthOf(yield* marks, 4)
  }),

  "retried: not for what is final": Effect.gen(function*() {
    assert.deepStrictEqual(yield* failed(Tasks.Flaky.run({ good: -1 })), ["Spoiled", 0])
    assert.deepStrictEqual(yield* marks, ["try 1"])
  }),

  "retried: cancelled between two attempts": Effect.scoped(Effect.gen(function*() {
    const handle = yield* Tasks.Flaky.submit({ good: 3 })
    yield* TestClock.adjust(1_500)
    assert.deepStrictEqual(yield* marks, ["try 1", "try 2"])
    assert.isTrue(yield* handle.interrupt)
    yield* TestClock.adjust("1 minute")
    assert.lengthOf(yield* marks, 2)
  })),

  "bounded: a rate": Effect.scoped(Effect.gen(function*() {
    const set = yield* Tasks.Seldom.submitAll(Array.from({ length: 5 }, (_, n) => ({ name: `${n}` })))
    for (const [millis, count] of [[0, 2], [999, 2], [1, 4], [999, 4], [1, 5]] as const) {
      yield* TestClock.adjust(millis)
      assert.lengthOf(yield* marks, count)
    }
    yield* set.awaitAll
  })),

  "stopped: what will not be interrupted gives its slot back after a time of grace": Effect.gen(function*() {
    const stubborn = yield* Effect.forkChild(Tasks.Stubborn.run({ millis: 60_000 }))
    yield* until("began stubborn")
    const { after } = yield* timed(Fiber.interrupt(stubborn), 1_000)
    assert.strictEqual(after, 1_000)
    assert.strictEqual(yield* Tasks.Echo.run({ n: 1 }), 1)
    yield* TestClock.adjust("2 minutes")
  }),

  "stopped: unclean, if it had to be killed": Effect.scoped(Effect.gen(function*() {
    const handle = yield* Tasks.Stubborn.submit({ millis: 60_000 })
    yield* until("began stubborn")
    const { exit } = yield* timed(handle.interrupt, 1_000)
    assert.isTrue(exit._tag === "Success" && exit.value)
    const error = yield* Effect.flip(handle.await)
    assert.isFalse(error._tag === "TaskInterrupted" && error.cleanly)
    yield* TestClock.adjust("2 minutes")
  })),

  "owned: a finalizer that takes a while is waited for": Effect.gen(function*() {
    const running = yield* Effect.forkChild(Tasks.Tidy.run({ name: "a", finalizer: 700 }))
    yield* until("began a")
    const { after } = yield* timed(Fiber.interrupt(running))
    assert.strictEqual(after, 700)
    assert.deepStrictEqual(yield* marks, ["began a", "tidying a", "tidy a"])
  }),

  "same: schemas that take their time": Effect.scoped(Effect.gen(function*() {
    const [one, all, set] = [
      yield* timed(Tasks.Slow.run({ n: 7 })),
      yield* timed(Stream.runCollect(Tasks.Slow.runAll([{ n: 1 }, { n: 2 }], { ordered: true }))),
      yield* timed(Effect.flatMap(Tasks.Slow.submitAll([{ n: 1 }, { n: 2 }]), (set) => set.awaitAll))
    ]
    assert.deepStrictEqual(one.exit, Exit.succeed(7))
    for (const { exit } of [all, set]) {
      const values = Exit.isSuccess(exit)
        ? exit.value.map((outcome) => outcome._tag === "Succeeded" && outcome.value)
        : []
      assert.deepStrictEqual(values, [1, 2])
    }
    const handle = yield* timed(Tasks.Slow.submit({ n: 9 }))
    const value = Effect.flatMap(handle.exit, (handle) => handle.await)
    assert.deepStrictEqual((yield* timed(value)).exit, Exit.succeed(9))
    const bad = yield* timed(Effect.flip(Tasks.Slow.run({ n: 1.5 })))
    assert.strictEqual(bad.exit._tag === "Success" && bad.exit.value._tag, "PayloadInvalid")
  })),

  "owned: who leaves while a payload is being written": Effect.gen(function*() {
    for (const millis of [0, 1, 2, 3, 4, 5, 7]) {
      const source = Array.from({ length: 5 }, (_, n) => ({ n }))
      const running = yield* Effect.forEach([
        Effect.asVoid(Tasks.Slow.run({ n: 1 })),
        Stream.runDrain(Tasks.Slow.runAll(source)),
        Effect.scoped(Effect.andThen(Tasks.Slow.submit({ n: 1 }), Effect.never)),
        Effect.scoped(Effect.andThen(Tasks.Slow.submitAll(source), Effect.never))
      ], (effect) => Effect.forkChild(effect))
      yield* TestClock.adjust(millis)
      const stopping = yield* Effect.forkChild(Fiber.interruptAll(running))
      yield* TestClock.adjust(100)
      assert.isDefined(stopping.pollUnsafe(), `after ${millis} ms`)
    }
  }),

  "many timers, each in its time": Effect.gen(function*() {
    const times = Array.from({ length: 50 }, (_, n) => 20 * ((n * 37) % 50) + 10)
    const start = yield* now
    const ended = yield* Effect.forkChild(
      Effect.forEach(times, (delay) =>
        Effect.andThen(
          Tasks.Ping.run(undefined, { delay }),
          Effect.map(now, (end) => end - start)
        ), {
        concurrency: "unbounded"
      })
    )
    yield* TestClock.adjust("1 minute")
    assert.deepStrictEqual(yield* Fiber.join(ended), times)
  })
}
