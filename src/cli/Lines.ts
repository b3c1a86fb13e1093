/**
 * The lines of a file of payloads: one JSON value a line, blank lines aside.
 *
 * @since 0.1.0
 */
import { Result } from "effect"

/** Characters of a line that is quoted in a message. */
const quoted = 60

/** The start of a text, on one line. */
export const excerpt = (text: string): string => {
  const line = text.replace(/\s+/g, " ").trim()
  return line.length <= quoted ? line : `${line.slice(0, quoted)}…`
}

/** Reads a JSON value, or says in words what is wrong with the text, and where. */
export const readJson = (text: string): Result.Result<unknown, string> => {
  try {
    return Result.succeed(JSON.parse(text))
  } catch (error) {
    const { message } = error as SyntaxError
    // The engine quotes the whole text in some messages; the place is what helps.
    const position = /position (\d+)/.exec(message)?.[1]
    const place = position === undefined ? "" : ` at character ${Number(position) + 1}`
    const what = message.replace(/,? *(?:\.\.\.)?".*" is not valid JSON$/s, "").replace(
      / (?:in JSON )?at position.*$/s,
      ""
    )
    return Result.fail(`It is not JSON (${what}${place}): ${excerpt(text)}`)
  }
}

/** Finds the line of the payload with some index again, where blank and bad lines lie between. */
export class LineNumbers {
  /** For each line without a payload, how many payloads were before it: ascending. */
  readonly #gaps: Array<number> = []
  #payloads = 0

  /** How many lines there have been. */
  get lines(): number {
    return this.#payloads + this.#gaps.length
  }

  /** How many payloads there have been. */
  get payloads(): number {
    return this.#payloads
  }

  /** The next line has a payload, or has none. */
  add(hasPayload: boolean): void {
    if (hasPayload) this.#payloads++
    else this.#gaps.push(this.#payloads)
  }

  /** The line, counted from 1, of the payload that is counted from 0. */
  of(index: number): number {
    let [low, high] = [0, this.#gaps.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#gaps[middle] ?? 0) <= index) low = middle + 1
      else high = middle
    }
    return index + 1 + low
  }
}
