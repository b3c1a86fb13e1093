import { assert, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Transferable from "effect/workers/Transferable"
import { PayloadCodec } from "../../src/task/PayloadCodec.ts"
import { bytesOf, now, refusalOf } from "./Codecs.ts"

const Frame = Schema.Struct({
  pixels: Transferable.Uint8Array,
  layers: Schema.Array(Transferable.Uint8Array),
  copied: Schema.Uint8Array,
  mask: Schema.optionalKey(Transferable.Uint8Array)
})
const frame = { pixels: Uint8Array.of(1), layers: [Uint8Array.of(2), Uint8Array.of(3)], copied: Uint8Array.of(4) }

it.each(["binary", "json"] as const)("are bytes in %s", (encoding) => {
  const codec = PayloadCodec.make(Frame, encoding)
  assert.deepStrictEqual(now(codec.decode(bytesOf(codec.encode(frame)))), frame)
  refusalOf(codec.encode({ ...frame, pixels: "no" as never }))
})

it("refuses to encode what can only move", () => {
  const { port1, port2 } = new MessageChannel()
  const codec = PayloadCodec.make(Schema.Struct({ port: Transferable.MessagePort }), "binary")
  assert.include(refusalOf(codec.encode({ port: port1 as never })), `["port"]`)
  for (const port of [port1, port2]) port.close()
})
