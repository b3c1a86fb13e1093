/**
 * What a person, a page or a manager elsewhere asks of a server: `Operator`, as
 * calls.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import { ScheduleRefused, ScheduleRow, ScheduleSpec } from "../../operate/Schedule.ts"
import {
  Affected,
  ExecutorRow,
  NotFound,
  Reason,
  ResultPage,
  Selector,
  ServerView,
  SubmissionPage,
  SubmissionRow,
  TaskLine,
  TaskPage,
  TaskQuery,
  TaskView,
  Unavailable
} from "../../operate/View.ts"
import { ConnectionLost } from "../../task/TaskError.ts"
import { TaskSpecRow } from "../session/Specs.ts"
import { Permission } from "./Permission.ts"

const { String: Text, Int, Boolean: Bool, optionalKey } = Schema
const failed = Schema.Union([ConnectionLost, Unavailable])
const missing = Schema.Union([ConnectionLost, Unavailable, NotFound])
const refused = Schema.Union([ConnectionLost, Unavailable, ScheduleRefused])
const id = { id: Text }

/** A schedule as it is written. */
const ScheduleSpecRow = Schema.Struct({ ...ScheduleSpec.fields, spec: TaskSpecRow })

/** For those who were let in as operators. */
export const OperatorRpcs = RpcGroup.make(
  Rpc.make("operator.status", { success: ServerView, error: failed }),
  Rpc.make("operator.tasks", { payload: TaskQuery, success: TaskPage, error: missing }),
  Rpc.make("operator.task", { payload: id, success: TaskView, error: missing }),
  Rpc.make("operator.logs", { payload: { id: Text, follow: Bool }, success: TaskLine, error: missing, stream: true }),
  Rpc.make("operator.explain", { payload: id, success: Reason, error: missing }),
  Rpc.make("operator.cancel", { payload: { selector: Selector, by: Text }, success: Affected, error: missing }),
  Rpc.make("operator.retry", { payload: { selector: Selector }, success: Affected, error: missing }),
  Rpc.make("operator.submissions", {
    payload: { below: optionalKey(Int), limit: Int },
    success: SubmissionPage,
    error: failed
  }),
  Rpc.make("operator.submission", { payload: id, success: SubmissionRow, error: missing }),
  Rpc.make("operator.progress", { payload: id, success: SubmissionRow, error: missing, stream: true }),
  Rpc.make("operator.results", {
    payload: { submission: Text, after: Int, limit: Int },
    success: ResultPage,
    error: missing
  }),
  Rpc.make("operator.executors", { success: Schema.Array(ExecutorRow), error: failed }),
  Rpc.make("operator.drainExecutor", { payload: { id: Text, stop: Bool }, success: ExecutorRow, error: missing }),
  Rpc.make("operator.schedules", { success: Schema.Array(ScheduleRow), error: failed }),
  Rpc.make("operator.schedule", { payload: ScheduleSpecRow, success: ScheduleRow, error: refused }),
  Rpc.make("operator.removeSchedule", { payload: id, success: ScheduleRow, error: missing }),
  Rpc.make("operator.pauseSchedule", { payload: { id: Text, isPaused: Bool }, success: ScheduleRow, error: missing }),
  Rpc.make("operator.drain", { error: failed }),
  Rpc.make("operator.stop", { payload: { drain: Bool }, error: failed })
).middleware(Permission)
