import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Transferable from "effect/workers/Transferable"
import { partsOf } from "../../src/task/Parts.ts"
import { PayloadCodec } from "../../src/task/PayloadCodec.ts"
import { now } from "./Codecs.ts"

const Picture = Schema.Struct({
  name: Schema.String,
  pixels: Transferable.Uint8Array,
  layers: Schema.Array(Schema.Uint8Array),
  mask: Schema.optionalKey(Transferable.Uint8Array)
})
const codec = PayloadCodec.make(Picture, "binary")
type Picture = typeof Picture.Type

/** The very bytes, with what is beside them. */
const bytesOf = (encoded: Parameters<typeof now<Uint8Array, Schema.SchemaError>>[0]): Uint8Array => {
  const bytes = now(encoded)
  return bytes instanceof Uint8Array ? bytes : assert.fail(String(bytes))
}
const pictureOf = (decoded: Parameters<typeof now<Picture, Schema.SchemaError>>[0]): Picture => {
  const picture = now(decoded)
  return Schema.isSchemaError(picture) ? assert.fail(String(picture)) : picture
}
const large = (fill: number, length = 10_000) => new Uint8Array(length).fill(fill)

const Length = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9_000 }))

describe("byte fields that travel beside their payload", () => {
  it.prop(
    "come back as they went",
    [
      Schema.String,
      Length,
      Schema.Array(Length).check(Schema.isMaxLength(4)),
      Schema.UndefinedOr(Schema.Int.check(Schema.isBetween({ minimum: 4_090, maximum: 4_100 })))
    ],
    ([name, length, lengths, mask]) => {
      const make = () => ({
        name,
        pixels: large(1, length),
        layers: lengths.map((length, index) => large(index, length)),
        ...(mask !== undefined && { mask: large(9, mask) })
      })
      const bytes = bytesOf(codec.encodeApart(make()))
      assert.deepStrictEqual(pictureOf(codec.decode(bytes)), make())
      assert.deepStrictEqual(pictureOf(codec.take(bytes)), make())
    }
  )

  it("are copied, unless they are transferable: those are given away", () => {
    const picture = { name: "a", pixels: large(1), layers: [large(2)] }
    const { buffer } = picture.pixels
    const bytes = bytesOf(codec.encodeApart(picture))
    assert.isBelow(bytes.length, 100)
    assert.lengthOf(partsOf(bytes) ?? [], 2)
    assert.isTrue(buffer.detached)
    picture.layers[0]!.fill(0)
    assert.deepStrictEqual(pictureOf(codec.decode(bytes)).layers, [large(2)])
  })

  it("a part of a larger buffer is copied, and the rest stays", () => {
    const whole = large(3, 20_000)
    const bytes = bytesOf(codec.encodeApart({ name: "a", pixels: whole.subarray(0, 10_000), layers: [] }))
    assert.lengthOf(whole, 20_000)
    assert.deepStrictEqual(pictureOf(codec.take(bytes)).pixels, large(3))
  })

  it("that share a buffer are copied, whatever they are: one would leave the other without it", () => {
    const pixels = large(4)
    const bytes = bytesOf(codec.encodeApart({ name: "a", pixels, layers: [pixels.subarray(0, 5_000)], mask: pixels }))
    assert.lengthOf(pixels, 10_000)
    const { layers, mask, pixels: arrived } = pictureOf(codec.take(bytes))
    assert.deepStrictEqual([arrived, mask, layers[0]], [large(4), large(4), large(4, 5_000)])
  })

  it("that were given away before are refused, not sent empty", () => {
    const picture = { name: "a", pixels: large(1), layers: [] }
    bytesOf(codec.encodeApart(picture))
    assert.throws(() => bytesOf(codec.encodeApart(picture)), /given away with an earlier task/)
    assert.throws(() => bytesOf(codec.encode(picture)), /given away with an earlier task/)
  })

  it("of a Buffer are copied too", () => {
    const buffer = Buffer.from(large(5))
    const bytes = bytesOf(codec.encodeApart({ name: "a", pixels: large(1), layers: [buffer] }))
    buffer.fill(0)
    const taken = pictureOf(codec.decode(bytes)).layers[0]
    taken?.fill(7)
    assert.deepStrictEqual(new Uint8Array(pictureOf(codec.take(bytes)).layers[0] ?? []), large(5))
  })

  it("are handed to who takes them, and copied for everybody else", () => {
    const bytes = bytesOf(codec.encodeApart({ name: "a", pixels: large(1), layers: [] }))
    pictureOf(codec.decode(bytes)).pixels.fill(7)
    const taken = pictureOf(codec.take(bytes)).pixels
    assert.deepStrictEqual(taken, large(1))
    assert.strictEqual(taken, partsOf(bytes)?.[0])
  })

  it("stay where they are if the value is refused, or written as JSON", () => {
    const pixels = large(1)
    assert.throws(() => bytesOf(codec.encodeApart({ name: 1 as never, pixels, layers: [] })))
    const bytes = bytesOf(codec.encodeApart({ name: "\ud800", pixels, layers: [] }))
    assert.isUndefined(partsOf(bytes))
    assert.lengthOf(pixels, 10_000)
    assert.deepStrictEqual(pictureOf(codec.take(bytes)), { name: "\ud800", pixels, layers: [] })
  })

  it("are not looked for where they are not", () => {
    const plain = PayloadCodec.make(Schema.Struct({ n: Schema.Int }), "binary")
    assert.strictEqual(plain.encodeApart, plain.encode)
    assert.strictEqual(plain.take, plain.decode)
  })
})
