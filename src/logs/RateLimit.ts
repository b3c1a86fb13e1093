/**
 * So much a second in the long run, and a burst now and then.
 *
 * @since 0.1.0
 */

/** A bucket that fills by itself up to `burst`, by `rate` a second. Times are in milliseconds and never go back. */
export class RateLimit {
  readonly #rate: number
  readonly #burst: number
  #left: number
  #at: number

  constructor(rate: number, burst: number, now: number) {
    this.#rate = rate
    this.#burst = burst
    this.#left = burst
    this.#at = now
  }

  /** Takes so much if it is there. */
  take(amount: number, now: number): boolean {
    this.#fill(now)
    if (amount > this.#left) return false
    this.#left -= amount
    return true
  }

  /** Takes so much, there or not, unless that would leave more than a whole burst owed. */
  owe(amount: number, now: number): boolean {
    this.#fill(now)
    if (amount > this.#left + this.#burst) return false
    this.#left -= amount
    return true
  }

  #fill(now: number): void {
    if (now > this.#at) this.#left = Math.min(this.#burst, this.#left + ((now - this.#at) * this.#rate) / 1_000)
    this.#at = Math.max(this.#at, now)
  }
}
