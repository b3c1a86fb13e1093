/**
 * What the exit codes of `cadre` mean, and the failures that end it with each.
 *
 * @since 0.1.0
 */
import { Cause, Data, Exit } from "effect"
import { type Ending, endingOf, type Signal } from "./Ending.ts"

/** The exit codes of `cadre`, each with what it means. */
export const exitCodes = {
  0: "done",
  1: "a task failed, or a check did",
  2: "usage: a flag, a payload or a module cannot be used as it is",
  3: "no server, or the connection to it was lost",
  4: "timed out",
  130: "interrupted"
} as const

/** One of the exit codes. */
export type ExitCode = keyof typeof exitCodes

/** The exit codes as help shows them. */
export const exitCodesText = Object.entries(exitCodes).map(([code, meaning]) => `${code} ${meaning}`).join("; ")

/** Why a command ended otherwise than well; an empty problem has been told already. */
export class CommandFailed extends Data.TaggedError("CommandFailed")<{
  readonly code: Exclude<ExitCode, 0 | 130>
  readonly problem: string
}> {
  override get message(): string {
    return this.problem
  }
}

/** What the user wrote cannot be used: what, where, and what to write instead. */
export const unusable = (problem: string): CommandFailed => new CommandFailed({ code: 2, problem })

/** How a command ended: what it was told to say, without its tag; a defect is our own mistake and says so. */
export const commandEnding = (exit: Exit.Exit<unknown, unknown>, signal: Signal | undefined): Ending => {
  if (Exit.isFailure(exit)) {
    const failed = exit.cause.reasons.flatMap((reason) =>
      Cause.isFailReason(reason) && reason.error instanceof CommandFailed ? [reason.error] : []
    )[0]
    if (failed !== undefined) {
      return { code: failed.code, text: failed.problem === "" ? undefined : failed.problem }
    }
    if (Cause.hasInterruptsOnly(exit.cause)) {
      return { code: signal === "SIGTERM" ? 143 : 130, text: signal === undefined ? "Interrupted" : undefined }
    }
  }
  const { code, text } = endingOf(exit, signal)
  return { code, text: text === undefined ? undefined : `This should not have happened: please report it.\n${text}` }
}
