/**
 * An outcome as the submitter sees it: `Outcome` with the task's own types in
 * place of bytes, and with the payload it belongs to.
 *
 * @since 0.1.0
 */
import { type Cause, Exit } from "effect"
import type { Loss } from "./Outcome.ts"
import type { TaskDefinition } from "./TaskDefinition.ts"
import {
  DependencyFailed,
  type EndError,
  ExecutorLost,
  MaybeExecuted,
  TaskExpired,
  TaskInterrupted,
  TaskQuarantined,
  TaskTimedOut
} from "./TaskError.ts"

/** Which task ended: `index` counts the payloads of its submission from 0, `payload` is as it was given. */
export interface Ended<out P> {
  readonly index: number
  readonly payload: P
  readonly taskId: string
  readonly taskName: string
}

/**
 * How a task ended, one of a closed union. `MaybeExecuted` is a member only
 * where `Delivery` allows it. `after` and `deadline` are in milliseconds, the
 * latter since 1970.
 */
export type TaskOutcome<P, A, E, Delivery = MaybeExecuted> =
  & Ended<P>
  & (
    | { readonly _tag: "Succeeded"; readonly value: A }
    | { readonly _tag: "Failed"; readonly error: E }
    | { readonly _tag: "Crashed"; readonly cause: Cause.Cause<never> }
    | { readonly _tag: "Interrupted"; readonly by: string; readonly cleanly: boolean }
    | { readonly _tag: "TimedOut"; readonly after: number }
    | { readonly _tag: "Expired"; readonly deadline: number }
    | { readonly _tag: "Lost"; readonly executors: ReadonlyArray<Loss> }
    | { readonly _tag: "DependencyFailed"; readonly dependency: string }
    | { readonly _tag: "Quarantined"; readonly executors: ReadonlyArray<Loss> }
    | (Delivery extends MaybeExecuted ? { readonly _tag: "MaybeExecuted"; readonly reason: string } : never)
  )

/** Types that are read off a definition. */
export declare namespace TaskOutcome {
  /** The outcomes of a task. */
  type Of<T extends TaskDefinition.Any> = TaskOutcome<
    TaskDefinition.Input<T>,
    TaskDefinition.Success<T>,
    TaskDefinition.Error<T>,
    TaskDefinition.Delivered<T>
  >
}

/** What `run` and `await` give: a value, the task's own error, a defect, or the error of that name. */
export const toExit = <P, A, E, Delivery>(
  outcome: TaskOutcome<P, A, E, Delivery>
): Exit.Exit<A, E | EndError | Delivery> => {
  const { taskId, taskName } = outcome
  switch (outcome._tag) {
    case "Succeeded":
      return Exit.succeed(outcome.value)
    case "Failed":
      return Exit.fail(outcome.error)
    case "Crashed":
      return Exit.failCause(outcome.cause)
    case "Interrupted":
      return Exit.fail(new TaskInterrupted({ taskName, taskId, by: outcome.by, cleanly: outcome.cleanly }))
    case "TimedOut":
      return Exit.fail(new TaskTimedOut({ taskName, taskId, after: outcome.after }))
    case "Expired":
      return Exit.fail(new TaskExpired({ taskName, taskId, deadline: outcome.deadline }))
    case "Lost":
      return Exit.fail(new ExecutorLost({ taskName, taskId, executors: outcome.executors }))
    case "DependencyFailed":
      return Exit.fail(new DependencyFailed({ taskName, taskId, dependency: outcome.dependency }))
    case "Quarantined":
      return Exit.fail(new TaskQuarantined({ taskName, taskId, executors: outcome.executors }))
    case "MaybeExecuted":
      // A member of the union only where Delivery is MaybeExecuted.
      return Exit.fail(new MaybeExecuted({ taskName, taskId, reason: outcome.reason }) as Delivery)
  }
}
