/**
 * What is due when, first due first, in order of arrival where times are equal.
 *
 * @since 0.1.0
 */

interface Timer<A> {
  readonly at: number
  readonly order: number
  readonly value: A
}

const isBefore = <A>(left: Timer<A>, right: Timer<A>): boolean =>
  left.at < right.at || (left.at === right.at && left.order < right.order)

/** So few timers are not worth a look. */
const few = 1_024

/**
 * A binary heap. Timers are not taken out one by one: whoever is woken looks
 * whether it still matters. Where most do not any more, `sweep` drops them.
 */
export class Timers<A> {
  #heap: Array<Timer<A>> = []
  #order = 0
  #enough = few

  get length(): number {
    return this.#heap.length
  }

  /** When the first is due. */
  get next(): number | undefined {
    return this.#heap[0]?.at
  }

  add(at: number, value: A): void {
    const timer = { at, order: this.#order++, value }
    const heap = this.#heap
    let index = heap.length
    heap.push(timer)
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent]
      if (above === undefined || isBefore(above, timer)) break
      heap[index] = above
      index = parent
    }
    heap[index] = timer
  }

  /** The first one that is due at `now`, taken out. */
  take(now: number): A | undefined {
    const first = this.#heap[0]
    if (first === undefined || first.at > now) return undefined
    const last = this.#heap.pop()
    if (last !== undefined && last !== first) this.#sink(last)
    return first.value
  }

  /** Now and then, drops those that do not matter any more: as many are kept as matter, or twice that. */
  sweep(matters: (value: A) => boolean): void {
    if (this.#heap.length < this.#enough) return
    this.#heap = this.#heap.filter(({ value }) => matters(value))
    for (let index = (this.#heap.length >> 1) - 1; index >= 0; index--) {
      const timer = this.#heap[index]
      if (timer !== undefined) this.#sink(timer, index)
    }
    this.#enough = Math.max(few, this.#heap.length * 2)
  }

  #sink(timer: Timer<A>, from = 0): void {
    const heap = this.#heap
    let index = from
    while (true) {
      let child = 2 * index + 1
      const [left, right] = [heap[child], heap[child + 1]]
      if (left === undefined) break
      let least = left
      if (right !== undefined && isBefore(right, left)) [least, child] = [right, child + 1]
      if (isBefore(timer, least)) break
      heap[index] = least
      index = child
    }
    heap[index] = timer
  }
}
