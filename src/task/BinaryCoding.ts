/**
 * Values as `SchemaBinary` frames. A first byte 0, which no frame has, says
 * that JSON follows: for strings with a lone surrogate, which UTF-8 lacks, and
 * for schemas without a binary layout, such as unions whose members only their
 * fields tell apart.
 *
 * @since 0.1.0
 */
import { Effect, Equal, Exit, Schema, SchemaAST, SchemaTransformation } from "effect"
import * as SchemaBinary from "effect/encoding/SchemaBinary"
import { acceptsAlike, isSame, looksAlike, verified } from "./Ambiguity.ts"
import { attempt, type Coding, type Encoded, exitOf, parsers, refusal } from "./Coding.ts"
import { writeStrictly } from "./JsonText.ts"
import { declarationId, encodedAs, isSelfContained, rewrite, some, withoutContext } from "./SchemaTree.ts"

/** The binary coding of a schema's tree; `json` is the coding of the same schema to fall back to. */
export const make = (ast: SchemaAST.AST, isAsync: boolean, json: Coding): Coding => {
  const escaped = (value: unknown): Encoded => Effect.mapEager(json.encode(value), escape)
  const unescaped = (bytes: Uint8Array) => json.decode(bytes.subarray(1))
  const frames = framesOf(rewrite(ast, asText), isAsync, escaped)
  if (frames === undefined) {
    const other = Exit.fail(refusal("Expected JSON behind a first byte 0: the schema has no binary layout"))
    return { encode: escaped, decode: (bytes) => bytes[0] === 0 ? unescaped(bytes) : other }
  }
  const decode = (bytes: Uint8Array) => bytes[0] === 0 ? unescaped(bytes) : frames.decode(bytes)
  if (!some(ast, mayHaveText)) return { encode: frames.encode, decode }
  const checked = (value: unknown, bytes: Uint8Array): Encoded =>
    Effect.flatMapEager(
      frames.decode(bytes),
      (copy) => attempt(() => isSame(value, copy) ? Exit.succeed(bytes) : compared(value, copy, bytes))
    )
  /** Compares what cannot be compared itself as JSON, which has a form for every string. */
  const compared = (value: unknown, copy: unknown, bytes: Uint8Array): Encoded =>
    Effect.flatMapEager(
      escaped(value),
      (text) => Effect.mapEager(escaped(copy), (again) => Equal.equals(text, again) ? bytes : text)
    )
  return {
    encode: (value) => {
      const result = frames.encode(value)
      const exit = exitOf(result)
      if (exit !== undefined) {
        return exit._tag === "Success" && hasReplacement(exit.value) ? checked(value, exit.value) : exit
      }
      return Effect.flatMap(result, (bytes) => hasReplacement(bytes) ? checked(value, bytes) : Effect.succeed(bytes))
    },
    decode
  }
}

/** Whether a node may put strings into the bytes that are not known before. */
const mayHaveText = (ast: SchemaAST.AST): boolean => {
  switch (ast._tag) {
    case "Declaration":
      return !isSelfContained(ast)
    case "Literal":
      return typeof ast.literal === "string" && !ast.literal.isWellFormed()
    case "Any":
    case "Enum":
    case "ObjectKeyword":
    case "String":
    case "Symbol":
    case "TemplateLiteral":
    case "UniqueSymbol":
    case "Unknown":
      return true
    default:
      return false
  }
}

const framesOf = (
  ast: SchemaAST.AST,
  isAsync: boolean,
  otherwise: (value: unknown) => Encoded
): Coding | undefined => {
  try {
    const parse = parsers(SchemaBinary.toCodec(Schema.make<Schema.Top>(ast)), isAsync)
    // What SchemaBinary encodes to is bytes.
    const coding: Coding = { encode: parse.encode as Coding["encode"], decode: parse.decode }
    return acceptsAlike(ast) || looksAlike(ast) ? verified(coding, otherwise) : coding
  } catch {
    return undefined
  }
}

const escape = (json: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(json.length + 1)
  bytes.set(json, 1)
  return bytes
}

/** Whether the bytes hold U+FFFD, or happen to look like it: what became of a lone surrogate, unless it was there. */
const hasReplacement = (bytes: Uint8Array): boolean => {
  let at = bytes.indexOf(0xEF)
  while (at !== -1) {
    if (bytes[at + 1] === 0xBF && bytes[at + 2] === 0xBD) return true
    at = bytes.indexOf(0xEF, at + 1)
  }
  return false
}

const jsonText = SchemaTransformation.transformEffect<unknown, string, never, never>({
  decode: (text) => issued(() => Exit.succeed(JSON.parse(text) as unknown)),
  encode: (value) => issued(() => Exit.succeed(writeStrictly(value)))
})

const issued = <A>(run: () => Exit.Exit<A>) => Effect.mapErrorEager(attempt(run), ({ issue }) => issue)

/** SchemaBinary writes JSON where a schema knows nothing of its values, and would lose -0, NaN and more there. */
const asText = (ast: SchemaAST.AST): SchemaAST.AST | undefined => {
  const id = declarationId(ast)
  const isJson = SchemaAST.isUnknown(ast) || SchemaAST.isAny(ast) || SchemaAST.isObjectKeyword(ast) ||
    id === "effect/schema/Json" || id === "effect/schema/MutableJson"
  return isJson && ast.encoding === undefined
    ? encodedAs(Schema.String.ast, withoutContext(ast), jsonText, ast.context)
    : undefined
}
