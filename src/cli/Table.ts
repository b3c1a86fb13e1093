/**
 * Rows for people.
 *
 * @since 0.1.0
 */
import { displayWidth } from "effect/cli/CliOutput"

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const controls = /[\u0000-\u001f\u007f-\u009f]/g

/** The text with control characters spelt out, so that data cannot drive the terminal. */
export const plain = (text: string): string =>
  text.replace(controls, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`)

/** Columns that line up, two spaces apart; the last is not padded. */
export const table = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths: Array<number> = []
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, displayWidth(cell))
  }
  return rows.map((row) =>
    row.map((cell, column) =>
      column === row.length - 1 ? cell : cell + " ".repeat((widths[column] ?? 0) - displayWidth(cell))
    ).join("  ").trimEnd()
  ).join("\n")
}
