/**
 * A submitter as a server that keeps things sees it: connected or not, what it
 * has handed over, and how far it has heard how that ended. What it does not
 * take in time waits in the store and not here.
 *
 * @since 0.1.0
 */
import type { Deferred } from "effect"
import type { Ending, Notice } from "../../src/dispatch/Command.ts"
import type { Submitted, SubmitterNotice } from "../../src/protocol/SubmitterPort.ts"
import type { TurnQueue } from "../../src/protocol/TurnQueue.ts"
import type { ConnectionLost } from "../../src/task/TaskError.ts"

type Accepted = Extract<Notice, { readonly _tag: "Accepted" }>

/** What one request handed over; its entries until they have been accepted. */
export interface Request {
  entries: ReadonlyArray<Submitted>
  readonly submission: string
  readonly isOpen: boolean
  left: number
  /** What was answered, once that is durable. */
  accepted: Accepted | undefined
  /** It is from before the server's start. */
  readonly isRestored: boolean
}

/** What may be under way to a submitter that has not acknowledged it: bytes of results, and endings. */
export interface Window {
  readonly bytes: number
  readonly endings: number
}

const sizeOf = ({ outcome }: Ending): number =>
  outcome._tag === "Succeeded"
    ? outcome.value.bytes.byteLength
    : outcome._tag === "Failed"
    ? outcome.error.bytes.byteLength
    : 64

/** One submitter. */
export class Session {
  readonly submitter: string
  readonly requests = new Map<number, Request>()
  /** Those of its submissions that have not ended, and whether they outlive it. */
  readonly submissions = new Map<string, { readonly isDetached: boolean }>()
  /** What it calls those of its submissions that others have named so before. */
  readonly aliases = new Map<string, string>()
  /** Where it hears; undefined while it is not connected. */
  notices: TurnQueue<SubmitterNotice, ConnectionLost> | undefined
  /** Done, once it is leaving, when the last of its tasks has ended that end with it. */
  leaving: Deferred.Deferred<void> | undefined
  /** It was known before it connected. */
  isKnown = false
  acknowledged: number
  /** All endings up to that transition are on their way. */
  sent: number
  /** It hears of endings as they are committed; otherwise they are read from the store once it may have more. */
  isLive = false
  /** Something has ended since the store was read last. */
  hasMissed = false
  isReading = false
  readonly #window: Window
  #bytes = 0
  #endings = 0
  #underWay: Array<{ readonly sequence: number; readonly bytes: number; readonly endings: number }> = []
  /** Requests of which all has ended, by the transition that was the last. */
  #finished: Array<{ readonly sequence: number; readonly number: number; readonly request: Request }> = []

  constructor(submitter: string, acknowledged: number, window: Window) {
    this.submitter = submitter
    this.acknowledged = this.sent = acknowledged
    this.#window = window
  }

  get hasRoom(): boolean {
    return this.#bytes < this.#window.bytes && this.#endings < this.#window.endings
  }

  /** Tells it of endings; `sequence` is the last transition up to which there are no others. */
  tell(endings: ReadonlyArray<Ending>, sequence: number): void {
    this.sent = sequence
    if (endings.length === 0) return
    let bytes = 0
    for (const ending of endings) bytes += sizeOf(ending)
    this.#bytes += bytes
    this.#endings += endings.length
    this.#underWay.push({ sequence, bytes, endings: endings.length })
    this.notices?.offer({ _tag: "Ended", endings, sequence })
  }

  /** It has all up to there; true if that is news. */
  acknowledge(through: number): boolean {
    if (through <= this.acknowledged || through > this.sent) return false
    this.acknowledged = through
    let count = 0
    for (; count < this.#underWay.length && this.#underWay[count]!.sequence <= through; count++) {
      this.#bytes -= this.#underWay[count]!.bytes
      this.#endings -= this.#underWay[count]!.endings
    }
    this.#underWay = this.#underWay.slice(count)
    const last = this.#finished.findIndex(({ sequence }) => sequence > through)
    for (const { number, request } of this.#finished.splice(0, last === -1 ? this.#finished.length : last)) {
      if (this.requests.get(number) === request) this.requests.delete(number)
    }
    return true
  }

  /** Nothing of a request is left; it is remembered until its submitter has heard so. */
  finished(number: number, request: Request, sequence: number): void {
    this.#finished.push({ sequence, number, request })
  }

  /** It is not there any more: what was on its way is told again when it comes back. */
  disconnected(): void {
    this.notices?.read(undefined)
    this.notices = undefined
    this.isLive = false
    this.sent = this.acknowledged
    this.#bytes = this.#endings = 0
    this.#underWay = []
  }
}
