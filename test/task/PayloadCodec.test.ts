import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Schema, SchemaGetter } from "effect"
import { ValueRefused } from "../../src/task/EncodedBatch.ts"
import { PayloadCodec } from "../../src/task/PayloadCodec.ts"
import { bytesOf, now, refusalOf, sealer } from "./Codecs.ts"
import { exactly, picker, Picks, Recipe, sample } from "./Samples.ts"

class Offset extends Context.Service<Offset, number>()("test/Offset") {}

const encodings = ["binary", "json"] as const
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const many = { arbitrary: { runs: 300, size: 20 } }

describe.each(encodings)("%s", (encoding) => {
  it.prop("gives back exactly what it was given, or refuses it", [Recipe, Picks], ([recipe, picks]) => {
    const { isPlain, schema, value: make } = sample(recipe)
    const value = make(picker(picks))
    const codec = PayloadCodec.make(schema, encoding, sealer)
    const encoded = now(codec.encode(value))
    if (Schema.isSchemaError(encoded)) return assert.isFalse(isPlain, encoded.message)
    const decoded = now(codec.decode(encoded.slice()))
    assert.isTrue(exactly(value, decoded), Schema.isSchemaError(decoded) ? decoded.message : "another value")
    const apart = now(codec.encodeApart(value))
    assert.isFalse(Schema.isSchemaError(apart) || !exactly(value, now(codec.take(apart))), "another value apart")
  }, many)

  it.prop("refuses what is cut short or too long, and survives what is damaged", [
    Recipe,
    Picks,
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 99_999 }))
  ], ([recipe, picks, at]) => {
    const { schema, value: make } = sample(recipe)
    const codec = PayloadCodec.make(Schema.Struct({ of: schema }), encoding, sealer)
    const encoded = now(codec.encode({ of: make(picker(picks)) }))
    if (Schema.isSchemaError(encoded)) return
    const bytes = encoded.slice()
    refusalOf(codec.decode(bytes.subarray(0, at % bytes.length)))
    refusalOf(codec.decode(Uint8Array.of(...bytes, 125)))
    bytes[at % bytes.length]! ^= 1 << (at % 8)
    assert.isTrue(Exit.isExit(codec.decode(bytes)))
  }, many)

  it.prop("survives any bytes", [Recipe, Schema.Uint8Array], ([recipe, bytes]) => {
    const codec = PayloadCodec.make(sample(recipe).schema, encoding, sealer)
    assert.isTrue(Exit.isExit(codec.decode(bytes)))
    assert.isTrue(Exit.isExit(codec.decode(Uint8Array.of(0, ...bytes))))
  }, many)

  it("says where a value is wrong, and what was expected", () => {
    const codec = PayloadCodec.make(Schema.Struct({ a: Schema.Array(Schema.Struct({ n: Schema.Int })) }), encoding)
    const message = refusalOf(codec.encode({ a: [{ n: 1 }, { n: 1.5 }] }))
    assert.include(message, "Expected an integer")
    assert.include(message, `["a"][1]["n"]`)
  })

  it("costs nothing for void", () => {
    const codec = PayloadCodec.make(Schema.Void, encoding)
    assert.lengthOf(bytesOf(codec.encode()), 0)
    assert.isUndefined(now(codec.decode(new Uint8Array())))
    assert.include(refusalOf(codec.decode(Uint8Array.of(1))), "no bytes")
  })

  it("puts a batch in one buffer, like the values one by one", () => {
    const codec = PayloadCodec.make(Schema.Struct({ s: Schema.String }), encoding)
    const values = Array.from({ length: 300 }, (_, index) => ({ s: "é".repeat(index % 40) }))
    const batch = now(codec.encodeAll(values))
    if (batch instanceof ValueRefused) return assert.fail(batch.message)
    assert.strictEqual(batch.offsets.length, 301)
    assert.strictEqual(batch.bytes.length, batch.offsets.at(-1))
    assert.strictEqual(batch.bytes.buffer.byteLength, batch.bytes.length)
    for (const [index, value] of values.entries()) {
      const bytes = batch.bytes.subarray(batch.offsets[index], batch.offsets[index + 1])
      assert.deepStrictEqual(bytes.slice(), bytesOf(codec.encode(value)))
    }
    assert.deepStrictEqual(now(codec.encodeAll([])), { bytes: new Uint8Array(), offsets: Uint32Array.of(0) })
  })

  it("stops a batch at the first value that is refused", () => {
    const codec = PayloadCodec.make(Schema.Int, encoding)
    let taken = 0
    const error = now(codec.encodeAll([1, 2, 0.5, 4].values().map((n) => (taken++, n))))
    assert.isTrue(error instanceof ValueRefused && error.index === 2)
    assert.strictEqual(taken, 3)
  })

  it("makes the instance of a class, and fills in defaults", () => {
    class Point extends Schema.Class<Point>("Point")({
      x: Schema.Int,
      y: Schema.Int.pipe(Schema.withConstructorDefault(Effect.succeed(7)))
    }) {}
    const codec = PayloadCodec.make(Point, encoding)
    const point = new Point({ x: 1, y: 7 })
    assert.deepStrictEqual(bytesOf(codec.encode({ x: 1 })), bytesOf(codec.encode(point)))
    assert.deepStrictEqual(now(codec.decode(bytesOf(codec.encode({ x: 1 })))), point)
    refusalOf(codec.encode({ x: 0.5 }))
  })

  it.effect("runs schemas that are asynchronous or need services", () =>
    Effect.gen(function*() {
      const Shifted = Schema.Int.pipe(Schema.decodeTo(Schema.Int, {
        decode: SchemaGetter.transformEffect((n: number) => Effect.map(Effect.yieldNow, () => n)),
        encode: SchemaGetter.transformEffect((n: number) => Effect.map(Offset, (offset) => n + offset))
      }))
      const codec = PayloadCodec.make(Schema.Struct({ n: Shifted }), encoding)
      const bytes = yield* codec.encode({ n: 1 })
      assert.deepStrictEqual(yield* codec.decode(bytes.slice()), { n: 42 })
      const { offsets } = yield* codec.encodeAll([{ n: 1 }, { n: 2 }])
      assert.lengthOf(offsets, 3)
      const error = yield* Effect.flip(codec.encodeAll([{ n: 1 }, { n: 0.5 }]))
      assert.strictEqual(error.index, 1)
    }).pipe(Effect.provideService(Offset, 41)))

  it("makes a codec once, and none for a schema that has none", () => {
    const schema = Schema.Struct({ f: Schema.instanceOf(WeakMap) })
    assert.strictEqual(PayloadCodec.make(schema, encoding), PayloadCodec.make(schema, encoding))
    refusalOf(PayloadCodec.make(schema, encoding).encode({ f: new WeakMap() }))
    const symbols = PayloadCodec.make(Schema.Struct({ [Symbol.for("a")]: Schema.String }), encoding)
    assert.include(refusalOf(symbols.encode({ [Symbol.for("a")]: "" })), "no encoding")
  })

  it("refuses circles and what is too deep", () => {
    interface Tree {
      readonly of: ReadonlyArray<Tree>
    }
    const Tree: Schema.Codec<Tree> = Schema.Struct({ of: Schema.Array(Schema.suspend(() => Tree)) })
    const codec = PayloadCodec.make(Tree, encoding)
    const circle: { of: Array<Tree> } = { of: [] }
    circle.of.push(circle)
    refusalOf(codec.encode(circle))
    refusalOf(codec.decode(utf8(`${"{\"of\":[".repeat(50_000)}${"]}".repeat(50_000)}`)))
    refusalOf(codec.decode(utf8(`\0${"[".repeat(100_000)}${"]".repeat(100_000)}`)))
  })
})

it("json is plain JSON, with a form for every number", () => {
  const codec = PayloadCodec.make(Schema.Array(Schema.Union([Schema.Number, Schema.BigInt])), "json")
  assert.strictEqual(text(bytesOf(codec.encode([-0, 0, NaN, 1e21]))), `[-0,0,"NaN",1e+21]`)
  const strings = PayloadCodec.make(Schema.Array(Schema.String), "json")
  assert.strictEqual(text(bytesOf(strings.encode(["\ud800", "0,0", "é"]))), `["\\ud800","0,0","é"]`)
})

it("json refuses a value that it would read as another", () => {
  const either = PayloadCodec.make(Schema.Union([Schema.Number, Schema.String]), "json")
  assert.strictEqual(now(either.decode(bytesOf(either.encode("a")))), "a")
  assert.include(refusalOf(either.encode("NaN")), "can tell")
  const nullish = PayloadCodec.make(Schema.NullishOr(Schema.Int), "json")
  assert.isNull(now(nullish.decode(bytesOf(nullish.encode(null)))))
  assert.include(refusalOf(nullish.encode(undefined)), "can tell")
})

it("binary falls back to JSON where it would change a string", () => {
  const codec = PayloadCodec.make(Schema.String, "binary")
  assert.strictEqual(text(bytesOf(codec.encode("a\ud800"))), `\0"a\\ud800"`)
  assert.notStrictEqual(bytesOf(codec.encode("a\ufffd"))[0], 0)
})

it("raw copies bytes, and takes no other schema's values", () => {
  const codec = PayloadCodec.make(Schema.Uint8Array, "raw")
  const bytes = Uint8Array.of(1, 2)
  const encoded = bytesOf(codec.encode(bytes))
  bytes[0] = 9
  assert.deepStrictEqual(encoded, Uint8Array.of(1, 2))
  assert.deepStrictEqual(now(codec.decode(encoded)), Uint8Array.of(1, 2))
  refusalOf(PayloadCodec.make(Schema.String, "raw").encode("a"))
})
