/**
 * The output of a process on its way to those who follow it: its beginning is
 * kept for who comes later, and nobody makes it keep more than some.
 *
 * @since 0.1.0
 */
import type { ChildOutput, FeedPiece, OutputStream } from "./ChildOutput.ts"
import { LastLines, type OutputLine } from "./LineSplitter.ts"

/** What a piece of output costs beside its bytes. */
const overhead = 64

/** How far behind a reader may be, in bytes. */
export const readerBudget = 1_024 ** 2

/** Adds the mark of a cut, to the last one if that is of the same stream. */
const pushCut = (pieces: Array<FeedPiece>, stream: OutputStream, bytes: number): void => {
  const last = pieces.at(-1)
  if (last?._tag === "Cut" && last.stream === stream) {
    pieces[pieces.length - 1] = { _tag: "Cut", stream, bytes: last.bytes + bytes }
  } else pieces.push({ _tag: "Cut", stream, bytes })
}

/** The beginning of an output, up to so many bytes of each stream, and how much came after it. */
export class Beginning {
  readonly #limit: number
  readonly #pieces: Array<{ readonly stream: OutputStream; bytes: Uint8Array<ArrayBufferLike>; length: number }> = []
  readonly #spent = { stdout: 0, stderr: 0 }
  readonly #cut = { stdout: 0, stderr: 0 }
  readonly #isCut = { stdout: false, stderr: false }

  constructor(limit: number) {
    this.#limit = limit
  }

  add(stream: OutputStream, bytes: Uint8Array): void {
    const last = this.#pieces.at(-1)
    const goesOn = last?.stream === stream
    const room = this.#isCut[stream] ? 0 : this.#limit - this.#spent[stream] - (goesOn ? 0 : overhead)
    const kept = bytes.subarray(0, Math.max(0, room))
    if (kept.length < bytes.length) {
      this.#isCut[stream] = true
      this.#cut[stream] += bytes.length - kept.length
    }
    if (kept.length === 0) return
    this.#spent[stream] += kept.length + (goesOn ? 0 : overhead)
    if (last === undefined || !goesOn) {
      this.#pieces.push({ stream, bytes: kept.slice(), length: kept.length })
      return
    }
    const length = last.length + kept.length
    if (length > last.bytes.length) {
      const larger = new Uint8Array(Math.max(length, Math.min(2 * last.bytes.length, this.#limit)))
      larger.set(last.bytes.subarray(0, last.length))
      last.bytes = larger
    }
    last.bytes.set(kept, last.length)
    last.length = length
  }

  /** It goes on, but nobody knows how much of it there was. */
  lose(stream: OutputStream): void {
    this.#isCut[stream] = true
  }

  get pieces(): Array<ChildOutput> {
    const pieces = this.#pieces.map(({ bytes, length, stream }): ChildOutput => ({
      _tag: "Bytes",
      stream,
      // It may still grow in place behind this view, never within.
      bytes: bytes.subarray(0, length)
    }))
    for (const stream of ["stdout", "stderr"] as const) {
      if (this.#isCut[stream]) pieces.push({ _tag: "Cut", stream, bytes: this.#cut[stream] })
    }
    return pieces
  }
}

/** One who follows an output. */
export class FeedReader {
  readonly waits: boolean
  #pieces: Array<FeedPiece>
  #bytes = 0
  #isCutting = false
  #wake: (() => void) | undefined

  constructor(pieces: Array<FeedPiece>, waits: boolean) {
    this.#pieces = pieces
    this.waits = waits
  }

  /** Whether it is as far behind as it may be. */
  get isFull(): boolean {
    return this.#bytes >= readerBudget
  }

  push(piece: FeedPiece): void {
    if (piece._tag === "Break") this.#pieces.push(piece)
    else if (piece._tag === "Cut") pushCut(this.#pieces, piece.stream, piece.bytes)
    else if (!this.waits && (this.#isCutting || this.isFull)) {
      this.#isCutting = true
      pushCut(this.#pieces, piece.stream, piece.bytes.length)
    } else {
      this.#pieces.push(piece)
      this.#bytes += piece.bytes.length + overhead
    }
    this.wake()
  }

  /** Everything that there is for it. */
  take(): Array<FeedPiece> {
    const pieces = this.#pieces
    this.#pieces = []
    this.#bytes = 0
    this.#isCutting = false
    return pieces
  }

  /** Calls once, when there is something to take, or never will be. */
  onReady(wake: (() => void) | undefined): void {
    this.#wake = wake
  }

  wake(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}

/** The output of a process, and of those that follow when it is started again. */
export class Feed {
  readonly #limit: number
  readonly #readers = new Set<FeedReader>()
  readonly #last: LastLines
  #beginning: Beginning
  #isEnded = false
  /** Called when readers that wait have caught up. */
  onRoom: (() => void) | undefined

  /** Keeps so many bytes of the beginning of each stream, and so many of the last lines. */
  constructor(limit: number, lastLines: number) {
    this.#limit = limit
    this.#beginning = new Beginning(limit)
    this.#last = new LastLines(lastLines)
  }

  get lastLines(): ReadonlyArray<OutputLine> {
    return this.#last.lines
  }

  get beginning(): ReadonlyArray<ChildOutput> {
    return this.#beginning.pieces
  }

  /** Nothing more will come. */
  get isEnded(): boolean {
    return this.#isEnded
  }

  /** Whether somebody must be waited for. */
  get isFull(): boolean {
    for (const reader of this.#readers) if (reader.waits && reader.isFull) return true
    return false
  }

  /** The process has ended: nothing of its lines is held back any more. */
  close(): void {
    this.#last.add({ _tag: "Break" })
  }

  /** Another run of it begins: what was kept of the beginning of the last is forgotten. */
  begin(): void {
    this.#beginning = new Beginning(this.#limit)
    for (const reader of this.#readers) reader.push({ _tag: "Break" })
  }

  write(stream: OutputStream, bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#beginning.add(stream, bytes)
    this.#last.add({ _tag: "Bytes", stream, bytes })
    for (const reader of this.#readers) reader.push({ _tag: "Bytes", stream, bytes })
  }

  /** It was not read to its end. */
  lose(stream: OutputStream): void {
    this.#beginning.lose(stream)
    this.#last.add({ _tag: "Cut", stream, bytes: 0 })
    for (const reader of this.#readers) reader.push({ _tag: "Cut", stream, bytes: 0 })
  }

  end(): void {
    this.#isEnded = true
    for (const reader of this.#readers) reader.wake()
  }

  /** One who follows from the beginning, as far as that is kept. */
  follow(waits: boolean): FeedReader {
    const reader = new FeedReader(this.#beginning.pieces, waits)
    this.#readers.add(reader)
    return reader
  }

  /** What there is for a reader. */
  take(reader: FeedReader): Array<FeedPiece> {
    const wasFull = this.isFull
    const pieces = reader.take()
    if (wasFull && !this.isFull) this.onRoom?.()
    return pieces
  }

  leave(reader: FeedReader): void {
    const wasFull = this.isFull
    this.#readers.delete(reader)
    if (wasFull && !this.isFull) this.onRoom?.()
  }
}
