/** Results as a table for people. */
import { ratio, type Result } from "./Figure.ts"

const number = (value: number): string => {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

const cells = (result: Result): ReadonlyArray<string> => {
  const { against, measured, name, target, unit } = result
  const reached = ratio(result)
  return [
    name,
    `${number(measured)} ${unit}`,
    target === undefined ? "" : "atLeast" in target ? `>= ${number(target.atLeast)}` : `<= ${number(target.atMost)}`,
    reached === undefined ? "" : number(reached),
    reached === undefined ? "" : reached >= 1 ? "met" : "missed",
    against === undefined
      ? ""
      : `${against.name}: ${number(against.measured)} (${number(measured / against.measured)} x)`
  ]
}

const header = ["figure", "measured", "target", "ratio", "", "against"]

/** A line for each result. The ratio is of target and measured: 1 is on target, above is better. */
export const table = (results: ReadonlyArray<Result>): string => {
  const rows = [header, ...results.map(cells)]
  const widths = header.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: ReadonlyArray<string>): string =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()
  return rows.map(line).join("\n")
}
