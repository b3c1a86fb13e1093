/**
 * Seals what is `Redacted`: in the encoded bytes it is a ciphertext, which
 * whoever only forwards them cannot read. The cipher is given; there is none
 * here.
 *
 * @since 0.1.0
 */
import { Effect, Schema, SchemaAST, SchemaIssue, SchemaTransformation } from "effect"
import { declarationId, encodedAs, inContext, rewrite, some, withoutContext } from "./SchemaTree.ts"

/** Seals bytes and opens them again. `open` answers undefined for what was not sealed with this key. */
export interface Sealer {
  readonly seal: (bytes: Uint8Array) => Uint8Array
  readonly open: (bytes: Uint8Array) => Uint8Array | undefined
}

/** How the inside of a secret becomes bytes. */
export interface Inside {
  readonly encode: (value: unknown) => Effect.Effect<Uint8Array, unknown, unknown>
  readonly decode: (bytes: Uint8Array) => Effect.Effect<unknown, unknown, unknown>
}

const isRedacted = (ast: SchemaAST.AST): boolean => declarationId(ast) === "effect/schema/Redacted"

/** Whether a value passes through `Redacted` at any step of this node's encoding. */
const isSecret = (ast: SchemaAST.AST): boolean => isRedacted(ast) || (ast.encoding ?? []).some(({ to }) => isSecret(to))

/** Whether anything in the schema is `Redacted`. */
export const hasSecrets = (ast: SchemaAST.AST): boolean => some(ast, isRedacted)

/** The schema with every secret as a `Redacted` of anything: what is left to see of it without the code. */
export const masked = (root: SchemaAST.AST): SchemaAST.AST =>
  rewrite(root, (ast) => isSecret(ast) ? inContext(Schema.Redacted(Schema.Unknown).ast, ast.context) : undefined)

const refuse = (message: string): Effect.Effect<never, SchemaIssue.Issue> =>
  Effect.fail(new SchemaIssue.InvalidValue({ message }))

/**
 * The schema with every secret encoded as sealed bytes. Neither the content of
 * a secret nor what is wrong inside it is ever part of an error.
 */
export const sealed = (
  root: SchemaAST.AST,
  sealer: Sealer | undefined,
  inside: (ast: SchemaAST.AST) => Inside
): SchemaAST.AST =>
  rewrite(root, (ast) => {
    if (!isSecret(ast)) return undefined
    const plain = withoutContext(ast)
    let codec: Inside | undefined
    const content = (): Inside => codec ??= inside(withoutContext(SchemaAST.toEncoded(plain)))
    const transformation = SchemaTransformation.transformEffect<unknown, Uint8Array, unknown, unknown>({
      decode: (bytes) => {
        if (sealer === undefined) return refuse("Expected a key to open a secret with")
        const opened = sealer.open(bytes)
        if (opened === undefined) return refuse("Expected a secret that was sealed with the same key")
        return Effect.catchEager(content().decode(opened), () => refuse("Expected another secret here"))
      },
      encode: (value) =>
        sealer === undefined
          ? refuse("Expected a key to seal a secret with")
          : Effect.flatMapEager(
            Effect.catchEager(content().encode(value), () => refuse("Expected a secret that may be encoded")),
            (bytes) => Effect.succeed(sealer.seal(bytes))
          )
    })
    return encodedAs(Schema.Uint8Array.ast, plain, transformation, ast.context)
  })
