/** What can be run: one task, which counts the words of one file. */
import { Task, TaskLibrary } from "cadre"
import { Schema } from "effect"

/** The file could not be read; `reason` says why, such as `NotFound` or `PermissionDenied`. */
export class Unreadable extends Schema.TaggedError<Unreadable>()("Unreadable", { reason: Schema.String }) {}

/** The file is no text. */
export class Binary extends Schema.TaggedError<Binary>()("Binary", { reason: Schema.String }) {}

/** How often each word occurs. */
export const WordCounts = Schema.ReadonlyMap(Schema.String, Schema.Int)

/** Counts the words of the file at `path`. */
export const CountWords = Task.make("CountWords", {
  payload: { path: Schema.String },
  success: Schema.Struct({ words: WordCounts, bytes: Schema.Int }),
  error: Schema.Union([Unreadable, Binary])
})

/** The tasks of this program. */
export const WordCount = TaskLibrary.make("word-count", { version: "1.0.0" }, CountWords)
