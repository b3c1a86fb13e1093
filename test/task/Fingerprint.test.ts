import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { difference, fingerprint, schemaFingerprint } from "../../src/task/Fingerprint.ts"
import { shapeOf } from "../../src/task/SchemaShape.ts"
import * as TaskDefinition from "../../src/task/TaskDefinition.ts"
import { Recipe, sample } from "./Samples.ts"

class Busy extends Schema.TaggedError<Busy>()("Busy", { n: Schema.Int }) {}

/** Each differs from the others in what the wire or a validation sees. */
const distinct: ReadonlyArray<Schema.Top> = [
  Schema.String,
  Schema.Number,
  Schema.Int,
  Schema.Int.check(Schema.isGreaterThan(1)),
  Schema.Int.check(Schema.isGreaterThan(2)),
  Schema.Int.check(Schema.makeFilter((n) => n > 1, { expected: "more" })),
  Schema.NumberFromString,
  Schema.NumberFromString.check(Schema.isGreaterThan(1)),
  Schema.Literal("a"),
  Schema.Literal("b"),
  Schema.Literal(1n),
  Schema.Literal("1n"),
  Schema.Struct({}),
  Schema.Struct({ a: Schema.String }),
  Schema.Struct({ b: Schema.String }),
  Schema.Struct({ a: Schema.optionalKey(Schema.String) }),
  Schema.Struct({ a: Schema.optional(Schema.String) }),
  Schema.Struct({ a: Schema.String, b: Schema.String }),
  Schema.Struct({ a: Schema.Struct({ b: Schema.String }) }),
  Schema.Struct({ ["__proto__"]: Schema.String }),
  Schema.Record(Schema.String, Schema.String),
  Schema.Array(Schema.String),
  Schema.NonEmptyArray(Schema.String),
  Schema.Tuple([Schema.String]),
  Schema.Union([Schema.String, Schema.Int]),
  Schema.Union([Schema.Int, Schema.String]),
  Schema.NullOr(Schema.String),
  Schema.Option(Schema.String),
  Schema.Redacted(Schema.String),
  Schema.Date,
  Schema.DateFromString,
  Schema.Uint8Array,
  Busy,
  Schema.TaggedStruct("Other", { n: Schema.Int })
]

it("differs for all that the wire or a validation sees", () => {
  const fingerprints = distinct.map(schemaFingerprint)
  assert.strictEqual(new Set(fingerprints).size, distinct.length)
  for (const fingerprint of fingerprints) assert.match(fingerprint, /^[0-9a-f]{32}$/)
})

it.prop("is the same for what was written the same", [Recipe], ([recipe]) => {
  assert.strictEqual(schemaFingerprint(sample(recipe).schema), schemaFingerprint(sample(recipe).schema))
  assert.isUndefined(difference(shapeOf(sample(recipe).schema), shapeOf(sample(recipe).schema), "payload"))
})

it("sees neither the order of fields, nor names, nor what is said about a schema", () => {
  const fields = { a: Schema.String, b: Schema.optionalKey(Schema.Int) }
  const described = Schema.Struct({ b: fields.b, a: Schema.String.annotate({ description: "the first" }) })
  assert.strictEqual(schemaFingerprint(described), schemaFingerprint(Schema.Struct(fields)))
  class One extends Schema.Class<One>("One")(fields) {}
  class Two extends Schema.Class<Two>("Two")(fields) {}
  assert.strictEqual(schemaFingerprint(One), schemaFingerprint(Two))
})

it("is the same in every process", () => {
  const task = TaskDefinition.make("Factor", {
    payload: { n: Schema.Int },
    success: Schema.Array(Schema.Int),
    error: Busy
  })
  assert.strictEqual(fingerprint(task), "40987156c4088efa68c3538182facfe3")
})

it("covers each schema of a task, and nothing else", () => {
  const options = { payload: { n: Schema.Int }, success: Schema.String, error: Busy, progress: Schema.Number } as const
  const of = (changes: object) => fingerprint(TaskDefinition.make("T", { ...options, ...changes }))
  const all = [{}, { payload: {} }, { success: Schema.Int }, { error: Schema.Never }, { progress: Schema.Int }]
  assert.strictEqual(new Set(all.map(of)).size, all.length)
  assert.strictEqual(of({ priority: 3, timeout: "1 second" }), of({}))
})

describe("difference", () => {
  const say = (here: Schema.Top, there: Schema.Top) => difference(shapeOf(here), shapeOf(there), "payload")

  it("says where and how", () => {
    const nested = (n: Schema.Top) => Schema.Struct({ a: Schema.Array(Schema.Struct({ n })) })
    assert.strictEqual(
      say(nested(Schema.Int), nested(Schema.String)),
      "payload.a (member).n is a number here and a string there"
    )
    assert.strictEqual(
      say(Schema.Struct({ a: Schema.Int }), Schema.Struct({ a: Schema.Int, b: Schema.Int })),
      "payload.b is missing here"
    )
    assert.strictEqual(
      say(Schema.Struct({ a: Schema.Int }), Schema.Struct({ a: Schema.optionalKey(Schema.Int) })),
      "payload.a is required here and optional there"
    )
    assert.strictEqual(say(Schema.Literal("a"), Schema.Literal("b")), `payload is a literal ["a"] here and ["b"] there`)
    assert.include(say(Schema.Int, Schema.Number), "isInt")
  })

  it("finds something wherever fingerprints differ", () => {
    for (const [index, here] of distinct.entries()) {
      for (const there of distinct.slice(index + 1)) assert.isString(say(here, there))
      assert.isUndefined(say(here, here))
    }
  })
})
