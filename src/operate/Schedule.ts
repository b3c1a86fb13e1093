/**
 * Tasks that a server submits by itself, again and again. Plain data; times are
 * in milliseconds since 1970.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { TaskSpec } from "../task/TaskSpec.ts"

/** What becomes of times that passed while no server ran: nothing, one task for all of them, or a task for each. */
export const CatchUp = Schema.Literals(["none", "one", "all"])
export type CatchUp = typeof CatchUp.Type

/** What becomes of a time at which the task of the one before has not ended: it is left out, waits, or cancels that task. */
export const Overlap = Schema.Literals(["skip", "queue", "cancel"])
export type Overlap = typeof Overlap.Type

const when = {
  /** Five fields, or six with seconds before them. */
  cron: Schema.String,
  /** A name such as `Europe/Rome`, or an offset such as `+02:00`. */
  timeZone: Schema.String,
  catchUp: CatchUp,
  overlap: Overlap
}

/** What to submit, and when. A schedule of the same `id` is replaced; without one the server makes one. */
export const ScheduleSpec = Schema.Struct({
  id: Schema.optionalKey(Schema.NonEmptyString),
  ...when,
  submitter: Schema.String,
  spec: TaskSpec,
  priority: Schema.Number,
  /** As the task's library encodes it. */
  payload: Schema.Uint8Array,
  /** Milliseconds from each time on after which its task expires. */
  deadline: Schema.optionalKey(Schema.Number)
})
export type ScheduleSpec = typeof ScheduleSpec.Type

/** A schedule in a list; `last` is when it submitted a task, `lastTask` the id of that. */
export const ScheduleRow = Schema.Struct({
  id: Schema.String,
  ...when,
  taskName: Schema.String,
  library: Schema.String,
  isPaused: Schema.Boolean,
  /** Absent while it is paused, and where no such time comes. */
  next: Schema.optionalKey(Schema.Number),
  last: Schema.optionalKey(Schema.Number),
  lastTask: Schema.optionalKey(Schema.String)
})
export type ScheduleRow = typeof ScheduleRow.Type

/** The schedule means nothing: its cron expression or its time zone cannot be read, or no such time ever comes. */
export class ScheduleRefused extends Schema.TaggedError<ScheduleRefused>("cadre/operate/Schedule/ScheduleRefused")(
  "ScheduleRefused",
  { reason: Schema.String }
) {
  override get message(): string {
    return `The schedule cannot be kept: ${this.reason}`
  }
}
