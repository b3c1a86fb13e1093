/**
 * What a person sees of a server: tasks, submissions, executors. All of it is
 * plain data; times are in milliseconds since 1970, absent where not reached.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { LogLine } from "../task/LogLine.ts"
import { Loss, Outcome } from "../task/Outcome.ts"
import { Requirement } from "../task/TaskSpec.ts"

const Time = Schema.Number

/** Where a task is on its way; the last ten are how it ended. */
export const TaskStatus = Schema.Literals([
  "queued",
  "delayed",
  "assigned",
  "running",
  "stopping",
  "held",
  "succeeded",
  "failed",
  "crashed",
  "interrupted",
  "timedOut",
  "expired",
  "lost",
  "maybeExecuted",
  "dependencyFailed",
  "quarantined"
])
export type TaskStatus = typeof TaskStatus.Type

/** One task in a list. */
export const TaskRow = Schema.Struct({
  id: Schema.String,
  taskName: Schema.String,
  library: Schema.String,
  submission: Schema.String,
  status: TaskStatus,
  epoch: Schema.Int,
  executorId: Schema.optionalKey(Schema.String),
  submittedAt: Time,
  startedAt: Schema.optionalKey(Time),
  endedAt: Schema.optionalKey(Time)
})
export type TaskRow = typeof TaskRow.Type

/** One step of a task's story. */
export const TaskStep = Schema.Struct({
  at: Time,
  kind: Schema.String,
  epoch: Schema.Int,
  executorId: Schema.optionalKey(Schema.String),
  detail: Schema.optionalKey(Schema.String)
})
export type TaskStep = typeof TaskStep.Type

/** All about one task; `missing` is what no executor offers. */
export const TaskView = Schema.Struct({
  ...TaskRow.fields,
  submitter: Schema.String,
  requirement: Requirement,
  priority: Schema.Number,
  deadline: Schema.optionalKey(Time),
  index: Schema.Int,
  steps: Schema.Array(TaskStep),
  outcome: Schema.optionalKey(Outcome),
  losses: Schema.Array(Loss),
  payloadSize: Schema.optionalKey(Schema.Int)
})
export type TaskView = typeof TaskView.Type

/** Why a task is not running, or why it ended like that: a sentence, and what to do where something can be done. */
export const Reason = Schema.Struct({
  id: Schema.String,
  status: TaskStatus,
  because: Schema.Array(Schema.String),
  mend: Schema.Array(Schema.String)
})
export type Reason = typeof Reason.Type

/** A submission in a list. */
export const SubmissionRow = Schema.Struct({
  id: Schema.String,
  submitter: Schema.String,
  submittedAt: Time,
  taskNames: Schema.Array(Schema.String),
  total: Schema.Int,
  queued: Schema.Int,
  running: Schema.Int,
  succeeded: Schema.Int,
  failed: Schema.Int,
  cancelled: Schema.Int,
  isEnded: Schema.Boolean
})
export type SubmissionRow = typeof SubmissionRow.Type

/** An executor in a list; `load` is how busy it says it is, from 0 to 1. */
export const ExecutorRow = Schema.Struct({
  executorId: Schema.String,
  nodeId: Schema.String,
  pid: Schema.optionalKey(Schema.Int),
  slots: Schema.Int,
  running: Schema.Int,
  held: Schema.Int,
  isDraining: Schema.Boolean,
  isConnected: Schema.Boolean,
  libraries: Schema.Array(Schema.String),
  labels: Schema.Array(Schema.String),
  services: Schema.Array(Schema.String),
  joinedAt: Time
})
export type ExecutorRow = typeof ExecutorRow.Type

/** The server itself, on one screen. */
export const ServerView = Schema.Struct({
  version: Schema.String,
  pid: Schema.Int,
  generation: Schema.Int,
  startedAt: Time,
  addresses: Schema.Array(Schema.String),
  store: Schema.String,
  isDurable: Schema.Boolean,
  isDraining: Schema.Boolean,
  memory: Schema.Int,
  submitters: Schema.Int,
  queued: Schema.Int,
  running: Schema.Int,
  ended: Schema.Int,
  failed: Schema.Int,
  refused: Schema.Int,
  executors: Schema.Array(ExecutorRow),
  /** Only when something is wrong. */
  alerts: Schema.Array(Schema.String)
})
export type ServerView = typeof ServerView.Type

/** Which tasks: by id, by submission, the newest, all that ended badly, or every one that has not ended. */
export const Selector = Schema.Union([
  Schema.TaggedStruct("Tasks", { ids: Schema.Array(Schema.String) }),
  Schema.TaggedStruct("Submission", { id: Schema.String }),
  Schema.TaggedStruct("Last", {}),
  Schema.TaggedStruct("Failed", {}),
  Schema.TaggedStruct("All", {})
])
export type Selector = typeof Selector.Type

/** Which tasks a list has, the newest first. */
export const TaskQuery = Schema.Struct({
  selector: Selector,
  status: Schema.optionalKey(Schema.Array(TaskStatus)),
  taskName: Schema.optionalKey(Schema.String),
  /** What `next` of the page before said. */
  below: Schema.optionalKey(Schema.Int),
  limit: Schema.Int
})
export type TaskQuery = typeof TaskQuery.Type

/** A page of tasks. */
export const TaskPage = Schema.Struct({ items: Schema.Array(TaskRow), next: Schema.optionalKey(Schema.Int) })
export type TaskPage = typeof TaskPage.Type

/** A page of submissions. */
export const SubmissionPage = Schema.Struct({
  items: Schema.Array(SubmissionRow),
  next: Schema.optionalKey(Schema.Int)
})
export type SubmissionPage = typeof SubmissionPage.Type

/** How a task of a submission ended, for who was not connected; `sequence` grows. */
export const ResultRow = Schema.Struct({
  id: Schema.String,
  taskName: Schema.String,
  index: Schema.Int,
  sequence: Schema.Int,
  outcome: Outcome
})
export type ResultRow = typeof ResultRow.Type

/** A page of results. */
export const ResultPage = Schema.Struct({ items: Schema.Array(ResultRow), next: Schema.optionalKey(Schema.Int) })
export type ResultPage = typeof ResultPage.Type

/** A line of a task's log, with the attempt that wrote it. */
export const TaskLine = Schema.Struct({ epoch: Schema.Int, line: LogLine })
export type TaskLine = typeof TaskLine.Type

/** How many tasks an order reached. */
export const Affected = Schema.Struct({ tasks: Schema.Int, ids: Schema.Array(Schema.String) })
export type Affected = typeof Affected.Type

/** There is no such task, submission or executor here. */
export class NotFound extends Schema.TaggedError<NotFound>("cadre/operate/View/NotFound")("NotFound", {
  what: Schema.Literals(["task", "submission", "executor", "schedule"]),
  id: Schema.String
}) {
  override get message(): string {
    return `There is no ${this.what} ${this.id} here: it was forgotten, or never was`
  }
}

/** The server cannot answer now: its store failed, or it is ending. */
export class Unavailable extends Schema.TaggedError<Unavailable>("cadre/operate/View/Unavailable")("Unavailable", {
  reason: Schema.String
}) {
  override get message(): string {
    return `The server cannot answer: ${this.reason}`
  }
}
