/**
 * A submitter's port to a server elsewhere.
 *
 * @since 0.1.0
 */
import type { Effect } from "effect"
import type { SubmitterPort } from "../../services/Server.ts"
import type { Refusal } from "../../src/dispatch/Command.ts"
import type { UpFrame } from "../../src/protocol/session/Frame.ts"
import type { SpecNames } from "../../src/protocol/session/Specs.ts"
import * as Rows from "../../src/protocol/session/SubmitterRows.ts"
import { SubmitterSession } from "../../src/protocol/session/SubmitterSession.ts"
import type { SubmitterMessage, SubmitterNotice } from "../../src/protocol/SubmitterPort.ts"
import { TurnQueue } from "../../src/protocol/TurnQueue.ts"
import { ConnectionLost } from "../../src/task/TaskError.ts"
import type { Blobs } from "./Blobs.ts"
import { InOrder } from "./InOrder.ts"
import type { Line, SessionFrame } from "./Line.ts"
import { loading, unloading } from "./SubmitterFreight.ts"
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
  readonly #outgoing: InOrder<SubmitterMessage>
  readonly #incoming: InOrder<SubmitterNotice>
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
    later: (run: () => void) => void,
    blobs: Blobs,
    run: (effect: Effect.Effect<void>) => void
  ) {
    super(line, secret, most)
    this.as = { _tag: "submitter", name }
    const refused = (request: number, reason: Refusal) => this.#incoming.offer({ _tag: "Refused", request, reason })
    this.#outgoing = new InOrder(run, (message) => loading(message, blobs, refused), (message) => {
      this.#session.send(message)
      this.mark()
    })
    this.#incoming = new InOrder(run, (notice) => unloading(notice, blobs), (notice) => this.#notices.offer(notice))
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
      send: (message) => this.#outgoing.offer(message),
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
    // What is still being loaded was handed over before.
    this.#outgoing.whenIdle(() => {
      this.#session.leave()
      this.left()
    })
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
    for (const notice of notices) this.#incoming.offer(notice)
    if (notices.length > 0) this.#notices.flush()
    if (lost !== undefined) this.finish(lost)
    else if (hasLeft) this.settled()
    else if (this.#session.hasToAcknowledge && !this.#isAcknowledging) {
      this.#isAcknowledging = true
      this.#incoming.whenIdle(() => this.line.timing.after(acknowledgingTime, this.#acknowledge, true))
    }
    return undefined
  }

  readonly #acknowledge = (): void => {
    this.#isAcknowledging = false
    this.#session.acknowledge()
    this.mark()
  }

  protected get isIdle(): boolean {
    return this.#session.open === 0
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
    const lost = this.#session.restart(
      isKnown,
      isSame
        ? "it was away for longer than the server waits, which has cancelled what was under way"
        : "the server was started anew, and had kept nothing"
    )
    // The server has begun a session that nobody will go on with.
    if (lost !== undefined) this.#session.leave()
    return lost
  }

  protected over(reason: string | undefined): void {
    this.#incoming.whenIdle(() => this.#notices.close(new ConnectionLost({ reason: reason ?? "it was closed" })))
  }
}
