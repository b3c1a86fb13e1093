/**
 * Passes things on in the order in which they came, though some of them have to
 * be made ready first. While none has, nothing waits.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"

/** One line of things. */
export class InOrder<in out A> {
  readonly #run: (effect: Effect.Effect<void>) => void
  readonly #pass: (item: A) => void
  /** Undefined for what is ready; what comes of the effect is passed on, if anything. */
  readonly #prepare: (item: A) => Effect.Effect<A | undefined> | undefined
  #waiting: Array<A> = []
  #isBusy = false
  #onIdle: Array<() => void> = []

  constructor(
    run: (effect: Effect.Effect<void>) => void,
    prepare: (item: A) => Effect.Effect<A | undefined> | undefined,
    pass: (item: A) => void
  ) {
    this.#run = run
    this.#prepare = prepare
    this.#pass = pass
  }

  offer(item: A): void {
    if (!this.#isBusy) {
      const preparing = this.#prepare(item)
      if (preparing === undefined) return this.#pass(item)
      return this.#begin(preparing)
    }
    this.#waiting.push(item)
  }

  /** Calls it once nothing waits any more. */
  whenIdle(then: () => void): void {
    if (this.#isBusy) this.#onIdle.push(then)
    else then()
  }

  #begin(preparing: Effect.Effect<A | undefined>): void {
    this.#isBusy = true
    this.#run(Effect.map(preparing, (item) => {
      if (item !== undefined) this.#pass(item)
      this.#next()
    }))
  }

  #next(): void {
    this.#isBusy = false
    while (this.#waiting.length > 0) {
      const item = this.#waiting.shift()!
      const preparing = this.#prepare(item)
      if (preparing !== undefined) return this.#begin(preparing)
      this.#pass(item)
    }
    const idle = this.#onIdle
    this.#onIdle = []
    for (const then of idle) then()
  }
}
