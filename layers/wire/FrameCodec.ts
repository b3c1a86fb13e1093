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
  let binary: Codecs<Out, In>["binary"] | undefined
  let ndjson: Codecs<Out, In>["ndjson"] | undefined
  // Each is made with its first frame: few processes have both.
  return {
    get binary() {
      return binary ??= binaryOf(out, into)
    },
    get ndjson() {
      return ndjson ??= ndjsonOf(out, into)
    }
  }
}

const binaryOf = <Out, In>(out: Schema.Codec<Out, unknown>, into: Schema.Codec<In, unknown>): FrameCodec<Out, In> => {
  const binaryOut = SchemaBinary.toCodec(out)
  const binaryIn = SchemaBinary.toCodec(into)
  for (const { ast } of [binaryOut, binaryIn]) SchemaJITCompiler.enable(ast)
  const encode = Schema.encodeUnknownSync(binaryOut)
  return {
    // What SchemaBinary encodes to is bytes.
    encode: (frame) => encode(frame) as Uint8Array,
    decode: Schema.decodeUnknownSync(binaryIn)
  }
}

const ndjsonOf = <Out, In>(
  out: Schema.Codec<Out, unknown>,
  into: Schema.Codec<In, unknown>
): Codecs<Out, In>["ndjson"] => {
  const encode = Schema.encodeUnknownSync(Schema.toCodecJson(out))
  return {
    encode: (frame) => writer.encode(JSON.stringify(encode(frame))),
    decode: Schema.decodeUnknownSync(Schema.toCodecJson(into))
  }
}

let listening: Codecs<DownFrame, UpFrame> | undefined
let connecting: Codecs<UpFrame, DownFrame> | undefined

/** A listener's. */
export const listener = (): Codecs<DownFrame, UpFrame> => listening ??= codecs(DownFrame, UpFrame)

/** A peer's. */
export const peer = (): Codecs<UpFrame, DownFrame> => connecting ??= codecs(UpFrame, DownFrame)
