/**
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * One line that a handler logged, or wrote to a standard stream; `time` is in milliseconds since 1970, `annotations`
 * are as text, `spans` how many milliseconds each had lasted. A line with `dropped` is a mark: so many bytes are left
 * out where it stands, and its message says so in words. Control sequences are as they were written.
 */
export const LogLine = Schema.Struct({
  time: Schema.Number,
  level: Schema.String,
  message: Schema.String,
  annotations: Schema.Record(Schema.String, Schema.String),
  spans: Schema.optionalKey(Schema.Record(Schema.String, Schema.Number)),
  stream: Schema.optionalKey(Schema.Literals(["stdout", "stderr"])),
  dropped: Schema.optionalKey(Schema.Int)
})
export type LogLine = typeof LogLine.Type
