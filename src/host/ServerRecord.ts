/**
 * What a server writes down of itself, in `server.json`: for people, and for who
 * wants to know what was there before it looks for it.
 *
 * @since 0.1.0
 */
import { Option, Schema } from "effect"

/** Which server it is. Times are in milliseconds since 1970. */
export const ServerRecord = Schema.Struct({
  pid: Schema.Int,
  version: Schema.String,
  addresses: Schema.Array(Schema.String),
  store: Schema.String,
  startedAt: Schema.Number
})
export type ServerRecord = typeof ServerRecord.Type

const read = Schema.decodeUnknownOption(Schema.fromJsonString(ServerRecord))

/** The record that a text is; undefined for any other text. */
export const parseRecord = (text: string): ServerRecord | undefined => Option.getOrUndefined(read(text))

/** What a server that was started says once: where it is, or why it is not. */
export const Readiness = Schema.Union([
  Schema.TaggedStruct("Ready", { addresses: Schema.Array(Schema.String), pid: Schema.Int }),
  Schema.TaggedStruct("Failed", { reason: Schema.String, isRunning: Schema.Boolean })
])
export type Readiness = typeof Readiness.Type

const readiness = Schema.fromJsonString(Readiness)

/** As one line. */
export const readinessText: (readiness: Readiness) => string = Schema.encodeSync(readiness)

const readReadiness = Schema.decodeUnknownOption(readiness)

/** What a line says; undefined for any other line. */
export const parseReadiness = (line: string): Readiness | undefined => Option.getOrUndefined(readReadiness(line))
