/**
 * Submissions: in a list, one by itself, and what came of its tasks.
 *
 * @since 0.1.0
 */
import type { ResultRow, SubmissionRow } from "../operate/View.ts"
import { endingData, endingText } from "./EndingText.ts"
import type { Progress } from "./Progress.ts"
import { countText, durationText, plural, rateText } from "./Quantity.ts"
import { facts, type Listing, listing } from "./Table.ts"
import { distanceText, type LocalTime, timeText, withIso } from "./TimeText.ts"

/** How many of its tasks have ended, in whatever way. */
export const endedOf = ({ cancelled, failed, succeeded }: SubmissionRow): number => succeeded + failed + cancelled

/** In a word. */
export const standingOf = (row: SubmissionRow): "ended" | "running" | "queued" =>
  row.isEnded ? "ended" : row.running > 0 || endedOf(row) > 0 ? "running" : "queued"

const namesText = (names: ReadonlyArray<string>): string =>
  names.length <= 3 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`

/** One row each. */
export const submissionList = (rows: ReadonlyArray<SubmissionRow>, local: LocalTime): Listing =>
  listing(
    ["SUBMISSION", "TASKS", "STATUS", "DONE", "FAILED", "RUNNING", "QUEUED", "SUBMITTED"],
    rows.map((row) => [
      row.id,
      namesText(row.taskNames),
      standingOf(row),
      `${countText(endedOf(row))} of ${countText(row.total)}`,
      countText(row.failed + row.cancelled),
      countText(row.running),
      countText(row.queued),
      timeText(row.submittedAt, local)
    ])
  )

/** All about one. */
export const submissionDetail = (row: SubmissionRow, local: LocalTime): string =>
  facts([
    ["Submission", row.id],
    ["Tasks", `${plural(row.total, "task")} ${namesText(row.taskNames)}`.trimEnd()],
    ["Status", standingOf(row)],
    ["Submitter", row.submitter],
    ["Submitted", distanceText(row.submittedAt, local)],
    ["Queued", countText(row.queued)],
    ["Running", countText(row.running)],
    ["Succeeded", countText(row.succeeded)],
    ["Failed", countText(row.failed)],
    ["Cancelled", countText(row.cancelled)]
  ])

/** As JSON data. */
export const submissionData = (row: SubmissionRow) => withIso(row, ["submittedAt"])

/** How far it is; `before` tasks had ended when somebody began to look. */
export const progressOf = (row: SubmissionRow, before: number): Progress => ({
  submitted: row.total,
  succeeded: row.succeeded,
  failed: row.failed + row.cancelled,
  running: row.running,
  total: row.isEnded ? endedOf(row) : row.total,
  before
})

/** What has become of it after a wait of so many milliseconds, of which `before` tasks had ended at the start. */
export const submissionSummary = (row: SubmissionRow, before: number, elapsed: number): string => {
  const done = endedOf(row)
  const rate = done > before ? ` (${rateText(done - before, elapsed)})` : ""
  return `${plural(done, "task")} after ${durationText(elapsed)}${rate}: ` + [
    `${countText(row.succeeded)} succeeded`,
    ...(row.failed > 0 ? [`${countText(row.failed)} failed`] : []),
    ...(row.cancelled > 0 ? [`${countText(row.cancelled)} cancelled`] : []),
    ...(row.total > done ? [`${countText(row.total - done)} not ended`] : [])
  ].join(", ")
}

/** How tasks ended, one row each. */
export const resultList = (rows: ReadonlyArray<ResultRow>, local: LocalTime): Listing =>
  listing(
    ["INDEX", "TASK", "NAME", "OUTCOME", ""],
    rows.map((row) => [
      String(row.index),
      row.id,
      row.taskName,
      row.outcome._tag,
      endingText(row.outcome, local).split("\n")[0] ?? ""
    ])
  )

/** The same as JSON data. */
export const resultData = ({ id, index, outcome, taskName }: ResultRow) => ({
  index,
  taskId: id,
  taskName,
  ...endingData(outcome)
})
