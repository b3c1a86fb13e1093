/**
 * Shows payloads to who has neither the library's code nor the key to its
 * secrets: a `Redacted` field is there, and stays `<redacted>`.
 *
 * @since 0.1.0
 */
import { Exit, Predicate, Redacted, type Schema, SchemaRepresentation } from "effect"
import * as BinaryCoding from "./BinaryCoding.ts"
import { type Decoded, lazily, refusal } from "./Coding.ts"
import * as JsonCoding from "./JsonCoding.ts"
import type { SchemaDescription } from "./LibraryDescription.ts"
import type { Encoding } from "./Payload.ts"
import { type Inside, sealed } from "./Secret.ts"

const isReviver = (value: unknown): value is SchemaRepresentation.AnyReviver =>
  Predicate.hasProperty(value, "payloadSchema") && Predicate.hasProperty(value, "revive")

// Effect exports each by a name of its own, and no list of them.
const exported: ReadonlyArray<unknown> = Object.values(SchemaRepresentation)
const revivers = exported.filter(isReviver)

/** The schema that a description is of, less what is code in it. Throws for what is no description. */
export const schemaOf = ({ representation }: SchemaDescription): Schema.Top =>
  SchemaRepresentation.fromRepresentation(SchemaRepresentation.fromJson(representation), { revivers })

const hidden = Exit.succeed(Redacted.make<unknown>(undefined))
const inside: Inside = { encode: () => Exit.fail(refusal("Expected nothing to write")), decode: () => hidden }

/** Reads payloads of the schema that is described. */
export const viewer = (description: SchemaDescription, encoding: Encoding): (bytes: Uint8Array) => Decoded => {
  const coding = lazily(() => {
    const { ast } = schemaOf(description)
    const open = (bytes: Uint8Array) => bytes
    const tree = sealed(ast, { seal: open, open }, () => inside)
    const json = lazily(() => JsonCoding.make(tree, false))
    return encoding === "json" ? json : BinaryCoding.make(tree, false, json)
  })
  if (encoding === "raw") return (bytes) => Exit.succeed(bytes)
  return (bytes) => bytes.length === 0 ? Exit.void : coding.decode(bytes)
}
