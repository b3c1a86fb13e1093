/**
 * The last that each of several attempts wrote, for who has to say how it
 * ended when it cannot say so itself.
 *
 * @since 0.1.0
 */
import type { LogLine } from "../task/LogLine.ts"

/** How many lines of how many characters are kept. */
const [mostLines, mostCharacters] = [10, 500]

const excerpt = (text: string): string =>
  (text.length <= mostCharacters ? text : `${text.slice(0, mostCharacters - 1)}…`).toWellFormed()

/** As it goes with the reason for a loss; the marks of what was left out do not. */
export const lastLines = (lines: ReadonlyArray<LogLine>): ReadonlyArray<string> =>
  lines.filter(({ dropped }) => dropped === undefined).slice(-mostLines).map(({ message }) => excerpt(message))

/** The last lines of attempts, as long as somebody else knows of the attempt. */
export class LastLines<Attempt extends object> {
  readonly #lines = new WeakMap<Attempt, Array<LogLine>>()

  add(attempt: Attempt, line: LogLine): void {
    const lines = this.#lines.get(attempt)
    if (lines === undefined) this.#lines.set(attempt, [line])
    else {
      lines.push(line)
      if (lines.length > 2 * mostLines) lines.splice(0, mostLines)
    }
  }

  of(attempt: Attempt): ReadonlyArray<string> {
    return lastLines(this.#lines.get(attempt) ?? [])
  }
}
