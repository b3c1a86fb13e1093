/**
 * Things under small numbers that are used again. A `Map` that many things pass
 * through costs more than its lookups: each time it is made anew, the old one
 * keeps what was in it from the young generation's collector.
 *
 * @since 0.1.0
 */

/** What is added gets the lowest number that was freed last, or a new one. */
export class Slots<A> {
  readonly #items: Array<A | undefined> = []
  readonly #free: Array<number> = []

  get size(): number {
    return this.#items.length - this.#free.length
  }

  add(item: A): number {
    const slot = this.#free.pop() ?? this.#items.length
    this.#items[slot] = item
    return slot
  }

  get(slot: number): A | undefined {
    return this.#items[slot]
  }

  delete(slot: number): void {
    if (this.#items[slot] === undefined) return
    this.#items[slot] = undefined
    this.#free.push(slot)
  }

  /** All of them, those that are added meanwhile perhaps not. */
  values(): ReadonlyArray<A> {
    return this.#items.filter((item) => item !== undefined)
  }
}
