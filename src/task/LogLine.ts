/**
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * One line that a handler logged, or wrote to a standard stream; `time` is in milliseconds since 1970, `annotations`
 * are as text. `dropped` is how many bytes were cut before it, or how many lines.
 */
export const LogLine = Schema.Struct({
  time: Schema.Number,
  level: Schema.String,
  message: Schema.String,
  annotations: Schema.Record(Schema.String, Schema.String),
  stream: Schema.optionalKey(Schema.Literals(["stdout", "stderr"])),
  dropped: Schema.optionalKey(Schema.Int)
})
export type LogLine = typeof LogLine.Type
