/**
 * Who has an attempt that was handed to a thread: memory that both ends see. A
 * thread that is busy cannot be asked for what it has not started, and cannot
 * say what it has: with this it need not be.
 *
 * @since 0.1.0
 */

/** How many attempts a thread may hold. */
export const capacity = 4_096

const [handed, claimed, takenBack] = [0, 1, 2]
const [bell, latest, start] = [0, 1, 4]
const numbersSize = 4 * (start + capacity)

/** Both ends' view of one thread's claims, and its doorbell. */
export class Claims {
  readonly buffer: SharedArrayBuffer
  readonly #numbers: Int32Array
  /** Milliseconds that the thread was busy, and the time at which it said so. */
  readonly #times: Float64Array

  constructor(buffer = new SharedArrayBuffer(numbersSize + 16)) {
    this.buffer = buffer
    this.#numbers = new Int32Array(buffer, 0, start + capacity)
    this.#times = new Float64Array(buffer, numbersSize, 2)
  }

  /** The server's end gives it out. */
  hand(claim: number): void {
    Atomics.store(this.#numbers, start + claim, handed)
  }

  /** The thread starts it; false if it was taken back. */
  claim(claim: number): boolean {
    if (Atomics.compareExchange(this.#numbers, start + claim, handed, claimed) !== handed) return false
    this.#numbers[latest] = claim
    return true
  }

  /** The server's end wants it back; false if it was started. The claim is free again once the thread has seen that. */
  takeBack(claim: number): boolean {
    return Atomics.compareExchange(this.#numbers, start + claim, handed, takenBack) === handed
  }

  isStarted(claim: number): boolean {
    return Atomics.load(this.#numbers, start + claim) === claimed
  }

  /** The one that was started last. */
  get latest(): number {
    return this.#numbers[latest] ?? -1
  }

  /** Wakes a thread that waits; costs little where none does. */
  ring(): void {
    Atomics.add(this.#numbers, bell, 1)
    Atomics.notify(this.#numbers, bell)
  }

  get rings(): number {
    return Atomics.load(this.#numbers, bell)
  }

  /** Stops the thread until somebody rings, unless somebody has since `rings` were counted; for some milliseconds at most. */
  wait(rings: number, millis: number): boolean {
    return Atomics.wait(this.#numbers, bell, rings, millis) !== "timed-out"
  }

  tell(busy: number, now: number): void {
    this.#times[0] = busy
    this.#times[1] = now
  }

  get told(): { readonly busy: number; readonly at: number } {
    return { busy: this.#times[0] ?? 0, at: this.#times[1] ?? 0 }
  }
}
