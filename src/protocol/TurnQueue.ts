/**
 * The queues that join submitters, server and executors of one process. Effect's
 * `Queue` wakes a fiber for whatever comes, which takes longer than all else
 * that a lone task needs; the reader of this one is a function, called in a
 * turn of its own with all that has come by then, or at once by `flush`.
 *
 * @since 0.1.0
 */

/** Who reads: `take` gets what has come, in order; `closed` is called once, after the last of it. */
export interface Reader<A, E = never> {
  readonly take: (messages: ReadonlyArray<A>) => void
  readonly closed?: (error: E) => void
}

/** Rounds of reading after which others have their turn. */
const rounds = 16

/** Holds whatever comes until somebody reads it; what bounds it are the credits of those who write. */
export class TurnQueue<A, E = never> {
  readonly #later: (run: () => void) => void
  #messages: Array<A> = []
  #reader: Reader<A, E> | undefined
  #end: { readonly error: E } | undefined
  #isCalled = false
  #isReading = false

  /** `later` runs what it is given after the turn that is going on. */
  constructor(later: (run: () => void) => void) {
    this.#later = later
  }

  /** Nothing comes in once it is closed. */
  offer(message: A): void {
    if (this.#end !== undefined) return
    this.#messages.push(message)
    this.#call()
  }

  /** The reader hears of it after what has come before. */
  close(error: E): void {
    if (this.#end !== undefined) return
    this.#end = { error }
    this.#call()
  }

  /** From now on this one reads, until it is replaced; what has come before waits for it. */
  read(reader: Reader<A, E> | undefined): void {
    this.#reader = reader
    if (this.#messages.length > 0 || this.#end !== undefined) this.#call()
  }

  /** Lets the reader have what is there now; one that is reading goes on with it by itself. */
  flush(): void {
    if (this.#isReading) return
    this.#isReading = true
    try {
      for (let round = 0; this.#reader !== undefined && this.#messages.length > 0; round++) {
        if (round === rounds) return
        const messages = this.#messages
        this.#messages = []
        this.#reader.take(messages)
      }
    } finally {
      this.#isReading = false
      if (this.#messages.length > 0) this.#call()
    }
    const { closed } = this.#reader ?? {}
    if (this.#end === undefined || closed === undefined || this.#messages.length > 0) return
    this.#reader = undefined
    closed(this.#end.error)
  }

  #call(): void {
    if (this.#isCalled || this.#isReading || this.#reader === undefined) return
    this.#isCalled = true
    this.#later(this.#called)
  }

  readonly #called = (): void => {
    this.#isCalled = false
    this.flush()
  }
}
