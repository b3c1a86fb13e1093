/**
 * Why a task does not run, or ended as it did.
 *
 * @since 0.1.0
 */
import type { Reason } from "../operate/View.ts"
import { plain } from "./Table.ts"

const list = (lines: ReadonlyArray<string>, sign: string): ReadonlyArray<string> =>
  lines.map((line) => `  ${sign} ${line.split("\n").map(plain).join("\n    ")}`)

/** Why, and what to do where something can be done. */
export const reasonText = ({ because, id, mend, status }: Reason): string =>
  [`${plain(id)} is ${status}`, ...list(because, "because"), ...list(mend, "->")].join("\n")
