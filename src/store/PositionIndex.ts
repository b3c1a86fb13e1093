/**
 * Finds what a position belongs to: entries have positions in a row, and later
 * ones have greater ones.
 *
 * @since 0.1.0
 */

/** So many positions from the first on. */
export interface Spanned {
  readonly first: number
  readonly span: number
}

/** Sorted by the first position; adding at the end and finding the same again cost nothing to speak of. */
export class PositionIndex<A extends object> {
  #items: Array<A & Spanned> = []
  #gone = new Set<A>()
  #last: (A & Spanned) | undefined

  get size(): number {
    return this.#items.length - this.#gone.size
  }

  add(item: A & Spanned): void {
    if (item.first >= (this.#items.at(-1)?.first ?? -Infinity)) this.#items.push(item)
    else this.#items.splice(this.#place(item.first), 0, item)
  }

  remove(item: A & Spanned): void {
    if (this.#last === item) this.#last = undefined
    this.#gone.add(item)
    if (this.#gone.size < 64 || this.#gone.size * 2 < this.#items.length) return
    this.#items = this.#items.filter((each) => !this.#gone.has(each))
    this.#gone.clear()
  }

  /** Whatever has that position among its own. */
  find(position: number): (A & Spanned) | undefined {
    const last = this.#last
    if (last !== undefined && position >= last.first && position < last.first + last.span) return last
    // Those without a position of their own have the first of the next.
    for (let place = this.#place(position) - 1; place >= 0; place--) {
      const item = this.#items[place]!
      if (item.span === 0) continue
      if (position >= item.first + item.span || this.#gone.has(item)) return undefined
      return this.#last = item
    }
    return undefined
  }

  [Symbol.iterator](): Iterator<A & Spanned> {
    return this.#items.values().filter((item) => !this.#gone.has(item))
  }

  /** How many begin at or before that position. */
  #place(position: number): number {
    let [low, high] = [0, this.#items.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#items[middle]!.first <= position) low = middle + 1
      else high = middle
    }
    return low
  }
}
