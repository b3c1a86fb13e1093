/**
 * What sessions of both roles have in common, at the peer's end.
 *
 * @since 0.1.0
 */
import type { UpFrame } from "../../src/protocol/session/Frame.ts"
import type { Link } from "../../src/protocol/session/Link.ts"
import type { SpecNames, SpecTable } from "../../src/protocol/session/Specs.ts"
import type { Line, Session, SessionFrame } from "./Line.ts"

/** Bytes that the server has not acknowledged, above which it is told no more. */
const window = 8 * 2 ** 20

/** Milliseconds that who leaves waits for a connection to come back. */
const leavingTime = 2_000

/** One session. */
export abstract class Talk implements Session {
  protected readonly line: Line
  readonly #secret: string
  /** Bytes that may wait while there is no connection. */
  readonly #most: number
  #channel = -1
  #isOpen = false
  #wasOpened = false
  #isOver = false
  #told = 0
  #begun = 0
  #leaving: (() => void) | undefined
  #isLeaving = false
  /** Calls it once it is open, or lost. */
  onOpen: (() => void) | undefined
  /** Calls it once it is over. */
  onOver: (() => void) | undefined

  constructor(line: Line, secret: string, most: number) {
    this.line = line
    this.#secret = secret
    this.#most = most
  }

  protected abstract readonly link: Pick<
    Link<unknown, unknown>,
    "received" | "resume" | "size" | "acknowledge" | "hasMore"
  >
  protected abstract readonly as: Extract<UpFrame, { readonly _tag: "Open" }>["as"]
  /** The next that it has to say. */
  protected abstract write(channel: number, ack: number, window: number, names: SpecNames): UpFrame | undefined
  /** What came in. */
  protected abstract read(frame: SessionFrame, specs: SpecTable): "gap" | undefined
  /** The server has begun anew with it; the reason if that is of no use. */
  protected abstract begun(isFirst: boolean, isKnown: boolean): string | undefined
  /** Nothing more will come. */
  protected abstract over(reason: string | undefined): void

  get isOver(): boolean {
    return this.#isOver
  }

  /** Puts it on the line. */
  start(): void {
    this.#channel = this.line.add(this)
  }

  opening(channel: number): UpFrame {
    const { received } = this.link
    this.#told = received
    return { _tag: "Open", channel, session: this.#secret, received, begun: this.#begun, as: this.as }
  }

  get owesWord(): boolean {
    return this.#isOpen && this.#told < this.link.received
  }

  hear(frame: SessionFrame, specs: SpecTable): void {
    switch (frame._tag) {
      case "Opened":
        return this.#opened(frame)
      case "Denied":
        return this.finish(frame.reason)
      case "Received":
        if (!this.link.acknowledge(frame.ack)) return this.line.cut("the server acknowledges what was never said")
        if (this.link.hasMore) this.mark()
        return
      case "Submitter":
      case "Executor": {
        if (!this.link.acknowledge(frame.ack)) return this.line.cut("the server acknowledges what was never said")
        if (this.read(frame, specs) === "gap") return this.line.cut("something between is missing")
        if (this.link.hasMore) this.mark()
      }
    }
  }

  next(channel: number, names: SpecNames): UpFrame | undefined {
    if (!this.#isOpen) return undefined
    const { received } = this.link
    const frame = this.write(channel, received, window, names)
    if (frame !== undefined) this.#told = received
    return frame
  }

  down(): void {
    this.#isOpen = false
    if (this.#isLeaving) this.#leaveSoon()
  }

  lost(reason: string): void {
    this.finish(reason)
  }

  /** There is something to say. */
  protected mark(): void {
    if (!this.#isOpen) {
      if (this.link.size > this.#most) this.finish(`more than ${this.#most} bytes wait for a connection`)
      return
    }
    this.line.mark(this.#channel)
  }

  /** It is over, for that reason if it was not to be. */
  protected finish(reason: string | undefined): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#leaving?.()
    this.line.remove(this.#channel)
    this.over(reason)
    this.onOpen?.()
    this.onOver?.()
  }

  /** The server has taken note that it left, and is told that this was heard: until then it keeps the session. */
  protected settled(): void {
    this.line.tell(this.#channel, this.link.received)
    this.finish(undefined)
  }

  /** Leaving was said: that has to reach the server, if there is one. */
  protected left(): void {
    this.#isLeaving = true
    if (this.#isOpen) {
      this.mark()
      this.line.flush()
    } else this.#leaveSoon()
  }

  /** Whether nothing would be missed if it left without a word. */
  protected abstract readonly isIdle: boolean

  #leaveSoon(): void {
    this.#leaving?.()
    if (this.isIdle) return this.finish(undefined)
    const reason = "the connection was lost before it had left"
    this.#leaving = this.line.timing.after(leavingTime, () => this.finish(reason), true)
  }

  #opened({ isKnown, isResumed, received }: Extract<SessionFrame, { readonly _tag: "Opened" }>): void {
    const isFirst = !this.#wasOpened
    if (isResumed && !isFirst) {
      if (!this.link.resume(received)) return this.finish("the server has forgotten what it had said to have heard")
    } else {
      this.#begun++
      const reason = this.begun(isFirst, isKnown)
      if (reason !== undefined) {
        this.#isOpen = true
        this.mark()
        this.line.flush()
        return this.finish(reason)
      }
    }
    this.#isOpen = true
    this.#wasOpened = true
    this.#told = this.link.received
    this.#leaving?.()
    this.onOpen?.()
    this.onOpen = undefined
    if (this.link.hasMore) this.mark()
  }
}
