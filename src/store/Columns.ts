/**
 * Columns of numbers and runs of bytes, one after the other in one buffer. Each
 * column takes as few bytes as hold its numbers exactly.
 *
 * @since 0.1.0
 */

/** How the numbers of a column lie: all alike; as distances from the least; runs of what is alike; as they are. */
const Mode = { same: 0, bytes: 1, shorts: 2, words: 3, runs: 4, plain: 5 } as const

// Typed arrays must begin at multiples of their numbers' size.
const aligned = (at: number): number => (at + 7) & ~7

const isWhole = (value: number): boolean => Math.floor(value) === value && (value !== 0 || 1 / value > 0)

/** Writes columns into a buffer that grows. */
export class ColumnWriter {
  #bytes: Uint8Array<ArrayBuffer>
  #end = 0

  /** `size` is what it will probably come to. */
  constructor(size: number) {
    this.#bytes = new Uint8Array(aligned(size))
  }

  #reserve(count: number): number {
    const at = aligned(this.#end)
    const end = at + count
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(aligned(Math.max(end, this.#bytes.length * 2)))
      larger.set(this.#bytes.subarray(0, this.#end))
      this.#bytes = larger
    }
    this.#end = end
    return at
  }

  /** One number, which is read with `number`. */
  number(value: number): void {
    const at = this.#reserve(8)
    new Float64Array(this.#bytes.buffer, at, 1)[0] = value
  }

  /** Any numbers; whoever reads them knows how many there are. */
  numbers(values: Float64Array): void {
    const count = values.length
    if (count === 0) return
    let [least, most] = [Infinity, -Infinity]
    let runs = 1
    let whole = true
    let last = values[0]!
    for (let index = 0; index < count; index++) {
      const value = values[index]!
      if (value < least) least = value
      if (value > most) most = value
      if (whole && !isWhole(value)) whole = false
      if (value !== last && !Object.is(value, last)) runs++
      // A change of the sign of 0 alone.
      else if (value === 0 && !Object.is(value, last)) runs++
      last = value
    }
    if (runs === 1) {
      this.#head(Mode.same, last)
      return
    }
    const range = whole ? most - least : Infinity
    const width = range < 2 ** 8 ? 1 : range < 2 ** 16 ? 2 : range < 2 ** 32 ? 4 : 8
    if (runs * 12 < count * width) return this.#runs(values, runs)
    if (width === 8) {
      this.#head(Mode.plain, 0)
      const at = this.#reserve(8 * count)
      new Float64Array(this.#bytes.buffer, at, count).set(values)
      return
    }
    this.#head(width === 1 ? Mode.bytes : width === 2 ? Mode.shorts : Mode.words, least)
    const at = this.#reserve(width * count)
    const { buffer } = this.#bytes
    const places = width === 1
      ? new Uint8Array(buffer, at, count)
      : width === 2
      ? new Uint16Array(buffer, at, count)
      : new Uint32Array(buffer, at, count)
    for (let index = 0; index < count; index++) places[index] = values[index]! - least
  }

  #head(mode: number, base: number): void {
    const at = this.#reserve(16)
    const head = new Float64Array(this.#bytes.buffer, at, 2)
    head[0] = mode
    head[1] = base
  }

  #runs(values: Float64Array, runs: number): void {
    this.#head(Mode.runs, runs)
    const valuesAt = this.#reserve(8 * runs)
    const endsAt = this.#reserve(4 * runs)
    const each = new Float64Array(this.#bytes.buffer, valuesAt, runs)
    const ends = new Uint32Array(this.#bytes.buffer, endsAt, runs)
    let run = 0
    for (let index = 1; index <= values.length; index++) {
      const value = values[index - 1]!
      if (index < values.length && Object.is(values[index], value)) continue
      each[run] = value
      ends[run++] = index
    }
  }

  /** So many bytes, to be filled by whoever asks; valid until the next call. */
  room(count: number): Uint8Array {
    const at = this.#reserve(count)
    return this.#bytes.subarray(at, at + count)
  }

  /** All that was written. */
  take(): Uint8Array {
    return this.#bytes.subarray(0, this.#end)
  }
}

/** Reads what a `ColumnWriter` wrote, in the same order; throws a `RangeError` where something is missing. */
export class ColumnReader {
  readonly #bytes: Uint8Array
  #end = 0

  constructor(bytes: Uint8Array) {
    // A view into another buffer may begin anywhere.
    this.#bytes = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice()
  }

  #next(count: number): number {
    const at = aligned(this.#end)
    if (!(count >= 0) || at + count > this.#bytes.length) throw new RangeError("a column is cut off")
    this.#end = at + count
    return this.#bytes.byteOffset + at
  }

  number(): number {
    return new Float64Array(this.#bytes.buffer, this.#next(8), 1)[0]!
  }

  numbers(count: number): Float64Array {
    if (count === 0) return new Float64Array()
    const head = new Float64Array(this.#bytes.buffer, this.#next(16), 2)
    const mode = head[0]!
    const base = head[1]!
    const { buffer } = this.#bytes
    switch (mode) {
      case Mode.same:
        return new Float64Array(count).fill(base)
      case Mode.bytes:
        return this.#from(new Uint8Array(buffer, this.#next(count), count), base)
      case Mode.shorts:
        return this.#from(new Uint16Array(buffer, this.#next(2 * count), count), base)
      case Mode.words:
        return this.#from(new Uint32Array(buffer, this.#next(4 * count), count), base)
      case Mode.runs:
        return this.#runs(count, base)
      case Mode.plain:
        return new Float64Array(buffer, this.#next(8 * count), count)
      default:
        throw new RangeError(`a column is in a form ${mode} that is not known`)
    }
  }

  #from(places: Uint8Array | Uint16Array | Uint32Array, base: number): Float64Array {
    const values = new Float64Array(places.length)
    for (let index = 0; index < places.length; index++) values[index] = base + places[index]!
    return values
  }

  #runs(count: number, runs: number): Float64Array {
    const each = new Float64Array(this.#bytes.buffer, this.#next(8 * runs), runs)
    const ends = new Uint32Array(this.#bytes.buffer, this.#next(4 * runs), runs)
    const values = new Float64Array(count)
    let from = 0
    for (let run = 0; run < runs; run++) {
      values.fill(each[run]!, from, ends[run])
      from = ends[run]!
    }
    return values
  }

  /** A view of so many bytes. */
  bytes(count: number): Uint8Array {
    const at = this.#next(count)
    return new Uint8Array(this.#bytes.buffer, at, count)
  }
}
