/**
 * Tasks that write and read lines at the terminal. They run on the foreground
 * executor and nowhere else; a read that waits holds up nobody.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { Foreground } from "../Foreground.ts"
import { Task } from "../Task.ts"
import { withDefault } from "./Default.ts"

/** The terminal cannot be read or written; `reason` says why. */
export class TerminalBroken
  extends Schema.TaggedError<TerminalBroken>("cadre/services/standard/Terminal/TerminalBroken")(
    "TerminalBroken",
    { reason: Schema.String }
  )
{
  override get message(): string {
    return `The terminal cannot be used: ${this.reason}`
  }
}

/** A line that was read, without its end. */
export const Line = Schema.TaggedStruct("Line", { text: Schema.String })
export type Line = typeof Line.Type

/** There is no line any more, and there never will be: whoever reads in a loop ends it here. */
export const EndOfInput = Schema.TaggedStruct("EndOfInput", {})
export type EndOfInput = typeof EndOfInput.Type

const Read = Schema.Union([Line, EndOfInput])

/** Writes a text to standard output, and ends the line unless `newline` is `false`. */
export const Print = Task.make("Print", {
  payload: {
    text: Schema.String.annotate({ description: "what to write" }),
    newline: withDefault(Schema.Boolean.annotate({ description: "whether to end the line; true where absent" }), true)
  },
  error: TerminalBroken,
  requires: [Foreground]
})

/** Reads one line of standard input: whole, and in the order in which readers asked. */
export const ReadLine = Task.make("ReadLine", {
  success: Read,
  error: TerminalBroken,
  requires: [Foreground]
})

/**
 * Asks a question and reads the answer. An empty answer is `default`, where
 * there is one; at the end of input there is no answer, default or not.
 */
export const Prompt = Task.make("Prompt", {
  payload: {
    question: Schema.String.annotate({ description: "what to ask; a space and, in brackets, the default follow it" }),
    default: Schema.optionalKey(Schema.String.annotate({ description: "what an empty answer means" }))
  },
  success: Read,
  error: TerminalBroken,
  requires: [Foreground]
})
