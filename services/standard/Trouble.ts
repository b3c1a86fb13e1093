/**
 * Tasks that fail, crash or hang on purpose: what a program does about such
 * tasks can only be seen with some.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { Task } from "../Task.ts"
import { withDefault } from "./Default.ts"
import { Time } from "./Quantity.ts"

/** The typed error of `Fail`. */
export class FailedOnPurpose
  extends Schema.TaggedError<FailedOnPurpose>("cadre/services/standard/Trouble/FailedOnPurpose")(
    "FailedOnPurpose",
    { message: Schema.String }
  )
{}

/** Fails with a typed error that has this message. */
export const Fail = Task.make("Fail", {
  payload: { message: withDefault(Schema.String, "failed on purpose") },
  error: FailedOnPurpose
})

/**
 * Crashes. A defect takes the task down and no more. The others take down the
 * thread that runs it, where that is a worker thread, or else its process: over
 * `InProcess` that is the whole program.
 */
export const Crash = Task.make("Crash", {
  payload: {
    how: withDefault(
      Schema.Literals(["defect", "exit", "outOfMemory", "unhandledRejection", "uncaughtException"]).annotate({
        description: "defect where absent"
      }),
      "defect"
    ),
    message: withDefault(Schema.String, "crashed on purpose"),
    code: withDefault(
      Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })).annotate({
        description: "what exit ends with; 1 where absent"
      }),
      1
    )
  }
})

/**
 * Hangs: idle until it is cancelled (`never`), idle and deaf to that
 * (`uninterruptible`), or computing, so that whatever else is on its thread
 * hangs too (`loop`). Only the end of its thread or process ends the last two,
 * or `atMost`.
 */
export const Hang = Task.make("Hang", {
  payload: {
    how: withDefault(
      Schema.Literals(["never", "uninterruptible", "loop"]).annotate({ description: "never where absent" }),
      "never"
    ),
    atMost: Schema.optionalKey(Time.annotate({ description: "when it ends by itself; never where absent" }))
  }
})
