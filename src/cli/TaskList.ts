/**
 * Tasks in a list.
 *
 * @since 0.1.0
 */
import type { TaskRow } from "../operate/View.ts"
import { durationText } from "./Quantity.ts"
import { type Listing, listing } from "./Table.ts"
import { type LocalTime, timeText, withIso } from "./TimeText.ts"

/** How long after it was submitted it ended, or is waited for by now. */
const tookOf = ({ endedAt, submittedAt }: TaskRow, now: number): number => Math.max(0, (endedAt ?? now) - submittedAt)

/** One row each, the newest first as they come. */
export const taskList = (rows: ReadonlyArray<TaskRow>, local: LocalTime): Listing =>
  listing(
    ["TASK", "NAME", "STATUS", "ATTEMPT", "SUBMITTED", "TOOK", "EXECUTOR", "SUBMISSION"],
    rows.map((row) => [
      row.id,
      row.taskName,
      row.status,
      row.epoch === 0 ? "-" : String(row.epoch),
      timeText(row.submittedAt, local),
      durationText(tookOf(row, local.now)),
      row.executorId ?? "-",
      row.submission
    ])
  )

/** As JSON data, its times in ISO 8601. */
export const taskData = (row: TaskRow) => withIso(row, ["submittedAt", "startedAt", "endedAt"])
