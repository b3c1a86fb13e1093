/**
 * A session at the listener. It outlives its connections: what either side says
 * meanwhile waits for the next one.
 *
 * @since 0.1.0
 */
import { Effect, Exit, Scope } from "effect"
import { Link } from "../../src/protocol/session/Link.ts"
import { ConnectionLost } from "../../src/task/TaskError.ts"
import type { Settled } from "./Limits.ts"
import type { Timing } from "./Timing.ts"

/** The connection that a seat has at the moment. */
export interface Visit {
  /** There is something to be written for that channel. */
  readonly mark: (channel: number) => void
  /** Writes now. */
  readonly flush: () => void
  /** The session is over, and the peer knows. */
  readonly gone: (channel: number) => void
  /** The peer breaks the rules. */
  readonly cut: (reason: string) => void
}

/** What a seat needs to know of its listener. */
export interface House {
  readonly limits: Settled
  readonly timing: Timing
  /** Runs it in the background. */
  readonly run: (effect: Effect.Effect<void>) => void
  readonly forget: (session: string) => void
}

/** Bytes that one frame has, about. */
export const frameSize = 512 * 1_024

/** How many messages may come in before that is told, if nothing else is. */
const untoldMessages = 256

/** One session. */
export abstract class Seat<Up, Down> {
  readonly session: string
  readonly house: House
  readonly scope = Scope.makeUnsafe()
  readonly link = new Link<Down, Up>()
  visit: Visit | undefined
  channel = -1
  isReady = false
  isKnown = false
  /** How often the peer's session had begun before, as far as it had heard. */
  begun: number | undefined
  /** It is being left, or was. */
  isLeaving = false
  #isOver = false
  /** Nothing is acknowledged while the peer takes too little of what it is told. */
  #frozen: number | undefined
  #overdraft = 0
  #told = 0
  #expiry: (() => void) | undefined

  constructor(session: string, house: House) {
    this.session = session
    this.house = house
  }

  /** What it is: peers cannot go on with what another role has begun. */
  abstract readonly role: "submitter" | "executor"
  /** Says so to the server. */
  protected abstract hear(words: ReadonlyArray<Up>): void
  /** Reads on what the server says to it. */
  protected abstract read(): void
  /** Reads no more for now. */
  protected abstract pause(): void

  /** What the peer has been told to have come in. */
  get acknowledgement(): number {
    const { received } = this.link
    this.#told = this.#frozen ?? received
    return this.#told
  }

  /** Whether the peer should hear of what has come in, with nothing else to tell it. */
  get owesWord(): boolean {
    return this.#told < (this.#frozen ?? this.link.received)
  }

  /** From now on it is on this connection, and on no other. */
  attach(visit: Visit, channel: number, received: number): boolean {
    if (!this.link.resume(received)) return false
    this.visit = visit
    this.channel = channel
    this.#overdraft = 0
    this.#expiry?.()
    this.#thaw()
    return true
  }

  /** The connection is gone. */
  detach(visit: Visit): void {
    if (this.visit === visit) this.await()
  }

  /** It has no connection now, and is kept for a while. */
  await(): void {
    this.visit = undefined
    this.channel = -1
    this.#expiry?.()
    const { limits: { sessionTime }, timing } = this.house
    this.#expiry = timing.after(sessionTime, () => this.expire(`nothing was heard from it for ${sessionTime} ms`))
  }

  /** What a frame of that size has brought. */
  receive(first: number, ack: number, words: ReadonlyArray<Up>, size: number): void {
    const { link, visit } = this
    if (!link.acknowledge(ack)) return visit?.cut("it acknowledges what was never said")
    this.#thaw()
    const fresh = link.receive({ first, messages: words })
    if (fresh === "gap") return visit?.cut("something between is missing")
    if (this.#frozen !== undefined) {
      this.#overdraft += size
      if (this.#overdraft > 4 * this.house.limits.window) return visit?.cut("it says more than it was let")
    }
    if (fresh.length === 0) return visit?.mark(this.channel)
    this.hear(fresh)
    if (link.received - this.#told >= untoldMessages) visit?.mark(this.channel)
  }

  /** All up to that have come in. */
  acknowledged(ack: number): void {
    if (!this.link.acknowledge(ack)) return this.visit?.cut("it acknowledges what was never said")
    this.#thaw()
    if (!this.#isOver || this.link.count > 0) return
    this.house.forget(this.session)
    this.visit?.gone(this.channel)
  }

  protected say(word: Down, size: number): void {
    this.link.send(word, size)
    this.visit?.mark(this.channel)
    if (this.link.size <= this.house.limits.window || this.#frozen !== undefined) return
    this.#frozen = this.link.received
    this.#overdraft = 0
    this.pause()
  }

  /** Leaves the server, then says so. */
  protected leave(exit: Exit.Exit<void, unknown>, left: Down): void {
    if (this.isLeaving) return
    this.isLeaving = true
    const leaving = Effect.sync(() => {
      this.#isOver = true
      this.say(left, 32)
      this.visit?.flush()
    })
    this.house.run(Effect.andThen(Scope.close(this.scope, exit), leaving))
  }

  /** Nobody came back for it: it leaves the server, as one that was lost. */
  expire(reason: string): void {
    this.dispose()
    this.house.forget(this.session)
    this.visit?.cut(reason)
    if (this.isLeaving) return
    this.isLeaving = true
    this.house.run(Scope.close(this.scope, Exit.fail(new ConnectionLost({ reason }))))
  }

  /** No timer of it is left. */
  dispose(): void {
    this.#expiry?.()
  }

  #thaw(): void {
    if (this.#frozen === undefined || this.link.size > this.house.limits.window / 2) return
    this.#frozen = undefined
    this.read()
    this.visit?.mark(this.channel)
  }
}
