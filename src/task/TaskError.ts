/**
 * Why a task gave no result although its handler did not say so: each error
 * names the culprit and says what to do.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { Loss } from "./Outcome.ts"

const ended = { taskName: Schema.String, taskId: Schema.String }
const lost = (executors: ReadonlyArray<Loss>): string =>
  executors.map(({ executorId, reason }) => `${executorId} (${reason})`).join(", ")

/** The server is gone, or cut off; what became of the task is not known here. */
export class ConnectionLost extends Schema.TaggedError<ConnectionLost>("cadre/task/TaskError/ConnectionLost")(
  "ConnectionLost",
  { reason: Schema.String }
) {
  override get message(): string {
    return `The connection to the server is lost: ${this.reason}`
  }
}

/** Every executor that was given the task was lost, and no more attempts are allowed. */
export class ExecutorLost extends Schema.TaggedError<ExecutorLost>("cadre/task/TaskError/ExecutorLost")(
  "ExecutorLost",
  { ...ended, executors: Schema.Array(Loss) }
) {
  override get message(): string {
    return `Task ${this.taskName} (${this.taskId}) lost its executors: ${lost(this.executors)}`
  }
}

/** An at-most-once task whose executor was lost: it may have run, wholly or in part, and is not run again. */
export class MaybeExecuted extends Schema.TaggedError<MaybeExecuted>("cadre/task/TaskError/MaybeExecuted")(
  "MaybeExecuted",
  { ...ended, reason: Schema.String }
) {
  override get message(): string {
    return `Task ${this.taskName} (${this.taskId}) may have run: its executor was lost (${this.reason})`
  }
}

/** One attempt took longer than the task's timeout, `after` milliseconds. */
export class TaskTimedOut extends Schema.TaggedError<TaskTimedOut>("cadre/task/TaskError/TaskTimedOut")(
  "TaskTimedOut",
  { ...ended, after: Schema.Number }
) {
  override get message(): string {
    return `Task ${this.taskName} (${this.taskId}) did not end within ${this.after} ms`
  }
}

/** The task had not ended at its deadline, given in milliseconds since 1970. */
export class TaskExpired extends Schema.TaggedError<TaskExpired>("cadre/task/TaskError/TaskExpired")(
  "TaskExpired",
  { ...ended, deadline: Schema.Number }
) {
  override get message(): string {
    return `Task ${this.taskName} (${this.taskId}) had not ended at its deadline`
  }
}

/** Somebody cancelled the task; `cleanly` unless it had to be killed. */
export class TaskInterrupted extends Schema.TaggedError<TaskInterrupted>("cadre/task/TaskError/TaskInterrupted")(
  "TaskInterrupted",
  { ...ended, by: Schema.String, cleanly: Schema.Boolean }
) {
  override get message(): string {
    return `Task ${this.taskName} (${this.taskId}) was cancelled by ${this.by}${this.cleanly ? "" : " and killed"}`
  }
}

/** The task was running on each of several executors when they died: it is suspected and not tried again. */
export class TaskQuarantined extends Schema.TaggedError<TaskQuarantined>("cadre/task/TaskError/TaskQuarantined")(
  "TaskQuarantined",
  { ...ended, executors: Schema.Array(Loss) }
) {
  override get message(): string {
    return `Task ${this.taskName} (${this.taskId}) is quarantined: it ran on ${lost(this.executors)} when they died`
  }
}

/** A task that this one was to follow did not succeed. */
export class DependencyFailed extends Schema.TaggedError<DependencyFailed>("cadre/task/TaskError/DependencyFailed")(
  "DependencyFailed",
  { ...ended, dependency: Schema.String }
) {
  override get message(): string {
    return `Task ${this.taskName} (${this.taskId}) did not start: task ${this.dependency}, which it follows, failed`
  }
}

/** No executor meets the task's requirements; `missing` names them. */
export class NoExecutor extends Schema.TaggedError<NoExecutor>("cadre/task/TaskError/NoExecutor")(
  "NoExecutor",
  { taskName: Schema.String, missing: Schema.Array(Schema.String) }
) {
  override get message(): string {
    return `No executor can run task ${this.taskName}: ${this.missing.join("; ")}. ` +
      `Provide what is missing to an executor, or submit with whenUnmet: "wait"`
  }
}

/** The submitter's libraries have no such task, or one of that name with other schemas. */
export class UnknownTask extends Schema.TaggedError<UnknownTask>("cadre/task/TaskError/UnknownTask")(
  "UnknownTask",
  { taskName: Schema.String, known: Schema.Array(Schema.String), reason: Schema.String }
) {
  override get message(): string {
    return `Task ${this.taskName} cannot be submitted here: ${this.reason}. Known are ${
      this.known.join(", ") || "none"
    }`
  }
}

/** A payload that its schema refuses, before anything was submitted. */
export class PayloadInvalid extends Schema.TaggedError<PayloadInvalid>("cadre/task/TaskError/PayloadInvalid")(
  "PayloadInvalid",
  { taskName: Schema.String, issue: Schema.String, index: Schema.optionalKey(Schema.Int) }
) {
  override get message(): string {
    return `The payload${this.index === undefined ? "" : ` at index ${this.index}`} of task ${this.taskName} ` +
      `does not match its schema: ${this.issue}`
  }
}

/** The server is being stopped and takes no more submissions. */
export class ServerDraining extends Schema.TaggedError<ServerDraining>("cadre/task/TaskError/ServerDraining")(
  "ServerDraining",
  {}
) {
  override get message(): string {
    return "The server is draining: it finishes what it has and accepts no more tasks"
  }
}

/** The server keeps as many tasks as it may: try again once some have ended. */
export class ServerFull extends Schema.TaggedError<ServerFull>("cadre/task/TaskError/ServerFull")(
  "ServerFull",
  { reason: Schema.String }
) {
  override get message(): string {
    return `The server is full: ${this.reason}. Submit again when tasks have ended, or give it more room`
  }
}

/** The same idempotency key came with another payload. */
export class Conflict extends Schema.TaggedError<Conflict>("cadre/task/TaskError/Conflict")(
  "Conflict",
  { taskName: Schema.String, key: Schema.String }
) {
  override get message(): string {
    return `Task ${this.taskName} was submitted before with the idempotency key "${this.key}" and another payload`
  }
}

/** Tasks that were to follow one another in a circle: none of them could ever start. */
export class DependencyCycle extends Schema.TaggedError<DependencyCycle>("cadre/task/TaskError/DependencyCycle")(
  "DependencyCycle",
  { cycle: Schema.Array(Schema.String) }
) {
  override get message(): string {
    return `These tasks wait for each other: ${this.cycle.join(" -> ")}`
  }
}

/** A task was to follow one that the server does not know, or has forgotten. */
export class UnknownDependency extends Schema.TaggedError<UnknownDependency>("cadre/task/TaskError/UnknownDependency")(
  "UnknownDependency",
  { taskName: Schema.String, dependency: Schema.String }
) {
  override get message(): string {
    return `Task ${this.taskName} is to follow ${this.dependency}, which is not known here`
  }
}

/** One limit was given two sizes: a name must mean the same everywhere. */
export class LimitMismatch extends Schema.TaggedError<LimitMismatch>("cadre/task/TaskError/LimitMismatch")(
  "LimitMismatch",
  { taskName: Schema.String, limit: Schema.String }
) {
  override get message(): string {
    return `Task ${this.taskName} gives the limit "${this.limit}" another size than a task before it`
  }
}

/** A field was to be another task's result, which is of another type. */
export class RefMismatch extends Schema.TaggedError<RefMismatch>("cadre/task/TaskError/RefMismatch")(
  "RefMismatch",
  { taskName: Schema.String, field: Schema.String, source: Schema.String, reason: Schema.String }
) {
  override get message(): string {
    return `Field ${this.field} of task ${this.taskName} cannot be the result of task ${this.source}: ${this.reason}`
  }
}

/** Why a submission was refused as a whole, before any state changed. */
export const SubmitError = Schema.Union([
  ConnectionLost,
  NoExecutor,
  UnknownTask,
  PayloadInvalid,
  ServerDraining,
  ServerFull,
  Conflict,
  DependencyCycle,
  UnknownDependency,
  LimitMismatch,
  RefMismatch
])
export type SubmitError = typeof SubmitError.Type

/** Why an accepted task ended without the handler's own result or error; a defect of the handler stays a defect. */
export const EndError = Schema.Union([
  ConnectionLost,
  ExecutorLost,
  TaskTimedOut,
  TaskExpired,
  TaskInterrupted,
  TaskQuarantined,
  DependencyFailed
])
export type EndError = typeof EndError.Type

/** All that `run` may fail with beside the task's own errors and, for at-most-once tasks, `MaybeExecuted`. */
export type TaskError = SubmitError | EndError
