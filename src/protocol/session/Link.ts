/**
 * One end of a talk that outlives its connections: what is said is numbered and
 * kept until the other end has acknowledged it, said again after a reconnect,
 * and passed on once, in order. It knows neither time nor sockets.
 *
 * @since 0.1.0
 */

/** Messages in a row; `first` is the number of the first of them, from 1 on. */
export interface Run<out A> {
  readonly first: number
  readonly messages: ReadonlyArray<A>
}

/** A message and about how many bytes it takes. */
interface Kept<out A> {
  readonly message: A
  readonly size: number
}

/** One end. */
export class Link<Out, In> {
  /** What has not been acknowledged, the oldest at `#start`. */
  #kept: Array<Kept<Out>> = []
  #start = 0
  /** Of the last that was acknowledged, that was written on this connection, that was heard. */
  #acknowledged = 0
  #written = 0
  #received = 0
  #size = 0
  /** Of it, what has been written. */
  #inFlight = 0

  /** About how many bytes wait for an acknowledgement. */
  get size(): number {
    return this.#size
  }

  /** How many messages do. */
  get count(): number {
    return this.#kept.length - this.#start
  }

  /** The number of the last message that came in. */
  get received(): number {
    return this.#received
  }

  /** Whether something has not been written on this connection. */
  get hasMore(): boolean {
    return this.#written < this.#acknowledged + this.count
  }

  send(message: Out, size = 0): void {
    this.#kept.push({ message, size })
    this.#size += size
  }

  /**
   * What is to be written next: one message, and more as long as they take no
   * more than that. Nothing while `window` bytes have not been acknowledged.
   */
  next(most: number, window = Infinity): Run<Out> | undefined {
    if (this.#inFlight >= window) return undefined
    const first = this.#written + 1
    const messages: Array<Out> = []
    let size = 0
    for (let at = this.#start + this.#written - this.#acknowledged; at < this.#kept.length; at++) {
      const kept = this.#kept[at]!
      if (messages.length > 0 && size + kept.size > most) break
      messages.push(kept.message)
      size += kept.size
    }
    this.#written += messages.length
    this.#inFlight += size
    return messages.length === 0 ? undefined : { first, messages }
  }

  /** What of these is new; a gap means that the connection has lost something, and is of no use any more. */
  receive({ first, messages }: Run<In>): ReadonlyArray<In> | "gap" {
    const known = this.#received + 1 - first
    if (known < 0) return "gap"
    if (known >= messages.length) return []
    this.#received = first + messages.length - 1
    return known === 0 ? messages : messages.slice(known)
  }

  /** The other end has all up to that; false if it cannot have. */
  acknowledge(through: number): boolean {
    if (!Number.isSafeInteger(through) || through > this.#acknowledged + this.count) return false
    for (; this.#acknowledged < through; this.#acknowledged++) {
      const { size } = this.#kept[this.#start]!
      this.#size -= size
      if (this.#acknowledged < this.#written) this.#inFlight -= size
      // What is acknowledged is held no longer.
      this.#kept[this.#start++] = gone
    }
    if (this.#written < this.#acknowledged) this.#written = this.#acknowledged
    if (this.#start > 64 && 2 * this.#start > this.#kept.length) {
      this.#kept = this.#kept.slice(this.#start)
      this.#start = 0
    }
    return true
  }

  /** A new connection, on which the other end says what it has: the rest is to be written again. False if it cannot be. */
  resume(received: number): boolean {
    if (received < this.#acknowledged || !this.acknowledge(received)) return false
    this.#written = this.#acknowledged
    this.#inFlight = 0
    return true
  }

  /** What has not been acknowledged, oldest first. */
  get unacknowledged(): ReadonlyArray<Out> {
    return this.#kept.slice(this.#start).map(({ message }) => message)
  }
}

// Never read: it stands before `#start`.
const gone: Kept<never> = { message: undefined as never, size: 0 }
