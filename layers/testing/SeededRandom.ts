/**
 * Numbers that depend on nothing but a seed.
 *
 * @since 0.1.0
 */

/** Streams of one seed and different names have nothing to do with each other. */
export class SeededRandom {
  #state: number

  constructor(seed: number, name = "") {
    // FNV-1a over the name: a seed and the next one must not share a stream that is merely shifted.
    let state = Math.imul(seed ^ 0x9E37_79B9, 0x85EB_CA6B) >>> 0
    for (const char of name) state = Math.imul(state ^ (char.codePointAt(0) ?? 0), 0x0100_0193) >>> 0
    this.#state = state
  }

  /** At least 0 and below 1. */
  next(): number {
    // mulberry32 by Tommy Ettinger (public domain).
    this.#state = (this.#state + 0x6D2B_79F5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  /** A whole number of at least 0 and below the limit. */
  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  /** True in so many of all cases: 0 is never, 1 is always. */
  chance(share: number): boolean {
    return this.next() < share
  }

  /** One of them, unless there is none. */
  pick<A>(items: ReadonlyArray<A>): A | undefined {
    return items[this.below(items.length)]
  }

  /** From 1 to the limit; each order of magnitude is as likely as the next. */
  magnitude(limit: number): number {
    return Math.min(limit, Math.max(1, limit ** this.next()))
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256))
  }
}
