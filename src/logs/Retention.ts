/**
 * What is kept of a log: all of it up to the limits; then nothing, but for the
 * last lines of one that ends badly. Where something is left out stands a mark
 * that says how much, so that what is kept, with the marks, accounts for every
 * line in order.
 *
 * @since 0.1.0
 */
import type { LogLine } from "../task/LogLine.ts"
import type { LogLimits } from "./LogLimits.ts"

/** Where a log goes. */
export interface LogSink {
  readonly emit: (line: LogLine, size: number) => void
  /** Whether there is room for so much at the moment. */
  readonly hasRoom: (size: number) => boolean
  /** Whether so much may be sent although there is none. */
  readonly mayOwe: (size: number) => boolean
  /** Lines are being left out. */
  readonly withheld?: (retention: Retention) => void
}

/** A line and how many bytes it has. */
export interface Sized {
  readonly line: LogLine
  readonly size: number
}

type Limits = Pick<LogLimits, "bytes" | "lastBytes" | "lastLines" | "line" | "lines" | "rate">

const amount = (count: number, unit: string): string =>
  `${count.toLocaleString("en")} ${count === 1 ? unit : `${unit}s`}`

/** Stands where so much was left out. */
export const mark = (time: number, lines: number, bytes: number, why: string): LogLine => ({
  time,
  level: "Warn",
  message: `${lines === 0 ? amount(bytes, "byte") : `${amount(lines, "line")} (${amount(bytes, "byte")})`} ` +
    `left out here: ${why}`,
  annotations: {},
  dropped: bytes
})

/** One log. */
export class Retention {
  readonly #limits: Limits
  readonly #sink: LogSink
  #lines = 0
  #bytes = 0
  #isFull = false
  /** What is left out since the last line that was kept, and why. */
  #missingLines = 0
  #missingBytes = 0
  #why = ""
  /** The end of what is left out, from `#first` on. */
  #last: Array<Sized> = []
  #first = 0
  #lastBytes = 0

  constructor(limits: Limits, sink: LogSink) {
    this.#limits = limits
    this.#sink = sink
  }

  add(line: LogLine, size: number): void {
    const { bytes, lines, rate } = this.#limits
    if (this.#isFull || this.#lines >= lines || this.#bytes + size > bytes) {
      this.#isFull = true
      return this.#miss(line, size, `a log has ${amount(lines, "line")} and ${amount(bytes, "byte")} at most`)
    }
    if (!this.#sink.hasRoom(size)) {
      return this.#miss(line, size, `an executor sends ${amount(rate, "byte")} a second at most`)
    }
    if (this.#missingBytes > 0) {
      this.#mark(line.time)
      this.#forget()
    }
    this.#lines++
    this.#bytes += size
    this.#sink.emit(line, size)
  }

  /** So many bytes of the line before were too many. */
  cut(size: number): void {
    if (this.#missingBytes === 0) this.#why = `a line has ${amount(this.#limits.line, "byte")} at most`
    this.#missingBytes += size
  }

  /** What would be kept as well if it ended badly now: a mark and a few lines. */
  withheld(time: number, most: number): ReadonlyArray<LogLine> {
    const last = this.#last.slice(this.#first).slice(-most)
    const bytes = last.reduce((sum, { size }) => sum + size, 0)
    const lines = last.map(({ line }) => line)
    if (this.#missingBytes === bytes) return lines
    return [mark(time, this.#missingLines - last.length, this.#missingBytes - bytes, this.#why), ...lines]
  }

  /** There will be no more; the last lines are worth having if it ended badly. */
  end(time: number, isBad: boolean): void {
    if (this.#missingBytes === 0) return
    const last = this.#last.slice(this.#first)
    const isSent = isBad && last.length > 0 && this.#sink.mayOwe(this.#lastBytes)
    if (isSent) {
      this.#missingLines -= last.length
      this.#missingBytes -= this.#lastBytes
    }
    if (this.#missingBytes > 0) this.#mark(time)
    if (isSent) { for (const { line, size } of last) this.#sink.emit(line, size) }
    this.#forget()
  }

  #miss(line: LogLine, size: number, why: string): void {
    // Whatever came first is why the rest is missing, too.
    if (this.#missingBytes === 0 || this.#isFull) this.#why = why
    this.#missingLines++
    this.#missingBytes += size
    this.#last.push({ line, size })
    this.#lastBytes += size
    this.#trim()
    this.#sink.withheld?.(this)
  }

  #trim(): void {
    const { lastBytes, lastLines } = this.#limits
    while (this.#last.length - this.#first > lastLines || this.#lastBytes > lastBytes) {
      this.#lastBytes -= this.#last[this.#first++]?.size ?? 0
      if (this.#first >= this.#last.length) break
    }
    if (this.#first < lastLines) return
    this.#last = this.#last.slice(this.#first)
    this.#first = 0
  }

  #mark(time: number): void {
    this.#sink.emit(mark(time, this.#missingLines, this.#missingBytes, this.#why), 0)
    this.#missingLines = 0
    this.#missingBytes = 0
  }

  #forget(): void {
    this.#missingLines = 0
    this.#missingBytes = 0
    this.#last = []
    this.#first = 0
    this.#lastBytes = 0
  }
}
