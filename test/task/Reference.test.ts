import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { PayloadCodec } from "../../src/task/PayloadCodec.ts"
import { isRef, ref } from "../../src/task/Ref.ts"
import * as Reference from "../../src/task/Reference.ts"
import { encodeSplit, mismatch, restSchema, splitRefs } from "../../src/task/Reference.ts"
import { bytesOf, refusalOf, sealer } from "./Codecs.ts"

const Scene = Schema.Struct({ name: Schema.String, size: Schema.Int })
const refTo = (success: Schema.Top) => ref({ taskId: "0.1.2", taskName: "Build", success, encoding: "binary" })
const Render = Schema.Struct({
  scene: Scene,
  quality: Schema.Int,
  light: Schema.optional(Schema.Number),
  shade: Schema.optionalKey(Schema.String)
})

// None of these schemas needs a service.
const decodeWith = Reference.decodeWith as (
  ...args: Parameters<typeof Reference.decodeWith>
) => Effect.Effect<unknown, Schema.SchemaError>
const bytesOfRest = (...args: Parameters<typeof encodeSplit>) => bytesOf(encodeSplit(...args))
const encodings = ["binary", "json"] as const

it("takes references out of a payload's top level", () => {
  const [scene, light] = [refTo(Scene), refTo(Schema.Number)]
  const { fields, rest } = splitRefs({ scene, quality: 3, light })
  assert.deepStrictEqual(fields, [{ field: "scene", ref: scene }, { field: "light", ref: light }])
  assert.deepStrictEqual(rest, { value: { quality: 3 }, without: ["scene", "light"] })
  for (const payload of [undefined, 3, { quality: 3, nested: { scene } }, [scene]]) {
    if (!Array.isArray(payload)) {
      assert.deepStrictEqual(splitRefs(payload), { rest: { value: payload, without: [] }, fields: [] })
    }
  }
})

it("takes no data for a reference", () => {
  assert.isTrue(isRef(refTo(Scene)))
  assert.isFalse(isRef(JSON.parse(JSON.stringify(refTo(Scene)))))
})

describe.each(encodings)("%s", (encoding) => {
  const result = (field: string, schema: Schema.Codec<unknown>, value: unknown, encoding: "binary" | "json") => ({
    field,
    payload: { encoding, bytes: bytesOf(PayloadCodec.make(schema, encoding, sealer).encode(value)) }
  })

  it.effect("puts a payload together again, each part in its own encoding", () =>
    Effect.gen(function*() {
      const scene = { name: "x", size: 2 }
      const { rest } = splitRefs({ scene: refTo(Scene), quality: 3, light: refTo(Schema.Number) })
      const bytes = bytesOfRest(Render, encoding, sealer, rest)
      const results = [result("scene", Scene, scene, "json"), result("light", Schema.Number, -0, "binary")]
      assert.deepStrictEqual(
        yield* decodeWith(Render, encoding, sealer, bytes, results),
        { scene, quality: 3, light: -0 }
      )
    }))

  it.effect("runs the checks of the whole, and makes the instance of a class", () =>
    Effect.gen(function*() {
      class Pair extends Schema.Class<Pair>("Pair")(
        Schema.Struct({ a: Schema.Int, b: Schema.Int }).check(
          Schema.makeFilter(({ a, b }) => a < b, { expected: "a < b" })
        )
      ) {}
      const bytes = bytesOfRest(Pair, encoding, sealer, splitRefs({ a: refTo(Schema.Int), b: 5 }).rest)
      const made = yield* decodeWith(Pair, encoding, sealer, bytes, [result("a", Schema.Int, 1, encoding)])
      assert.deepStrictEqual(made, new Pair({ a: 1, b: 5 }))
      const error = yield* Effect.flip(
        decodeWith(Pair, encoding, sealer, bytes, [result("a", Schema.Int, 9, encoding)])
      )
      assert.include(error.message, "a < b")
    }))

  it.effect("says which field cannot be read", () =>
    Effect.gen(function*() {
      const bytes = bytesOfRest(Render, encoding, sealer, { value: { quality: 3 }, without: ["scene"] })
      const results = [{ field: "scene", payload: { encoding, bytes: Uint8Array.of(1, 2, 3) } }]
      const error = yield* Effect.flip(decodeWith(Render, encoding, sealer, bytes, results))
      assert.include(error.message, "scene")
      const unknown = [results[0]!, { field: "no", payload: { encoding, bytes } }]
      assert.isTrue(Schema.isSchemaError(yield* Effect.flip(decodeWith(Render, encoding, sealer, bytes, unknown))))
    }))

  it("refuses a rest that lacks a field", () => {
    assert.include(refusalOf(encodeSplit(Render, encoding, sealer, { value: {}, without: ["scene"] })), "quality")
  })
})

it("has one schema for one rest", () => {
  assert.strictEqual(restSchema(Render, ["scene", "light"]), restSchema(Render, ["light", "scene"]))
  assert.notStrictEqual(restSchema(Render, ["scene"]), restSchema(Render, ["light"]))
})

it("lets a reference only stand where its result fits", () => {
  const reason = (field: string, success: Schema.Top) =>
    mismatch("Render", Render, { field, ref: refTo(success) })?.message
  assert.isUndefined(reason("scene", Schema.Struct({ size: Schema.Int, name: Schema.String })))
  assert.isUndefined(reason("light", Schema.Number))
  assert.isUndefined(reason("shade", Schema.String))
  assert.strictEqual(
    reason("scene", Schema.Struct({ size: Schema.String, name: Schema.String })),
    "Field scene of task Render cannot be the result of task Build: scene.size is a number here and a string there"
  )
  assert.include(reason("none", Scene), "no such field")
})
