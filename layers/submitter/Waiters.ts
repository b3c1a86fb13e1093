/**
 * Fibers that wait for something to become so.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"

/** Whoever changes something that somebody may wait for wakes all of them. */
export class Waiters {
  readonly #later: (run: () => void) => void
  #checks = new Set<() => void>()

  /** Those that are woken go on by way of `later`, not within whoever wakes them. */
  constructor(later: (run: () => void) => void) {
    this.#later = later
  }

  /** It looks and waits in one step: between two, a fiber may pause, and would miss what changes meanwhile. */
  until(isSo: () => boolean): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      if (isSo()) return resume(Effect.void)
      const check = () => {
        if (isSo()) resume(Effect.void)
        else this.#checks.add(check)
      }
      this.#checks.add(check)
      return Effect.sync(() => this.#checks.delete(check))
    })
  }

  wake(): void {
    if (this.#checks.size === 0) return
    // One that is woken may wait again at once.
    const checks = this.#checks
    this.#checks = new Set()
    this.#later(() => {
      for (const check of checks) check()
    })
  }
}
