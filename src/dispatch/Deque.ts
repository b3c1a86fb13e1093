/**
 * A double-ended queue in a ring: the queues that tasks and executors stand in.
 * Effect's `MutableList` costs three times as much for the one-in, one-out
 * rotation that assigning is made of.
 *
 * @since 0.1.0
 */

/** Grows as needed and gives nothing back but what it held. */
export class Deque<A> {
  #items: Array<A | undefined> = [undefined, undefined, undefined, undefined]
  #head = 0
  length = 0

  push(item: A): void {
    if (this.length === this.#items.length) this.#grow()
    this.#items[(this.#head + this.length++) & (this.#items.length - 1)] = item
  }

  unshift(item: A): void {
    if (this.length === this.#items.length) this.#grow()
    this.#head = (this.#head - 1) & (this.#items.length - 1)
    this.#items[this.#head] = item
    this.length++
  }

  shift(): A | undefined {
    if (this.length === 0) return undefined
    const item = this.#items[this.#head]
    this.#items[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#items.length - 1)
    this.length--
    return item
  }

  peek(): A | undefined {
    return this.length === 0 ? undefined : this.#items[this.#head]
  }

  /** The item at that place in line, the first at 0. */
  at(index: number): A | undefined {
    return index < this.length ? this.#items[(this.#head + index) & (this.#items.length - 1)] : undefined
  }

  /** Moves the first to the end: the next one has its turn. */
  rotate(): void {
    if (this.length < 2) return
    const first = this.shift()
    if (first !== undefined) this.push(first)
  }

  /** Keeps those for which `isKept` says so, in their order. */
  filter(isKept: (item: A) => boolean): void {
    for (let left = this.length; left > 0; left--) {
      const item = this.shift()
      if (item !== undefined && isKept(item)) this.push(item)
    }
  }

  #grow(): void {
    const { length } = this.#items
    const items: Array<A | undefined> = Array.from({ length: length * 2 })
    for (let index = 0; index < length; index++) items[index] = this.#items[(this.#head + index) & (length - 1)]
    this.#items = items
    this.#head = 0
  }
}
