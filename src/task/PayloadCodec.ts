/**
 * Turns payloads into bytes and back. What comes back is what went in, or the
 * value is refused: no encoding changes a value in silence. See `BinaryCoding`
 * and `JsonCoding` for what that takes.
 *
 * @since 0.1.0
 */
import { Effect, Exit, Schema, type SchemaAST, SchemaParser } from "effect"
import { acceptsAlike, keeps, mistaken } from "./Ambiguity.ts"
import * as BinaryCoding from "./BinaryCoding.ts"
import { attempt, type Coding, type Encoded, lazily, refusal, runner } from "./Coding.ts"
import { encodeAll, type EncodedBatch, type ValueRefused } from "./EncodedBatch.ts"
import { isValue } from "./Immediate.ts"
import * as JsonCoding from "./JsonCoding.ts"
import { apart, collecting, partsOf, supplying, withParts } from "./Parts.ts"
import type { Encoding } from "./Payload.ts"
import { declarationId, some } from "./SchemaTree.ts"
import { hasSecrets, sealed, type Sealer } from "./Secret.ts"
import { hasTransfers, withoutTransfers } from "./Transfers.ts"

export type { EncodedBatch, ValueRefused } from "./EncodedBatch.ts"

/**
 * Encodes and decodes one schema. Unless the schema has asynchronous
 * transformations, every Effect here already is an `Exit`.
 */
export interface PayloadCodec<in In, out A, out RD, out RE> {
  readonly encoding: Encoding
  /**
   * Takes what the schema's constructor takes, and fills in its defaults. The
   * bytes may be a view of a larger buffer: copy what is kept for long or
   * handed to another thread.
   */
  readonly encode: (value: In) => Effect.Effect<Uint8Array, Schema.SchemaError, RE>
  /** Many values into a buffer of their own; stops at the first that is refused. */
  readonly encodeAll: (values: Iterable<In>) => Effect.Effect<EncodedBatch, ValueRefused, RE>
  /**
   * As `encode`, for who reads it in this process: large byte fields travel
   * beside the bytes (see `Parts`), and those that are `Transferable` are given away.
   */
  readonly encodeApart: (value: In) => Effect.Effect<Uint8Array, Schema.SchemaError, RE>
  /** Reads exactly these bytes: fewer, more or others are an error, never an exception. Keeps no part of them. */
  readonly decode: (bytes: Uint8Array) => Effect.Effect<A, Schema.SchemaError, RD>
  /** As `decode`, by the last who reads them: what travels beside them is not copied. */
  readonly take: (bytes: Uint8Array) => Effect.Effect<A, Schema.SchemaError, RD>
}

/** Types of codecs. */
export declare namespace PayloadCodec {
  /** The codec of a schema. */
  type Of<S extends Schema.Top> = PayloadCodec<
    S["~type.make.in"],
    S["Type"],
    S["DecodingServices"],
    S["EncodingServices"]
  >
}

const isBytes = (ast: SchemaAST.AST): boolean =>
  declarationId(ast) === "effect/schema/Uint8Array" && (ast.encoding === undefined || hasTransfers(ast))

const empty = Exit.succeed(new Uint8Array())

/** A task without a result, or without a payload, costs nothing. */
const nothing: Coding = {
  encode: () => empty,
  decode: (bytes) => bytes.length === 0 ? Exit.void : Exit.fail(refusal("Expected no bytes at all"))
}

const raw = (schema: Schema.Top): Coding => {
  if (!isBytes(schema.ast)) {
    const refused = Exit.fail(refusal("Expected Schema.Uint8Array: only bytes can be raw"))
    return { encode: () => refused, decode: () => refused }
  }
  const parse = runner(SchemaParser.decodeUnknownEffect(Schema.toType(schema)), false)
  // Both ends own their bytes, as they do with every other encoding.
  const copy = (input: unknown): Encoded =>
    Effect.mapEager(parse(input), (bytes) => new Uint8Array(bytes as Uint8Array))
  return { encode: copy, decode: copy }
}

const isAsync = ({ encoding }: SchemaAST.AST): boolean =>
  (encoding ?? []).some(({ transformation }) =>
    transformation._tag === "Middleware" || transformation.decode._tag.endsWith("Effect") ||
    transformation.encode._tag.endsWith("Effect")
  )

/** The coding of a schema whose tree may differ between encodings. */
const unsealed = (
  encoding: Exclude<Encoding, "raw">,
  asynchronous: boolean,
  tree: (encoding: Exclude<Encoding, "raw">) => SchemaAST.AST
): Coding =>
  encoding === "json"
    ? JsonCoding.make(tree("json"), asynchronous)
    : BinaryCoding.make(tree("binary"), asynchronous, lazily(() => JsonCoding.make(tree("json"), asynchronous)))

const coding = (schema: Schema.Top, encoding: Exclude<Encoding, "raw">, sealer: Sealer | undefined): Coding => {
  const ast = hasTransfers(schema.ast) ? withoutTransfers(schema.ast) : schema.ast
  const asynchronous = some(ast, isAsync)
  if (!hasSecrets(ast)) return unsealed(encoding, asynchronous, () => ast)
  return unsealed(
    encoding,
    asynchronous,
    (encoding) => sealed(ast, sealer, (inside) => unsealed(encoding, asynchronous, () => inside))
  )
}

/** Fills in constructor defaults and makes the instance of a class, for schemas that have such things. */
const constructing = (schema: Schema.Top, coding: Coding): Coding => {
  const isClass = schema.ast._tag === "Declaration" && schema.ast.encoding !== undefined
  if (!isClass && !some(schema.ast, ({ context }) => context?.constructorDefault !== undefined)) return coding
  const construct = runner((input) => schema.makeEffect(input), true)
  const isMistakable = acceptsAlike(schema.ast)
  const encodeMade = (value: unknown, made: unknown): Encoded =>
    attempt(() => isMistakable && !keeps(value, made) ? mistaken : coding.encode(made))
  const encode = (value: unknown): Encoded => Effect.flatMapEager(construct(value), (made) => encodeMade(value, made))
  return { encode, decode: coding.decode }
}

/** What reads and writes payloads with parts beside them; undefined for schemas that have none. */
const codingApart = (schema: Schema.Top, encoding: Encoding): Coding | undefined => {
  const ast = encoding === "binary" && !hasSecrets(schema.ast) ? apart(schema.ast) : undefined
  if (ast === undefined) return undefined
  const inner = hasTransfers(ast) ? withoutTransfers(ast) : ast
  if (some(inner, isAsync)) return undefined
  const json = lazily(() => JsonCoding.make(withoutTransfers(schema.ast), false))
  return constructing(schema, lazily(() => BinaryCoding.make(inner, false, json)))
}

const codingOf = (schema: Schema.Top, encoding: Encoding, sealer: Sealer | undefined): Coding => {
  if (schema.ast._tag === "Void" && schema.ast.encoding === undefined) return nothing
  if (encoding === "raw") return raw(schema)
  return lazily(() => constructing(schema, coding(schema, encoding, sealer)))
}

/** JSON, which some values are written as, has no parts. */
const isJson = (bytes: Uint8Array): boolean => bytes[0] === 0

const givenAway = Exit.fail(
  refusal("Expected bytes that are there: they were given away with an earlier task, as they are transferable")
)

const parted = (whole: Coding, apart: Coding) => {
  const reading = (isTaken: boolean) => (bytes: Uint8Array) => {
    const beside = partsOf(bytes)
    return beside === undefined ? whole.decode(bytes) : supplying(beside, isTaken, () => apart.decode(bytes))
  }
  // What is set aside is not copied: to look for what was given away costs little beside the copy of all of it.
  const encode = (value: unknown): Encoded =>
    collecting(() => apart.encode(value)).isGivenAway ? givenAway : whole.encode(value)
  return {
    encode,
    encodeAll: encodeAll(encode),
    encodeApart: (value: unknown): Encoded => {
      const { isGivenAway, result, take } = collecting(() => apart.encode(value))
      if (isGivenAway) return givenAway
      // Which values a union can tell apart depends on what its members are encoded as: what is refused here may be fine whole.
      return isValue(result) && !isJson(result.value)
        ? Exit.succeed(withParts(result.value, take()))
        : whole.encode(value)
    },
    decode: reading(false),
    take: reading(true)
  }
}

type Erased = PayloadCodec<unknown, unknown, unknown, unknown>

const unkeyed: Sealer = { seal: (bytes) => bytes, open: () => undefined }
const codecs = new WeakMap<Schema.Top, Map<Encoding, WeakMap<Sealer, Erased>>>()

/**
 * The codec of a schema, the same for the same arguments. It is made when it is
 * first used; a schema that cannot be encoded refuses every value. Without a
 * sealer, so does a schema with `Redacted` in it. `raw` takes schemas of bytes only.
 */
const make = <S extends Schema.Top>(schema: S, encoding: Encoding, sealer?: Sealer): PayloadCodec.Of<S> => {
  let byEncoding = codecs.get(schema)
  if (byEncoding === undefined) codecs.set(schema, byEncoding = new Map())
  let bySealer = byEncoding.get(encoding)
  if (bySealer === undefined) byEncoding.set(encoding, bySealer = new WeakMap())
  let codec = bySealer.get(sealer ?? unkeyed)
  if (codec === undefined) {
    const coding = codingOf(schema, encoding, sealer)
    const { encode } = coding
    const apart = codingApart(schema, encoding)
    codec = apart === undefined
      ? {
        encoding,
        encode,
        encodeAll: encodeAll(encode),
        encodeApart: encode,
        decode: coding.decode,
        take: coding.decode
      }
      : { encoding, ...parted(coding, apart) }
    bySealer.set(sealer ?? unkeyed, codec)
  }
  // It was made from this very schema, whose types the map forgets.
  return codec as PayloadCodec.Of<S>
}

/** Makes codecs. */
export const PayloadCodec = { make }
