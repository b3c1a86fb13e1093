/**
 * Both directions between the values of a schema and bytes, for values of the
 * schema's own type. `PayloadCodec` is made of these.
 *
 * @since 0.1.0
 */
import { Cause, Effect, Exit, Schema, SchemaAST, SchemaIssue, SchemaParser } from "effect"
import * as SchemaJITCompiler from "effect/schema/SchemaJITCompiler"

/** Bytes, or why a value has none. */
export type Encoded = Effect.Effect<Uint8Array, Schema.SchemaError, unknown>

/** A value, or why bytes are none. */
export type Decoded = Effect.Effect<unknown, Schema.SchemaError, unknown>

/** Encodes and decodes. Unless the schema has asynchronous transformations, every Effect already is an `Exit`. */
export interface Coding {
  readonly encode: (value: unknown) => Encoded
  readonly decode: (bytes: Uint8Array) => Decoded
}

/** The error of bytes or of a value that is refused, and where in it. */
export const refusal = (message: string, path: ReadonlyArray<PropertyKey> = []): Schema.SchemaError => {
  const issue = new SchemaIssue.InvalidValue({ message })
  return new Schema.SchemaError(path.length === 0 ? issue : new SchemaIssue.Pointer(path, issue))
}

/** A cause as the typed error it stands for: a defect on the way is a refusal. */
export const refused = (cause: Cause.Cause<unknown>): Exit.Exit<never, Schema.SchemaError> => {
  const reason = cause.reasons[0]
  if (reason === undefined || Cause.isInterruptReason(reason)) return Exit.interrupt()
  const error = Cause.isFailReason(reason) ? reason.error : reason.defect
  if (SchemaIssue.isIssue(error)) return Exit.fail(new Schema.SchemaError(error))
  if (Schema.isSchemaError(error)) return Exit.fail(error)
  return Exit.fail(refusal(`It cannot be read or written: ${String(error)}`))
}

/** Runs code that may throw. */
export const attempt = <A, R>(run: () => Effect.Effect<A, Schema.SchemaError, R>) => {
  try {
    return run()
  } catch (defect) {
    return refused(Cause.die(defect))
  }
}

/** What a schema's parser answers. */
export type Parsed = Effect.Effect<unknown, SchemaIssue.Issue, unknown>

/** The Exit that a parser's or a coding's answer already is, if it is one. */
export const exitOf = <A, E>(effect: Effect.Effect<A, E, unknown>): Exit.Exit<A, E> | undefined => {
  // Of what is answered only an Exit has a tag. `Exit.isExit` would cost more than copying a small payload does.
  const { _tag } = effect as { readonly _tag?: unknown }
  return _tag === "Success" || _tag === "Failure" ? effect as Exit.Exit<A, E> : undefined
}

/** Makes an `Exit` of a parser's answer, unless the parser `isAsync`. */
export const runner = (parse: (input: unknown) => Parsed, isAsync: boolean) => (input: unknown): Decoded => {
  try {
    const result = parse(input)
    const exit = exitOf(result)
    if (exit !== undefined) return settled(exit)
    if (isAsync) return Effect.catchCause(result, refused)
    // A refusal is not an Exit, even where nothing is asynchronous. Without transformations nothing needs a service.
    return settled(Effect.runSyncExit(result as Effect.Effect<unknown, SchemaIssue.Issue>))
  } catch (defect) {
    return refused(Cause.die(defect))
  }
}

const settled = (exit: Exit.Exit<unknown, SchemaIssue.Issue>): Exit.Exit<unknown, Schema.SchemaError> =>
  // A success is of any error type; it is passed on as it is because this runs for every value.
  exit._tag === "Success" ? exit as Exit.Exit<unknown, never> : refused(exit.cause)

/** Both parsers of a codec. */
export const parsers = (codec: Schema.Top, isAsync: boolean) => {
  // A task's schema is used again and again; where code may not be generated it is interpreted as ever.
  SchemaJITCompiler.enable(codec.ast)
  SchemaJITCompiler.enable(SchemaAST.flip(codec.ast))
  return {
    encode: runner(SchemaParser.encodeUnknownEffect(codec), isAsync),
    decode: runner(SchemaParser.decodeUnknownEffect(codec), isAsync)
  }
}

/** Puts off the making until the first use; if it throws, everything is refused for that reason. */
export const lazily = (make: () => Coding): Coding => {
  let made: Coding | undefined
  const get = (): Coding => {
    if (made !== undefined) return made
    try {
      return made = make()
    } catch (error) {
      const exit = Exit.fail(refusal(`The schema has no encoding: ${String(error)}`))
      return made = { encode: () => exit, decode: () => exit }
    }
  }
  return { encode: (value) => get().encode(value), decode: (bytes) => get().decode(bytes) }
}
