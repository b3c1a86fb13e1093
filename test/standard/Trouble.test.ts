import { assert, describe, it } from "@effect/vitest"
import { Crash, Echo, Fail, Hang, Sleep, StandardLive } from "cadre/standard"
import { TestInProcess } from "cadre/testing"
import { Cause, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"

const layer = TestInProcess.layer(StandardLive, { slots: 4 })

describe("Sleep", () => {
  it.effect("ends after its time and no earlier", () =>
    Effect.gen(function*() {
      const sleeping = yield* Effect.forkChild(Sleep.run({ duration: "2 hours" }))
      const napping = yield* Effect.forkChild(Sleep.run({ duration: 1_500 }))
      yield* TestClock.adjust("1 second")
      assert.isUndefined(napping.pollUnsafe())
      yield* TestClock.adjust("500 millis")
      assert.isDefined(napping.pollUnsafe())
      yield* TestClock.adjust("119 minutes")
      assert.isUndefined(sleeping.pollUnsafe())
      yield* TestClock.adjust("1 minute")
      assert.isDefined(sleeping.pollUnsafe())
    }).pipe(Effect.provide(layer)))

  it.effect("takes durations only", () =>
    Effect.gen(function*() {
      for (const duration of ["soon", "", "-1 seconds", -1, Number.NaN]) {
        const error = yield* Effect.flip(Sleep.run({ duration }))
        assert.strictEqual(error._tag, "PayloadInvalid", String(duration))
        assert.include(error.message, "duration")
      }
    }).pipe(Effect.provide(layer)))
})

describe("Fail", () => {
  it.effect("fails with a typed error", () =>
    Effect.gen(function*() {
      const message = yield* Effect.catchTag(Fail.run({ message: "no" }), "FailedOnPurpose", ({ message }) =>
        Effect.succeed(message))
      assert.strictEqual(message, "no")
      assert.strictEqual((yield* Effect.flip(Fail.run({}))).message, "failed on purpose")
    }).pipe(Effect.provide(layer)))
})

describe("Crash", () => {
  it.effect("is a defect, with its message, and concerns no other task", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(Crash.run({ message: "boom" }))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      assert.include(Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "", "boom")
      assert.strictEqual(yield* Echo.run({ value: "alive" }), "alive")
    }).pipe(Effect.provide(layer)))
})

describe("Hang", () => {
  it.effect("lasts until it is cancelled", () =>
    Effect.gen(function*() {
      const hanging = yield* Effect.forkChild(Hang.run({}))
      yield* TestClock.adjust("1 day")
      assert.isUndefined(hanging.pollUnsafe())
      yield* Fiber.interrupt(hanging)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(hanging)))
    }).pipe(Effect.provide(layer)))

  it.effect("ends by itself if told so", () =>
    Effect.gen(function*() {
      const hanging = yield* Effect.forkChild(Hang.run({ how: "uninterruptible", atMost: "1 minute" }))
      yield* TestClock.adjust("59 seconds")
      assert.isUndefined(hanging.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(hanging)))
      yield* Hang.run({ how: "loop", atMost: "20 millis" })
    }).pipe(Effect.provide(layer)))

  it.effect("is deaf when it is uninterruptible: it is given up after the task's grace", () =>
    Effect.gen(function*() {
      const hanging = yield* Effect.forkChild(Hang.run({ how: "uninterruptible", atMost: "1 hour" }))
      yield* TestClock.adjust("1 second")
      hanging.interruptUnsafe()
      yield* TestClock.adjust("4 seconds")
      assert.isUndefined(hanging.pollUnsafe())
      yield* TestClock.adjust("2 seconds")
      assert.isDefined(hanging.pollUnsafe())
      // Its fiber is still there, and the layer would wait for it.
      yield* TestClock.adjust("1 hour")
    }).pipe(Effect.provide(layer)))
})
