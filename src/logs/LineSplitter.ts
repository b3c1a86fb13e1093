/**
 * Makes lines of bytes that come in pieces of any size.
 *
 * @since 0.1.0
 */
import { wholeCharacters } from "./Utf8.ts"

/** Who takes the lines. */
export interface LineReader {
  /** A line without its end; `size` is how many bytes it had with it. */
  readonly line: (text: string, size: number) => void
  /** So many bytes of the line before are too many. */
  readonly cut: (size: number) => void
}

const [newline, carriageReturn] = [0x0a, 0x0d]

/**
 * Lines end with a line feed, after which a carriage return may not be seen.
 * What is no UTF-8 is replaced, and nothing else is changed. A line that is too
 * long is read up to there at once; all that is kept meanwhile is one such line.
 */
export class LineSplitter {
  readonly #limit: number
  readonly #reader: LineReader
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true })
  #kept: Uint8Array | undefined
  /** Of the line that is too long; undefined while it is not. */
  #excess: number | undefined

  constructor(limit: number, reader: LineReader) {
    this.#limit = limit
    this.#reader = reader
  }

  add(bytes: Uint8Array): void {
    let start = 0
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start)) {
      this.#end(bytes.subarray(start, end))
      start = end + 1
    }
    if (start < bytes.length) this.#begin(bytes.subarray(start))
  }

  /** There will be no more: what has come of a line is one. */
  close(): void {
    const kept = this.#kept
    if (kept !== undefined && kept.length > this.#limit) this.#break(kept)
    else if (kept !== undefined) this.#read(kept, 0)
    if (this.#excess !== undefined) this.#reader.cut(this.#excess)
    this.#kept = undefined
    this.#excess = undefined
  }

  #begin(piece: Uint8Array): void {
    if (this.#excess !== undefined) {
      this.#excess += piece.length
      return
    }
    const line = this.#joined(piece)
    // Its end may be a carriage return more than the limit.
    if (line.length > this.#limit + 1) this.#break(line)
    else this.#kept = line === piece ? piece.slice() : line
  }

  #end(piece: Uint8Array): void {
    if (this.#excess !== undefined) {
      this.#reader.cut(this.#excess + piece.length + 1)
      this.#excess = undefined
      return
    }
    const line = this.#joined(piece)
    this.#kept = undefined
    const text = line.at(-1) === carriageReturn ? line.subarray(0, -1) : line
    if (text.length <= this.#limit) return this.#read(text, line.length - text.length + 1)
    this.#break(line)
    this.#reader.cut((this.#excess ?? 0) + 1)
    this.#excess = undefined
  }

  #break(line: Uint8Array): void {
    const size = wholeCharacters(line.subarray(0, this.#limit))
    this.#read(line.subarray(0, size), 0)
    this.#excess = line.length - size
    this.#kept = undefined
  }

  #read(text: Uint8Array, end: number): void {
    this.#reader.line(this.#decoder.decode(text), text.length + end)
  }

  #joined(piece: Uint8Array): Uint8Array {
    const kept = this.#kept
    if (kept === undefined) return piece
    const line = new Uint8Array(kept.length + piece.length)
    line.set(kept)
    line.set(piece, kept.length)
    return line
  }
}
