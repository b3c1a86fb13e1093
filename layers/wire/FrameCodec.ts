/**
 * Writes and reads the frames of sessions, in either encoding.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import * as SchemaBinary from "effect/encoding/SchemaBinary"
import * as SchemaJITCompiler from "effect/schema/SchemaJITCompiler"
import { DownFrame, UpFrame } from "../../src/protocol/session/Frame.ts"

/** One end's. */
export interface FrameCodec<in Out, out In> {
  readonly encode: (frame: Out) => Uint8Array
  /** Throws for what is no frame. */
  readonly decode: (body: Uint8Array) => In
}

/** Those of both encodings. */
export interface Codecs<in Out, out In> {
  readonly binary: FrameCodec<Out, In>
  /** `decode` takes what was parsed already. */
  readonly ndjson: { readonly encode: (frame: Out) => Uint8Array; readonly decode: (value: unknown) => In }
}

const writer = new TextEncoder()

const codecs = <Out, In>(
  out: Schema.Codec<Out, unknown>,
  into: Schema.Codec<In, unknown>
): Codecs<Out, In> => {
  const binaryOut = SchemaBinary.toCodec(out)
  const binaryIn = SchemaBinary.toCodec(into)
  for (const { ast } of [binaryOut, binaryIn]) SchemaJITCompiler.enable(ast)
  const encodeBinary = Schema.encodeUnknownSync(binaryOut)
  const decodeBinary = Schema.decodeUnknownSync(binaryIn)
  const encodeJson = Schema.encodeUnknownSync(Schema.toCodecJson(out))
  const decodeJson = Schema.decodeUnknownSync(Schema.toCodecJson(into))
  return {
    binary: {
      // What SchemaBinary encodes to is bytes.
      encode: (frame) => encodeBinary(frame) as Uint8Array,
      decode: (body) => decodeBinary(body)
    },
    ndjson: {
      encode: (frame) => writer.encode(JSON.stringify(encodeJson(frame))),
      decode: decodeJson
    }
  }
}

let listening: Codecs<DownFrame, UpFrame> | undefined
let connecting: Codecs<UpFrame, DownFrame> | undefined

/** A listener's. */
export const listener = (): Codecs<DownFrame, UpFrame> => listening ??= codecs(DownFrame, UpFrame)

/** A peer's. */
export const peer = (): Codecs<UpFrame, DownFrame> => connecting ??= codecs(UpFrame, DownFrame)
