/** What can be run: one task, which counts the words of one file. */
import { Task, TaskLibrary } from "cadre"
import { Schema } from "effect"

/** The file could not be read; `reason` says why, such as `NotFound` or `PermissionDenied`. */
export class Unreadable extends Schema.TaggedError<Unreadable>()("Unreadable", { reason: Schema.String }) {}

/** The file is no text. */
export class Binary extends Schema.TaggedError<Binary>()("Binary", { reason: Schema.String }) {}

/** Each word, and at the same place how often it occurs. Lists of plain values cross to a thread fastest. */
export const WordCounts = Schema.Struct({
  words: Schema.Array(Schema.String),
  counts: Schema.Array(Schema.Int),
  bytes: Schema.Int
})
export type WordCounts = typeof WordCounts.Type

/** Counts the words of the file at `path`. */
export const CountWords = Task.make("CountWords", {
  payload: { path: Schema.String },
  success: WordCounts,
  error: Schema.Union([Unreadable, Binary])
})

/** The tasks of this program. */
export const WordCount = TaskLibrary.make("word-count", { version: "1.0.0" }, CountWords)
