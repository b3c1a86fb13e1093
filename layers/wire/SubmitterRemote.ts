/**
 * A submitter's port to a server elsewhere.
 *
 * @since 0.1.0
 */
import type { SubmitterPort } from "../../services/Server.ts"
import type { UpFrame } from "../../src/protocol/session/Frame.ts"
import type { SpecNames } from "../../src/protocol/session/Specs.ts"
import * as Rows from "../../src/protocol/session/SubmitterRows.ts"
import { SubmitterSession } from "../../src/protocol/session/SubmitterSession.ts"
import type { SubmitterNotice } from "../../src/protocol/SubmitterPort.ts"
import { TurnQueue } from "../../src/protocol/TurnQueue.ts"
import { ConnectionLost } from "../../src/task/TaskError.ts"
import type { Line, SessionFrame } from "./Line.ts"
import { Talk } from "./Talk.ts"
import type { TaskNames } from "./TaskNames.ts"

/** Bytes that one frame has, about. */
const frameSize = 512 * 1_024

/** Milliseconds after which the server is told what endings have arrived. */
const acknowledgingTime = 5

/** One submitter. */
export class SubmitterRemote extends Talk {
  readonly #session = new SubmitterSession()
  readonly #notices: TurnQueue<SubmitterNotice, ConnectionLost>
  readonly #names: TaskNames
  protected readonly as: Extract<UpFrame, { readonly _tag: "Open" }>["as"]
  #incarnation: string
  #isKnown = false
  #isAcknowledging = false

  constructor(
    line: Line,
    secret: string,
    most: number,
    name: string,
    names: TaskNames,
    later: (run: () => void) => void
  ) {
    super(line, secret, most)
    this.as = { _tag: "submitter", name }
    this.#names = names
    this.#incarnation = line.info.incarnation
    this.#notices = new TurnQueue<SubmitterNotice, ConnectionLost>(later)
  }

  protected get link() {
    return this.#session.link
  }

  get port(): SubmitterPort {
    const { line } = this
    return {
      send: (message) => {
        this.#session.send(message)
        this.mark()
      },
      flush: () => this.line.flush(),
      notices: this.#notices,
      idOf: this.#names.idOf,
      positionOf: this.#names.positionOf,
      isKnown: this.#isKnown,
      get wallOffset() {
        return line.info.wallOffset
      }
    }
  }

  /** Leaves: what has not ended is cancelled. */
  leave(): void {
    if (this.isOver) return
    this.#session.leave()
    this.left()
  }

  protected write(channel: number, ack: number, window: number, names: SpecNames): UpFrame | undefined {
    const run = this.link.next(frameSize, window)
    if (run === undefined) return undefined
    const messages = run.messages.map((word) => Rows.upRow(word, names))
    return { _tag: "Submitter", channel, first: run.first, ack, specs: names.take(), messages }
  }

  protected read(frame: SessionFrame): "gap" | undefined {
    if (frame._tag !== "Submitter") return "gap"
    const fresh = this.link.receive({ first: frame.first, messages: frame.messages.map(Rows.downWord) })
    if (fresh === "gap") return "gap"
    const { hasLeft = false, lost, notices } = this.#session.hear(fresh)
    for (const notice of notices) this.#notices.offer(notice)
    if (notices.length > 0) this.#notices.flush()
    if (lost !== undefined) this.finish(lost)
    else if (hasLeft) this.settled()
    else if (this.#session.hasToAcknowledge && !this.#isAcknowledging) {
      this.#isAcknowledging = true
      this.line.timing.after(acknowledgingTime, () => {
        this.#isAcknowledging = false
        this.#session.acknowledge()
        this.mark()
      }, true)
    }
    return undefined
  }

  protected begun(isFirst: boolean, isKnown: boolean): string | undefined {
    const { incarnation } = this.line.info
    const isSame = incarnation === this.#incarnation
    this.#incarnation = incarnation
    if (isFirst) {
      this.#isKnown = isKnown
      // Whoever had that name before has used smaller numbers.
      if (isKnown) this.#session.begin(this.#names.now())
      return undefined
    }
    return this.#session.restart(
      isKnown,
      isSame
        ? "it was away for longer than the server waits, which has cancelled what was under way"
        : "the server was started anew, and had kept nothing"
    )
  }

  protected over(reason: string | undefined): void {
    this.#notices.close(new ConnectionLost({ reason: reason ?? "it was closed" }))
  }
}
