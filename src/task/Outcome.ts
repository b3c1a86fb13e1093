/**
 * @since 0.1.0
 */
import { Schema } from "effect"
import { ExecutorId } from "./Attempt.ts"
import { Payload } from "./Payload.ts"
import { TaskId } from "./TaskId.ts"

/**
 * One executor that was lost with an attempt, and why: a signal, out of memory, missed heartbeats, a crash. `lines` are
 * the last that the attempt wrote, if anything is known of them: 10 of 500 characters at most.
 */
export const Loss = Schema.Struct({
  executorId: ExecutorId,
  reason: Schema.String,
  lines: Schema.optionalKey(Schema.Array(Schema.String))
})
export type Loss = typeof Loss.Type

/** A defect as it crosses between processes: what was thrown, with its stack and its causes, as text. */
export const Defect = Schema.Struct({
  name: Schema.String,
  message: Schema.String,
  stack: Schema.optionalKey(Schema.String)
})
export type Defect = typeof Defect.Type

/**
 * How a task ended: exactly one is committed for each. The union is closed, so
 * `Outcome.match` leaves no case out. `Failed` is with an error of the task's
 * own schema, `Crashed` with anything else that was thrown. Times are in
 * milliseconds since the epoch.
 */
export const Outcome = Schema.TaggedUnion({
  Succeeded: { value: Payload },
  Failed: { error: Payload },
  Crashed: { defect: Defect },
  Interrupted: { by: Schema.String, cleanly: Schema.Boolean },
  TimedOut: { after: Schema.Number },
  Expired: { deadline: Schema.Number },
  Lost: { executors: Schema.Array(Loss) },
  MaybeExecuted: { executorId: ExecutorId, reason: Schema.String },
  DependencyFailed: { dependency: TaskId },
  Quarantined: { deaths: Schema.Int, executors: Schema.Array(Loss) }
})
export type Outcome = typeof Outcome.Type
