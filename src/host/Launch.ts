/**
 * Why a server that was started did not come up, in words.
 *
 * @since 0.1.0
 */

/** How its process ended before it was ready. */
export interface EarlyEnd {
  readonly code: number | null
  readonly signal: string | null
  /** The end of its log. */
  readonly lines: ReadonlyArray<string>
  readonly log: string
}

/** How many lines of a log are shown. */
const shown = 3

/** A line of a log as people read it: the message, where the line is of our own making. */
const sentence = (line: string): string => {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value !== "object" || value === null || !("message" in value)) return line
    return typeof value.message === "string" ? value.message : JSON.stringify(value.message)
  } catch {
    return line
  }
}

/** What to tell of what it wrote: what it logged last or, where the engine has said how it ended, that without its stack. */
const toldOf = (lines: ReadonlyArray<string>): ReadonlyArray<string> => {
  const written = lines.map((line) => line.trim()).filter((line) => line !== "")
  const thrown = written.findLast((line) => /^(?:FATAL )?\w*(?:Error|ERROR)\b(?: \[\w+\])?:/.test(line))
  return thrown === undefined ? written.slice(-shown).map(sentence) : [thrown]
}

/** In words. */
export const earlyEndText = ({ code, lines, log, signal }: EarlyEnd): string => {
  const how = signal === null ? `exit code ${code}` : `killed by ${signal}`
  const last = toldOf(lines)
  return `it was started and ended before it was ready (${how})${last.length === 0 ? "" : `: ${last.join(" / ")}`}. ` +
    `Its log is ${log}`
}

/** Whether to try once more: somebody has killed it, and it did not end by itself. */
export const isKilled = ({ signal }: Pick<EarlyEnd, "signal">): boolean => signal !== null
