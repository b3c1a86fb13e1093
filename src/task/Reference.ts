/**
 * A field of a payload that is the result of another task: the bytes go from
 * where they are to the executor, and the submitter need not wait for them.
 * The other fields are encoded as a struct of their own.
 *
 * @since 0.1.0
 */
import { Effect, Predicate, Schema, SchemaAST } from "effect"
import { attempt, type Decoded, type Encoded, refusal, runner } from "./Coding.ts"
import { difference, schemaFingerprint } from "./Fingerprint.ts"
import type { Encoding, Payload } from "./Payload.ts"
import { PayloadCodec } from "./PayloadCodec.ts"
import { isRef, type Ref } from "./Ref.ts"
import { shapeOf } from "./SchemaShape.ts"
import { withoutContext } from "./SchemaTree.ts"
import type { Sealer } from "./Secret.ts"
import { RefMismatch } from "./TaskError.ts"

export type { Ref, Source, WithRefs } from "./Ref.ts"

/** A field, and what it refers to. */
export interface RefField {
  readonly field: string
  readonly ref: Ref<unknown>
}

/** The fields of a payload that are here, and the names of those that are not. */
export interface Rest {
  readonly value: unknown
  readonly without: ReadonlyArray<string>
}

/** Takes the references out of the top level of a payload; a payload without any is passed on as it is. */
export const splitRefs = (payload: unknown): { readonly rest: Rest; readonly fields: ReadonlyArray<RefField> } => {
  const entries = Predicate.isObject(payload) ? Object.entries(payload) : []
  const fields = entries.flatMap(([field, ref]) => isRef(ref) ? [{ field, ref }] : [])
  if (fields.length === 0) return { rest: { value: payload, without: [] }, fields }
  const value = Object.fromEntries(entries.filter(([, value]) => !isRef(value)))
  return { rest: { value, without: fields.map(({ field }) => field) }, fields }
}

const fieldsOf = (schema: Schema.Top): Schema.Struct.Fields =>
  // A struct and a class have fields; no other schema lets a payload with references compile.
  Predicate.hasProperty(schema, "fields") ? schema.fields as Schema.Struct.Fields : {}

/** The schema of one field by itself: an optional field that is a reference is there. */
const fieldSchema = (schema: Schema.Top, field: string): Schema.Top | undefined => {
  const fields = fieldsOf(schema)
  if (!Object.hasOwn(fields, field)) return undefined
  const ast = fields[field]?.ast
  if (ast === undefined) return undefined
  const present = SchemaAST.isUnion(ast) && SchemaAST.isOptional(ast)
    ? ast.types.filter((member) => !SchemaAST.isUndefined(member))
    : []
  return Schema.make<Schema.Top>(present.length === 1 && present[0] ? present[0] : withoutContext(ast))
}

/** Why a reference does not fit its field, if it does not. */
export const mismatch = (taskName: string, payload: Schema.Top, { field, ref }: RefField): RefMismatch | undefined => {
  const schema = fieldSchema(payload, field)
  const refused = (reason: string) => new RefMismatch({ taskName, field, source: ref.taskName, reason })
  if (schema === undefined) return refused("there is no such field")
  if (schemaFingerprint(schema) === schemaFingerprint(ref.success)) return undefined
  return refused(difference(shapeOf(schema), shapeOf(ref.success), field) ?? "their schemas differ")
}

const rests = new WeakMap<Schema.Top, Map<string, Schema.Top>>()

/** The schema of the fields that are not references; the same one for the same arguments. */
export const restSchema = (schema: Schema.Top, refFields: ReadonlyArray<string>): Schema.Top => {
  const key = JSON.stringify(refFields.toSorted())
  let ofSchema = rests.get(schema)
  if (ofSchema === undefined) rests.set(schema, ofSchema = new Map())
  let rest = ofSchema.get(key)
  if (rest === undefined) {
    const fields = Object.entries(fieldsOf(schema)).filter(([name]) => !refFields.includes(name))
    // A struct of any fields is a `Top`; only the compiler needs to be told which.
    ofSchema.set(key, rest = Schema.Struct(Object.fromEntries(fields)) as Schema.Top)
  }
  return rest
}

/** Encodes what of a payload is not a reference. */
export const encodeSplit = (
  schema: Schema.Top,
  encoding: Encoding,
  sealer: Sealer | undefined,
  { value, without }: Rest
): Encoded =>
  PayloadCodec.make(without.length === 0 ? schema : restSchema(schema, without), encoding, sealer).encode(value)

/** The result that a field is, as it arrived. */
export interface ReferencedResult {
  readonly field: string
  readonly payload: Payload
}

/** Puts a payload together from the bytes of its rest and of the results that it refers to. */
export const decodeWith = (
  schema: Schema.Top,
  encoding: Encoding,
  sealer: Sealer | undefined,
  rest: Uint8Array,
  results: ReadonlyArray<ReferencedResult>
): Decoded => {
  const bytesOf = ({ field, payload }: ReferencedResult): Decoded => {
    const own = fieldSchema(schema, field)
    return own === undefined
      ? Effect.fail(refusal("Expected a field of the payload", [field]))
      : Effect.map(
        Effect.mapError(
          PayloadCodec.make(own, payload.encoding, sealer).decode(payload.bytes),
          (error) => refusal(error.message, [field])
        ),
        (value) => [field, value] as const
      )
  }
  const others = PayloadCodec.make(restSchema(schema, results.map(({ field }) => field)), encoding, sealer)
  const construct = runner((input) => schema.makeEffect(input), true)
  return Effect.flatMap(others.decode(rest), (fields) =>
    Effect.flatMap(Effect.forEach(results, bytesOf), (entries) =>
      // The checks of the whole are still to be run; a class is still to be made.
      attempt(() => construct({ ...(fields as object), ...Object.fromEntries(entries as Array<[string, unknown]>) }))))
}
