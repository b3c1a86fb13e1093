/** Node in a process of its own, for what a process can measure only once. */
import { Effect, Schema } from "effect"
import { execFile } from "node:child_process"
import process from "node:process"
import { promisify } from "node:util"

const execute = promisify(execFile)

/** It ended with another exit code than 0, or was killed; the message holds its stderr. */
export class ProcessFailed extends Schema.TaggedError<ProcessFailed>()("ProcessFailed", { message: Schema.String }) {}

/** What such a process prints on stdout. */
export const output = (...args: ReadonlyArray<string>): Effect.Effect<string, ProcessFailed> =>
  Effect.tryPromise({
    try: async (signal) => (await execute(process.execPath, args, { signal })).stdout.trim(),
    catch: (error) => new ProcessFailed({ message: error instanceof Error ? error.message : String(error) })
  })
