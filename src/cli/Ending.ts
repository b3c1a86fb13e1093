/**
 * How a process ends: what is said of it, and its exit code.
 *
 * @since 0.1.0
 */
import { Cause, Exit, Predicate } from "effect"

/** The signals that end a program in good order. */
export type Signal = "SIGINT" | "SIGTERM"

/** What a shell reports of a program that a signal ended. */
export const signalCodes: Readonly<Record<Signal, number>> = { SIGINT: 130, SIGTERM: 143 }

/** Milliseconds within which one signal that comes twice is one: npm passes on a Ctrl-C that the terminal sent to all. */
const echo = 100

/** Whether a second signal, so many milliseconds after the first, ends the process at once. */
export const isImpatient = (elapsed: number): boolean => elapsed > echo

/** What is printed to standard error, if anything, and the exit code. */
export interface Ending {
  readonly text: string | undefined
  readonly code: number
}

/** What is said apart, or not for people. */
const unsaid = new Set(["_tag", "name", "stack", "cause", "message"])

/** The data of an error that has no message, as JSON where that is possible. */
const dataOf = (error: object): string => {
  try {
    const fields = Object.entries(error).filter(([name]) => !unsaid.has(name))
    return fields.length === 0 ? "" : JSON.stringify(Object.fromEntries(fields))
  } catch {
    return ""
  }
}

/** An expected failure in words: its tag and its message, never its stack. */
export const failureText = (error: unknown): string => {
  if (typeof error === "string") return error
  if (!Predicate.isObject(error)) return `Failed with ${String(error)}`
  const tag = Predicate.hasProperty(error, "_tag") && typeof error._tag === "string"
    ? error._tag
    : error instanceof Error
    ? error.name
    : undefined
  const said = Predicate.hasProperty(error, "message") && typeof error.message === "string" ? error.message : ""
  const text = said === "" ? dataOf(error) : said
  if (tag === undefined) return text === "" ? `Failed with ${Object.prototype.toString.call(error)}` : text
  return text === "" ? tag : `${tag}: ${text}`
}

const reasonText = (reason: Cause.Reason<unknown>): string | undefined => {
  if (Cause.isFailReason(reason)) return failureText(reason.error)
  if (Cause.isDieReason(reason)) return Cause.pretty(Cause.fromReasons([reason]))
  return undefined
}

/** How a program ended: 0 done, 1 failed or crashed, 128 and the signal's number for what a signal interrupted. */
export const endingOf = (exit: Exit.Exit<unknown, unknown>, signal: Signal | undefined): Ending => {
  if (Exit.isSuccess(exit)) return { text: undefined, code: 0 }
  const texts = exit.cause.reasons.flatMap((reason) => reasonText(reason) ?? [])
  if (texts.length > 0) return { text: texts.join("\n"), code: 1 }
  return signal === undefined
    ? { text: "The program interrupted itself", code: signalCodes.SIGINT }
    : { text: undefined, code: signalCodes[signal] }
}
