/**
 * Values as JSON text in UTF-8. What Effect's JSON codec would change in
 * silence is written otherwise (-0), or refused: a value that reads back as
 * another, because members of a union look alike in JSON.
 *
 * @since 0.1.0
 */
import { Effect, Exit, Schema, SchemaAST } from "effect"
import { acceptsAlike, looksAlike, mistaken, verified } from "./Ambiguity.ts"
import { attempt, type Coding, parsers } from "./Coding.ts"
import { read, toUtf8, write, writeStrictly } from "./JsonText.ts"
import { some } from "./SchemaTree.ts"

/** The JSON coding of a schema's tree. Throws where it has none. */
export const make = (ast: SchemaAST.AST, isAsync: boolean): Coding => {
  const codec = Schema.toCodecJson(Schema.make<Schema.Top>(ast))
  const parse = parsers(codec, isAsync)
  // `Schema.Any` lets everything through.
  const text = some(codec.ast, SchemaAST.isAny) ? writeStrictly : write
  const plain: Coding = {
    encode: (value) =>
      Effect.flatMapEager(parse.encode(value), (json) => attempt(() => Exit.succeed(toUtf8(text(json))))),
    decode: (bytes) => attempt(() => parse.decode(read(bytes)))
  }
  return looksAlike(codec.ast) || acceptsAlike(ast) ? verified(plain, () => mistaken) : plain
}
