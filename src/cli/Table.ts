/**
 * Rows for people.
 *
 * @since 0.1.0
 */
import { displayWidth } from "effect/cli/CliOutput"

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const controls = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** The text with control characters spelt out, those that turn the direction of writing too, so that data cannot drive the terminal. */
export const plain = (text: string): string =>
  text.replace(controls, (character) => {
    const code = character.charCodeAt(0).toString(16)
    return code.length > 2 ? `\\u${code.padStart(4, "0")}` : `\\x${code.padStart(2, "0")}`
  })

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

/** A table with what its columns are called, which is not data. */
export interface Listing {
  readonly header: string
  readonly text: string
}

/** Rows under a header. What is in their cells cannot drive the terminal. */
export const listing = (header: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): Listing => {
  const [first = "", ...rest] = table([header, ...rows.map((row) => row.map(plain))]).split("\n")
  return { header: first, text: rest.join("\n") }
}

/** Names with what is known under them, those aside of which nothing is. */
export const facts = (rows: ReadonlyArray<readonly [name: string, value: string | undefined]>): string =>
  table(rows.flatMap(([name, value]) => value === undefined ? [] : [[name, plain(value)]]))
