import { assert } from "@effect/vitest"
import { Cause, Effect, Exit, Option, Redacted, Schema, Stream } from "effect"
import { TaskCrashed } from "../../../layers/submitter/Decoding.ts"
import { Task } from "../../../services/Task.ts"
import type { Runs } from "../../../src/task/TaskDefinition.ts"
import * as Tasks from "../Tasks.ts"

/** Says that somebody runs the task, which only the types know better. */
const anywhere = <A, E, R>(effect: Effect.Effect<A, E, R>) => effect as Effect.Effect<A, E, Exclude<R, Runs<string>>>

/** The defect that a task's handler ended with. */
const crash = Effect.fnUntraced(function*(how: (typeof Tasks.Bad.payload.fields.how)["Type"]) {
  const exit = yield* Effect.exit(Tasks.Bad.run({ how }))
  if (Exit.isSuccess(exit)) return assert.fail(`${how} succeeded`)
  const defect = Cause.squash(exit.cause)
  assert.instanceOf(defect, TaskCrashed, how)
  assert.isTrue(exit.cause.reasons.every(Cause.isDieReason), how)
  return defect
})

/** What a handler comes to is what its submitter gets. */
export const laws = {
  "same: a result": Effect.gen(function*() {
    assert.strictEqual(yield* Tasks.Echo.run({ n: 5 }), 5)
    const reading = { at: new Date(86_400_000), values: [1.5, -0, Number.NaN, Infinity], note: "ü" }
    assert.deepStrictEqual(yield* Tasks.Mirror.run(reading), reading)
    assert.deepStrictEqual(yield* Tasks.Raw.run(Uint8Array.of(1, 2, 255)), Uint8Array.of(255, 2, 1))
    assert.isUndefined(yield* Tasks.Ping.run())
  }),

  "same: a typed error": Effect.gen(function*() {
    assert.strictEqual(yield* Tasks.Root.run({ n: 9 }), 3)
    const n = yield* Effect.catchTag(Tasks.Root.run({ n: -4 }), "NotPositive", (error) => {
      assert.instanceOf(error, Tasks.NotPositive)
      return Effect.succeed(error.n)
    })
    assert.strictEqual(n, -4)
  }),

  "same: a defect, with where it came from": Effect.gen(function*() {
    for (const how of ["throw", "die", "dieLater"] as const) {
      const { message, name, stack, taskId, taskName } = yield* crash(how)
      assert.strictEqual(name, "RangeError", how)
      assert.match(message, /^(?:thrown|died|died later)$/)
      // The handler, be it in its source or in a bundle.
      assert.match(stack ?? "", /^ +at (?:Object\.)?Bad \(.*\.[jt]s:\d/m, how)
      assert.strictEqual(taskName, "Bad")
      assert.match(taskId, /^\d+\.\d+\.\d+$/)
    }
    assert.strictEqual((yield* crash("text")).message, "only text")
  }),

  "typed: a result of another type is a crash": Effect.gen(function*() {
    for (const how of ["wrong", "wrongLater"] as const) {
      const { message, name } = yield* crash(how)
      assert.strictEqual(name, "InvalidResult", how)
      assert.match(message, /^The result of task Bad does not match its schema: .*number/i)
    }
    assert.instanceOf(yield* crash("nothing"), TaskCrashed)
  }),

  "typed: an error that the task does not declare is a crash": Effect.gen(function*() {
    assert.strictEqual((yield* crash("undeclared")).name, "Undeclared")
  }),

  "same: a handler that interrupts itself": Effect.gen(function*() {
    const error = yield* Effect.flip(Tasks.Bad.run({ how: "interrupt" }))
    if (error._tag !== "TaskInterrupted") return assert.fail(error._tag)
    assert.deepStrictEqual([error.by, error.cleanly], ["its own handler", true])
  }),

  "same: secrets arrive": Effect.gen(function*() {
    const result = yield* Tasks.Unlock.run({ secret: Redacted.make("sesame") })
    assert.strictEqual(Redacted.value(result), "sesame!")
    assert.strictEqual(`${result}`, "<redacted>")
  }),

  "true: a handler knows its task, its attempt and its executor": Effect.scoped(Effect.gen(function*() {
    const handle = yield* Tasks.Self.submit()
    const { attempt, executor, taskId } = yield* handle.await
    assert.deepStrictEqual([taskId, attempt], [handle.id, 1])
    assert.isNotEmpty(executor)
  })),

  "isolated: crashes harm no neighbour": Effect.gen(function*() {
    const numbers = Array.from({ length: 200 }, (_, n) => n)
    const exits = yield* Effect.forEach(numbers, (n) =>
      Effect.gen(function*() {
        return n % 3 === 0
          ? yield* Effect.exit(Tasks.Bad.run({ how: "die" }))
          : yield* Effect.exit(Tasks.Echo.run({ n }))
      }), { concurrency: "unbounded" })
    const results = exits.map((exit) => Option.getOrUndefined(Exit.getSuccess(exit)))
    assert.deepStrictEqual(results, numbers.map((n) => n % 3 === 0 ? undefined : n))
  }),

  "refused: a payload that its schema refuses": Effect.gen(function*() {
    // What no compiler would let pass.
    const [bad, payloads] = [{ n: 1.5 }, [{ n: 1 }, { n: 2 }, { n: "3" as unknown as number }, { n: 4 }]]
    const alone = yield* Effect.flip(Tasks.Echo.run(bad))
    if (alone._tag !== "PayloadInvalid") return assert.fail(alone._tag)
    assert.isUndefined(alone.index)
    assert.match(alone.message, /^The payload of task Echo does not match its schema: .*\["n"\]/s)
    const refusals = [
      yield* Effect.flip(Stream.runDrain(Tasks.Echo.runAll(payloads))),
      yield* Effect.flip(Stream.runDrain(Tasks.Echo.runAll(Stream.fromIterable(payloads)))),
      yield* Effect.flip(Effect.scoped(Tasks.Echo.submitAll(payloads)))
    ]
    for (const error of refusals) {
      if (error._tag !== "PayloadInvalid") return assert.fail(error._tag)
      assert.strictEqual(error.index, 2)
      assert.match(error.message, /^The payload at index 2 of task Echo does not match its schema: .*\["n"\]/s)
    }
  }),

  "refused: a task that nobody here knows": Effect.gen(function*() {
    const unknown = yield* Effect.flip(anywhere(Task.make("Stranger").run()))
    assert.strictEqual(unknown._tag, "UnknownTask")
    assert.include(unknown.message, "Task Stranger cannot be submitted here: no library here has it. Known are Echo")
    const other = yield* Effect.flip(Task.make("Echo", { payload: { text: Schema.String } }).run({ text: "" }))
    assert.strictEqual(other._tag, "UnknownTask")
    assert.match(other.message, /library suite(?: \(.*\))? has a task of that name with other schemas/)
    const same = Task.make("Echo", { payload: { n: Schema.Int }, success: Schema.Int })
    assert.strictEqual(yield* same.run({ n: 6 }), 6)
  })
}
