/**
 * Bytes of two streams into lines of text.
 *
 * @since 0.1.0
 */
import type { FeedPiece, OutputStream } from "./ChildOutput.ts"

/**
 * A line without its end. `cut` is whether output was left out before it. One
 * that `isPart` is too long and goes on in the next; bytes that are no UTF-8
 * have become U+FFFD.
 */
export interface OutputLine {
  readonly stream: OutputStream
  readonly text: string
  readonly cut: boolean
  readonly isPart: boolean
}

/** The most characters of a line. */
export const longestLine = 16_384

/** One stream's state. */
class Splitting {
  readonly #stream: OutputStream
  /** A byte-order mark is output like any other. */
  #decoder = new TextDecoder("utf-8", { ignoreBOM: true })
  /** The pieces of a line that has not ended. */
  #pieces: Array<string> = []
  #length = 0
  #isCut = false

  constructor(stream: OutputStream) {
    this.#stream = stream
  }

  #line(text: string, isPart: boolean): OutputLine {
    const line = { stream: this.#stream, text, cut: this.#isCut, isPart }
    this.#isCut = false
    return line
  }

  /** The line as far as it has come, with what follows, in pieces that are not too long. */
  #close(into: Array<OutputLine>, last: string, isEnd: boolean): void {
    this.#pieces.push(last)
    let text = this.#pieces.length === 1 ? last : this.#pieces.join("")
    this.#pieces = []
    this.#length = 0
    while (text.length > longestLine) {
      const code = text.charCodeAt(longestLine - 1)
      const at = code >= 0xd800 && code < 0xdc00 ? longestLine - 1 : longestLine
      into.push(this.#line(text.slice(0, at), true))
      text = text.slice(at)
    }
    if (isEnd) into.push(this.#line(text.endsWith("\r") ? text.slice(0, -1) : text, false))
    else if (text !== "") {
      this.#pieces.push(text)
      this.#length = text.length
    }
  }

  #text(into: Array<OutputLine>, text: string): void {
    let start = 0
    for (;;) {
      const end = text.indexOf("\n", start)
      if (end < 0) break
      this.#close(into, text.slice(start, end), true)
      start = end + 1
    }
    if (start === text.length) return
    const rest = text.slice(start)
    this.#length += rest.length
    if (this.#length > longestLine) this.#close(into, rest, false)
    else this.#pieces.push(rest)
  }

  add(into: Array<OutputLine>, bytes: Uint8Array): void {
    this.#text(into, this.#decoder.decode(bytes, { stream: true }))
  }

  /** What was held back for more to come: a line without its end, half a character. */
  flush(into: Array<OutputLine>): void {
    this.#text(into, this.#decoder.decode())
    if (this.#pieces.length > 0) this.#close(into, "", true)
  }

  cut(into: Array<OutputLine>): void {
    this.flush(into)
    this.#isCut = true
  }

  /** Whether a mark has not been told of, as no line came after it. */
  get isCut(): boolean {
    return this.#isCut
  }

  /** An empty line with the mark. */
  mark(into: Array<OutputLine>): void {
    into.push(this.#line("", false))
  }
}

/** Makes lines of output as it comes. */
export class LineSplitter {
  readonly #streams = { stdout: new Splitting("stdout"), stderr: new Splitting("stderr") }

  /** The lines that a piece completes. */
  add(piece: FeedPiece): Array<OutputLine> {
    if (piece._tag === "Break") return this.end()
    const lines: Array<OutputLine> = []
    const stream = this.#streams[piece.stream]
    if (piece._tag === "Bytes") stream.add(lines, piece.bytes)
    else stream.cut(lines)
    return lines
  }

  /** What is left at the end: lines that were not ended, and marks that no line came after. */
  end(): Array<OutputLine> {
    const lines: Array<OutputLine> = []
    for (const stream of [this.#streams.stdout, this.#streams.stderr]) {
      stream.flush(lines)
      if (stream.isCut) stream.mark(lines)
    }
    return lines
  }
}

/** The most characters of a line that is kept among the last ones. */
const longestKept = 1_024

/** The last lines of an output, long ones cut. */
export class LastLines {
  readonly #most: number
  readonly #splitter = new LineSplitter()
  readonly #lines: Array<OutputLine> = []

  constructor(most: number) {
    this.#most = most
  }

  add(piece: FeedPiece): void {
    if (this.#most > 0) this.#keep(this.#splitter.add(piece))
  }

  #keep(lines: ReadonlyArray<OutputLine>): void {
    for (const line of lines.slice(-this.#most)) {
      const { text } = line
      this.#lines.push(text.length <= longestKept ? line : { ...line, text: `${text.slice(0, longestKept)}…` })
    }
    if (this.#lines.length > this.#most) this.#lines.splice(0, this.#lines.length - this.#most)
  }

  get lines(): ReadonlyArray<OutputLine> {
    return [...this.#lines]
  }
}
