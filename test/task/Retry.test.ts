import { assert, it } from "@effect/vitest"
import { Duration, Effect, Option, Schedule, Schema } from "effect"
import { delayFor } from "../../src/task/Retry.ts"
import * as TaskDefinition from "../../src/task/TaskDefinition.ts"

class Busy extends Schema.TaggedError<Busy>()("Busy", { after: Schema.Number }) {}
class Wrong extends Schema.TaggedError<Wrong>()("Wrong", {}) {}

const retrying = (schedule: Schedule.Schedule<unknown, Busy>) =>
  TaskDefinition.make("T", { error: Schema.Union([Busy, Wrong]), retry: { Busy: schedule, Wrong: "fail" } })

/** The delays after attempts 1, 2, ..., of which the last is none. */
const delays = Effect.fnUntraced(function*(task: TaskDefinition.TaskDefinition.Any, now = 0) {
  const millis: Array<number> = []
  for (let attempt = 1;; attempt++) {
    const delay = yield* delayFor(task, new Busy({ after: attempt }), attempt, now)
    if (Option.isNone(delay) || millis.length === 9) return millis
    millis.push(delay.value)
  }
})

it.effect("replays a schedule to the attempt at hand", () =>
  Effect.gen(function*() {
    assert.deepStrictEqual(yield* delays(retrying(Schedule.recurs(3))), [0, 0, 0])
    const doubling = Schedule.exponential("1 second").pipe(Schedule.upTo({ times: 4 }))
    assert.deepStrictEqual(yield* delays(retrying(doubling)), [1000, 2000, 4000, 8000])
  }))

it.effect("gives a schedule the error and the time", () =>
  Effect.gen(function*() {
    const asked = Schedule.forever.pipe(
      Schedule.setInputType<Busy>(),
      Schedule.passthrough,
      Schedule.modifyDelay(({ output }) => Effect.succeed(Duration.millis(output.after)))
    )
    assert.deepStrictEqual((yield* delays(retrying(asked))).slice(0, 3), [1, 2, 3])
    const within = Schedule.spaced("1 minute").pipe(Schedule.upTo({ duration: "3 minutes" }))
    assert.isBelow((yield* delays(retrying(within), 1e12)).length, 6)
  }))

it.effect("does not retry what its task says nothing of", () =>
  Effect.gen(function*() {
    const task = retrying(Schedule.forever)
    for (const error of [new Wrong(), "Busy", null, { _tag: "toString" }, { _tag: 1 }, new Error("Busy")]) {
      assert.isTrue(Option.isNone(yield* delayFor(task, error, 1, 0)))
    }
    const once = TaskDefinition.make("T", { error: Busy, retry: { Busy: "fail" }, delivery: "atMostOnce" })
    assert.isTrue(Option.isNone(yield* delayFor(once, new Busy({ after: 0 }), 1, 0)))
    assert.isTrue(Option.isNone(yield* delayFor(retrying(Schedule.spaced("Infinity")), new Busy({ after: 0 }), 1, 0)))
  }))
