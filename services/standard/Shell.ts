/**
 * Commands of the executor's shell.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { Task } from "../Task.ts"
import { withDefault } from "./Default.ts"
import { Size, Time } from "./Quantity.ts"

const at = "cadre/services/standard/Shell"
const command = Schema.String
const tail = Schema.String.annotate({ description: "its last lines" })

/** The command ended with another code than 0, or by a signal; `stdout` and `stderr` are their last lines. */
export class ShellFailed extends Schema.TaggedError<ShellFailed>(`${at}/ShellFailed`)("ShellFailed", {
  command,
  code: Schema.Int,
  signal: Schema.optionalKey(Schema.String),
  stdout: tail,
  stderr: tail
}) {
  override get message(): string {
    const how = this.signal === undefined ? `with code ${this.code}` : `by ${this.signal}`
    return `The command ${brief(this.command)} ended ${how}${said(this.stderr || this.stdout)}`
  }
}

/** The command was still running after its time, and was ended; `stdout` and `stderr` are their last lines. */
export class ShellTimedOut extends Schema.TaggedError<ShellTimedOut>(`${at}/ShellTimedOut`)("ShellTimedOut", {
  command,
  after: Schema.Number.annotate({ description: "milliseconds" }),
  stdout: tail,
  stderr: tail
}) {
  override get message(): string {
    return `The command ${brief(this.command)} did not end within ${this.after} ms and was ended${
      said(this.stderr || this.stdout)
    }`
  }
}

/** The command could not be started, such as for want of its folder; `reason` says why. */
export class ShellNotStarted extends Schema.TaggedError<ShellNotStarted>(`${at}/ShellNotStarted`)("ShellNotStarted", {
  command,
  reason: Schema.String
}) {
  override get message(): string {
    return `The command ${brief(this.command)} was not started: ${this.reason}`
  }
}

const brief = (command: string): string => command.length <= 200 ? command : `${command.slice(0, 200)}...`

const said = (lines: string): string => lines.trim() === "" ? "" : `. It last wrote: ${lines.trim()}`

/**
 * Runs a command in `/bin/sh`. However the task ends, all that the command has
 * started in its process group ends with it.
 */
export const Shell = Task.make("Shell", {
  payload: {
    command: Schema.NonEmptyString.annotate({ description: "what to run, as one would type it" }),
    cwd: Schema.optionalKey(Schema.NonEmptyString.annotate({ description: "the folder to run in" })),
    env: Schema.optionalKey(
      Schema.Record(Schema.String, Schema.String).annotate({ description: "variables beside the executor's own" })
    ),
    stdin: Schema.optionalKey(Schema.String.annotate({ description: "what it reads; nothing where absent" })),
    timeout: Schema.optionalKey(Time.annotate({ description: "how long it may take; without end where absent" })),
    maxOutput: withDefault(
      Size.annotate({
        description: "how much of stdout, and of stderr, is kept: the first and the last half; 1 MiB where absent"
      }),
      "1 MiB"
    ),
    failOnExit: withDefault(
      Schema.Boolean.annotate({
        description: "whether another code than 0 is an error rather than a result; true where absent"
      }),
      true
    )
  },
  success: Schema.Struct({
    code: Schema.Int.annotate({ description: "128 and the signal's number where a signal ended it" }),
    signal: Schema.optionalKey(Schema.String),
    stdout: Schema.String,
    stderr: Schema.String,
    truncated: Schema.Boolean.annotate({ description: "whether something was left out of stdout or stderr" })
  }),
  error: Schema.Union([ShellFailed, ShellTimedOut, ShellNotStarted])
})
