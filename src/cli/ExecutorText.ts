/**
 * Executors in a list.
 *
 * @since 0.1.0
 */
import type { ExecutorRow } from "../operate/View.ts"
import { type Listing, listing } from "./Table.ts"
import { type LocalTime, timeText, withIso } from "./TimeText.ts"

/** In a word. */
const standingOf = ({ isConnected, isDraining, running }: ExecutorRow): string =>
  !isConnected ? "away" : isDraining ? "draining" : running > 0 ? "busy" : "idle"

/** One row each. */
export const executorList = (rows: ReadonlyArray<ExecutorRow>, local: LocalTime): Listing =>
  listing(
    ["EXECUTOR", "NODE", "PID", "STATUS", "RUNS", "WAITING", "SINCE", "LIBRARIES", "LABELS"],
    rows.map((row) => [
      row.executorId,
      row.nodeId,
      row.pid === undefined ? "-" : String(row.pid),
      standingOf(row),
      `${row.running} of ${row.slots}`,
      String(row.held),
      timeText(row.joinedAt, local),
      row.libraries.join(", ") || "-",
      row.labels.join(", ") || "-"
    ])
  )

/** As JSON data. */
export const executorData = (row: ExecutorRow) => withIso(row, ["joinedAt"])
