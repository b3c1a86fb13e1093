/**
 * Outcomes as the submitter's program sees them.
 *
 * @since 0.1.0
 */
import { Cause, Effect, Exit, type Schema } from "effect"
import type { Ending } from "../../src/dispatch/Command.ts"
import { isValue } from "../../src/task/Immediate.ts"
import type { Defect } from "../../src/task/Outcome.ts"
import type { MaybeExecuted } from "../../src/task/TaskError.ts"
import { type TaskOutcome, toExit } from "../../src/task/TaskOutcome.ts"
import type { Known } from "./Registry.ts"

/** An outcome of some task; whoever has the task knows its types. */
export type AnyOutcome = TaskOutcome<unknown, unknown, unknown>

/** What `run` and `await` give. */
export const exitOf = (outcome: AnyOutcome): Exit.Exit<unknown, unknown> =>
  toExit<unknown, unknown, unknown, MaybeExecuted>(outcome)

/** A handler's defect, as the submitter's program meets it: with its name, its message and the stack of where it ran. */
export class TaskCrashed extends Error {
  readonly taskName: string
  readonly taskId: string

  constructor({ message, name, stack }: Defect, taskName: string, taskId: string) {
    super(message)
    this.name = name
    this.taskName = taskName
    this.taskId = taskId
    if (stack !== undefined) this.stack = stack
  }
}

/** The outcome of a task that succeeded, if reading its result takes no time: by far the most frequent case. */
export const decodeNow = (
  known: Known,
  { outcome, task }: Pick<Ending, "outcome" | "task">,
  index: number,
  payload: unknown,
  idOf: (task: number) => string
): AnyOutcome | undefined => {
  if (outcome._tag !== "Succeeded") return undefined
  const value = known.takeSuccess(outcome.value.bytes)
  return isValue(value)
    ? { _tag: "Succeeded", value: value.value, index, payload, taskId: idOf(task), taskName: known.definition.name }
    : undefined
}

/** What a task's end means; asynchronous only where its schemas are. */
export const decodeOutcome = (
  known: Known,
  { outcome, task }: Pick<Ending, "outcome" | "task">,
  index: number,
  payload: unknown,
  idOf: (task: number) => string,
  wallOffset: () => number
): Effect.Effect<AnyOutcome, never, unknown> => {
  const taskName = known.definition.name
  const taskId = idOf(task)
  const about = { index, payload, taskId, taskName }
  switch (outcome._tag) {
    case "Succeeded":
      return decoded(
        known.decodeSuccess(outcome.value.bytes),
        about,
        (value) => ({ _tag: "Succeeded", value, ...about })
      )
    case "Failed":
      return decoded(known.decodeError(outcome.error.bytes), about, (error) => ({ _tag: "Failed", error, ...about }))
    case "Crashed": {
      const cause = Cause.die(new TaskCrashed(outcome.defect, taskName, taskId))
      return Exit.succeed({ _tag: "Crashed", cause, ...about })
    }
    case "Interrupted":
      return Exit.succeed({ _tag: "Interrupted", by: outcome.by, cleanly: outcome.cleanly, ...about })
    case "TimedOut":
      return Exit.succeed({ _tag: "TimedOut", after: outcome.after, ...about })
    case "Expired":
      return Exit.succeed({ _tag: "Expired", deadline: Math.round(outcome.deadline + wallOffset()), ...about })
    case "Lost":
      return Exit.succeed({ _tag: "Lost", executors: outcome.executors, ...about })
    case "MaybeExecuted":
      return Exit.succeed({ _tag: "MaybeExecuted", reason: outcome.reason, ...about })
    case "DependencyFailed":
      return Exit.succeed({ _tag: "DependencyFailed", dependency: `${outcome.dependency}`, ...about })
    case "Quarantined":
      return Exit.succeed({ _tag: "Quarantined", executors: outcome.executors, ...about })
  }
}

/** Bytes that the submitter's schema refuses, although the executor's wrote them, are a defect of the two. */
const decoded = (
  value: Effect.Effect<unknown, Schema.SchemaError, unknown>,
  about: Omit<Extract<AnyOutcome, { readonly _tag: "Crashed" }>, "_tag" | "cause">,
  outcome: (value: unknown) => AnyOutcome
): Effect.Effect<AnyOutcome, never, unknown> =>
  isValue(value) ? Exit.succeed(outcome(value.value)) : Effect.match(value, {
    onSuccess: outcome,
    onFailure: ({ message }): AnyOutcome => {
      const defect = {
        name: "InvalidResult",
        message: `The result of task ${about.taskName} cannot be read: ${message}`
      }
      return { _tag: "Crashed", cause: Cause.die(new TaskCrashed(defect, about.taskName, about.taskId)), ...about }
    }
  })
