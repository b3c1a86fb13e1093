import { assert, describe, it } from "@effect/vitest"
import { Effect, identity, Schema } from "effect"
import { Task } from "../../services/Task.ts"
import { TaskLibrary } from "../../services/TaskLibrary.ts"
import { libraryDifferences } from "../../src/cli/LibraryDifference.ts"
import { jsonSchema, jsonText, payloadReader, recorder } from "../../src/cli/TaskText.ts"

class Refused extends Schema.TaggedError<Refused>()("Refused", { n: Schema.Int }) {}

const rich = Task.make("Rich", {
  payload: { when: Schema.Date, big: Schema.BigInt, bytes: Schema.Uint8Array, note: Schema.optionalKey(Schema.String) },
  success: Schema.Date,
  error: Refused
})
const json = { when: "2026-01-02T03:04:05.000Z", big: "12345678901234567890", bytes: "AAEC" }
const ended = { index: 3, payload: undefined, taskId: "0.1.3", taskName: "Rich" }

describe("payloads and results", () => {
  it.effect("are read as JSON, whatever their types", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* payloadReader(rich)(json), {
        when: new Date(json.when),
        big: 12345678901234567890n,
        bytes: Uint8Array.of(0, 1, 2)
      })
      assert.strictEqual(yield* payloadReader(Task.make("Nothing"))(undefined), undefined)
    }))

  it.effect("are refused with all that is wrong, each with its path", () =>
    Effect.gen(function*() {
      const problem = yield* Effect.flip(payloadReader(rich)({ ...json, big: 1, nota: "x" }))
      assert.include(problem, "[\"big\"]")
      assert.include(problem, "[\"nota\"]")
      assert.include(yield* Effect.flip(payloadReader(Task.make("Nothing"))({})), "takes no payload")
    }))

  it.effect("are printed as JSON, with the reason of what failed", () =>
    Effect.gen(function*() {
      const record = recorder(rich, identity)
      assert.deepStrictEqual(yield* record({ ...ended, _tag: "Succeeded", value: new Date(json.when) }, 7), {
        index: 3,
        line: 7,
        taskId: "0.1.3",
        outcome: "Succeeded",
        value: json.when
      })
      const failed = yield* record({ ...ended, _tag: "Failed", error: new Refused({ n: 1 }) })
      assert.deepStrictEqual(failed.error, { _tag: "Refused", n: 1 })
      assert.strictEqual(failed.message, "Refused: {\"n\":1}")
      const late = yield* record({ ...ended, _tag: "TimedOut", after: 5 })
      assert.match(late.message ?? "", /did not end within 5 ms/)
    }))

  it.effect("that have no JSON say so", () =>
    Effect.gen(function*() {
      const task = Task.make("Odd", { success: Schema.Unknown })
      const recorded = yield* recorder(task, identity)({ ...ended, _tag: "Succeeded", value: () => 1 })
      assert.match(recorded.message ?? "", /cannot be shown as JSON/)
    }))

  it("are described as JSON Schema, where there is one", () => {
    assert.deepInclude(jsonSchema(rich.payload), { required: ["when", "big", "bytes"], additionalProperties: false })
    assert.isUndefined(jsonSchema(Schema.Void))
    assert.isUndefined(jsonSchema(Schema.Never))
  })

  it("are on one line while that is short", () => {
    assert.strictEqual(jsonText([1, 2]), "[1,2]")
    assert.include(jsonText(Array.from({ length: 100 }, (_, index) => index)), "\n  0,\n")
  })
})

describe("differences of libraries", () => {
  const libraryOf = (
    payload: Schema.Struct.Fields,
    options: { readonly timeout?: "1 minute"; readonly labels?: ReadonlyArray<string>; readonly version?: string } = {}
  ) => {
    const { version = "1.0.0", ...rest } = options
    return TaskLibrary.make("maths", { version }, Task.make("Factor", { payload, ...rest })).describe()
  }
  const now = libraryOf({ n: Schema.Int, deep: Schema.Struct({ a: Schema.String, b: Schema.Int }) })

  it("are none between equals", () => {
    assert.deepStrictEqual(libraryDifferences([now], [now]), [])
  })

  it("are told field by field", () => {
    const then = libraryOf({
      n: Schema.String,
      deep: Schema.Struct({ a: Schema.optionalKey(Schema.String) }),
      more: Schema.Int
    })
    assert.deepStrictEqual(
      libraryDifferences([now], [then]).map(({ isIncompatible, text }) => [isIncompatible, text]),
      [
        [true, "payload.deep.a is required here and optional there"],
        [true, "payload.deep.b is missing there"],
        [true, "payload.more is missing here"],
        [true, "payload.n is a number here and a string there"]
      ]
    )
  })

  it("of settings are compatible unless they place a task elsewhere", () => {
    const fields = { n: Schema.Int }
    const found = libraryDifferences([libraryOf(fields)], [libraryOf(fields, { timeout: "1 minute", labels: ["gpu"] })])
    assert.deepStrictEqual(found, [
      { path: "maths.Factor", text: "labels is [] here and [\"gpu\"] there", isIncompatible: true },
      { path: "maths.Factor", text: "timeout is nothing here and 60000 there", isIncompatible: false }
    ])
  })

  it("of what there is: what is new there is in nobody's way", () => {
    const other = TaskLibrary.make("other", { version: "1.0.0" }, Task.make("A")).describe()
    assert.deepStrictEqual(
      libraryDifferences([now], [other]).map(({ isIncompatible, path }) => [path, isIncompatible]),
      [
        ["maths", true],
        ["other", false]
      ]
    )
    assert.deepStrictEqual(
      libraryDifferences([now], [{ ...now, version: "2.0.0" }]).map(({ text }) => text),
      ["version is 1.0.0 here and 2.0.0 there"]
    )
  })

  it("of a schema that only a fingerprint sees are not passed over", () => {
    const task = now.tasks[0]
    assert.isDefined(task)
    const found = libraryDifferences([now], [{ ...now, tasks: [{ ...task, fingerprint: "another" }] }])
    assert.deepStrictEqual(found.map(({ text }) => text), ["the schemas differ"])
  })
})
