/**
 * @since 0.1.0
 */
import { Schema } from "effect"

/** One line that a handler logged; `time` is in milliseconds since 1970, `annotations` are as text. */
export const LogLine = Schema.Struct({
  time: Schema.Number,
  level: Schema.String,
  message: Schema.String,
  annotations: Schema.Record(Schema.String, Schema.String)
})
export type LogLine = typeof LogLine.Type
