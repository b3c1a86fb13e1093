/**
 * Lines on their way from an executor: those of one turn leave together.
 *
 * @since 0.1.0
 */
import type { LeaseRef } from "../../src/dispatch/Event.ts"
import { RateLimit } from "../../src/logs/RateLimit.ts"
import type { ExecutorMessage } from "../../src/protocol/ExecutorPort.ts"
import type { LogLine } from "../../src/task/LogLine.ts"

/** How they leave. */
export interface Way {
  readonly send: (message: ExecutorMessage) => void
  /** Runs what it is given after the turn that is going on. */
  readonly later: (run: () => void) => void
  /** Milliseconds. */
  readonly now: () => number
  /** The turn may never end, nor the thread say why: lines leave at once, as long as there are few. */
  readonly isHasty?: boolean
}

/** A batch is no larger. */
const [mostLines, mostBytes] = [512, 2 ** 16]
/** Of a hasty one; and how long it waits at most while lines come, in milliseconds. */
const [hastyBytes, patience] = [2 ** 14, 20]
/** How many messages leave at once, in a burst and in the long run, a second. */
const [burst, rate] = [64, 500]

/** What waits for the end of the turn. */
export class Batches {
  readonly #way: Way
  readonly #haste: RateLimit | undefined
  #entries: Array<{ readonly lease: LeaseRef; readonly line: LogLine }> = []
  #bytes = 0
  #since = 0
  #isCalled = false

  constructor(way: Way) {
    this.#way = way
    this.#haste = way.isHasty === true ? new RateLimit(rate, burst, way.now()) : undefined
  }

  add(lease: LeaseRef, line: LogLine, size: number): void {
    this.#entries.push({ lease, line })
    this.#bytes += size
    if (this.#entries.length >= mostLines || this.#bytes >= mostBytes || this.#isUrgent()) return this.flush()
    if (this.#isCalled) return
    this.#isCalled = true
    this.#way.later(this.#called)
  }

  flush(): void {
    if (this.#entries.length === 0) return
    const entries = this.#entries
    this.#entries = []
    this.#bytes = 0
    this.#way.send({ _tag: "logs", entries })
  }

  #isUrgent(): boolean {
    if (this.#haste === undefined) return false
    const now = this.#way.now()
    if (this.#entries.length === 1) {
      this.#since = now
      return this.#haste.take(1, now)
    }
    return this.#bytes >= hastyBytes || now - this.#since >= patience
  }

  readonly #called = (): void => {
    this.#isCalled = false
    this.flush()
  }
}
