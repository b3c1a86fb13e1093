/**
 * Tasks in a list.
 *
 * @since 0.1.0
 */
import type { TaskRow } from "../operate/View.ts"
import { durationText } from "./Quantity.ts"
import { type Listing, listing } from "./Table.ts"
import { type LocalTime, timeText, withIso } from "./TimeText.ts"

/** How long it ran, or has run so far; undefined if it never did. */
const tookOf = ({ endedAt, startedAt }: TaskRow, now: number): number | undefined =>
  startedAt === undefined ? undefined : Math.max(0, (endedAt ?? now) - startedAt)

/** One row each, the newest first as they come. */
export const taskList = (rows: ReadonlyArray<TaskRow>, local: LocalTime): Listing =>
  listing(
    ["TASK", "NAME", "STATUS", "ATTEMPT", "SUBMITTED", "TOOK", "EXECUTOR", "SUBMISSION"],
    rows.map((row) => {
      const took = tookOf(row, local.now)
      return [
        row.id,
        row.taskName,
        row.status,
        row.epoch === 0 ? "-" : String(row.epoch),
        timeText(row.submittedAt, local),
        took === undefined ? "-" : durationText(took),
        row.executorId ?? "-",
        row.submission
      ]
    })
  )

/** As JSON data, its times in ISO 8601. */
export const taskData = (row: TaskRow) => withIso(row, ["submittedAt", "startedAt", "endedAt"])
