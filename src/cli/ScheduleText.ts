/**
 * Schedules in a list.
 *
 * @since 0.1.0
 */
import type { ScheduleRow } from "../operate/Schedule.ts"
import { type Listing, listing } from "./Table.ts"
import { type LocalTime, timeText, withIso } from "./TimeText.ts"

/** One row each. */
export const scheduleList = (rows: ReadonlyArray<ScheduleRow>, local: LocalTime): Listing =>
  listing(
    ["SCHEDULE", "TASK", "CRON", "TIME ZONE", "NEXT", "LAST", "LAST TASK", "CATCH-UP", "OVERLAP"],
    rows.map((row) => [
      row.id,
      `${row.library} ${row.taskName}`,
      row.cron,
      row.timeZone,
      row.isPaused ? "paused" : row.next === undefined ? "never" : timeText(row.next, local),
      row.last === undefined ? "-" : timeText(row.last, local),
      row.lastTask ?? "-",
      row.catchUp,
      row.overlap
    ])
  )

/** As JSON data. */
export const scheduleData = (row: ScheduleRow) => withIso(row, ["next", "last"])
