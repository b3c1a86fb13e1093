/**
 * A connection at the listener that was let in.
 *
 * @since 0.1.0
 */
import type { RpcMessage, RpcSerialization } from "effect/rpc"
import * as ExecutorRows from "../../src/protocol/session/ExecutorRows.ts"
import type { DownFrame, Open, UpFrame } from "../../src/protocol/session/Frame.ts"
import { SpecNames, SpecTable } from "../../src/protocol/session/Specs.ts"
import * as SubmitterRows from "../../src/protocol/session/SubmitterRows.ts"
import type { Role } from "../../src/security/Role.ts"
import { ExecutorSeat } from "./ExecutorSeat.ts"
import type { Codecs } from "./FrameCodec.ts"
import { frameSize, type Visit } from "./Seat.ts"
import { SubmitterSeat } from "./SubmitterSeat.ts"
import type { Timing } from "./Timing.ts"
import { Kind, type Wire } from "./Wire.ts"

/** A session of either role. */
export type AnySeat = SubmitterSeat | ExecutorSeat

/** What the listener does for its guests. */
export interface Host {
  readonly codecs: Codecs<DownFrame, UpFrame>
  readonly timing: Timing
  /** Finds the session, or begins it; answers with `opened` or `denied`. */
  readonly open: (guest: Guest, open: Open) => void
  /** A call. */
  readonly asked: (guest: Guest, message: RpcMessage.FromClientEncoded) => void
  readonly left: (guest: Guest, reason: string, isBreach: boolean) => void
}

/** The frames of sessions, as they are tagged in JSON. */
const tags: ReadonlySet<unknown> = new Set(["Open", "Submitter", "Executor", "Received", "Beat"])

/** What callers say. */
const callTags: ReadonlySet<unknown> = new Set(["Request", "Ack", "Interrupt", "Ping", "Eof"])

const isTagged = (value: unknown): value is { readonly _tag: unknown } =>
  typeof value === "object" && value !== null && "_tag" in value

/** One connection. */
export class Guest implements Visit {
  readonly id: number
  readonly roles: ReadonlySet<Role>
  /** Who it says it is, or its certificate does. */
  readonly name: string
  readonly encoding: "binary" | "ndjson"
  /** It is on this machine, and has come over a unix socket. */
  readonly isNear: boolean
  /** From where it came. */
  readonly from: string
  readonly seats = new Map<number, AnySeat>()
  /** Channels of sessions that are being begun. */
  readonly opening = new Set<number>()
  isGone = false
  /** Calls that have not been answered. */
  calls = 0
  readonly #wire: Wire
  readonly #host: Host
  readonly #serialization: RpcSerialization.RpcSerialization["Service"]
  readonly #parser: ReturnType<RpcSerialization.RpcSerialization["Service"]["makeUnsafe"]>
  readonly #names = new SpecNames()
  readonly #specs = new SpecTable()
  readonly #marked = new Set<number>()
  #isWriting = false
  #isTelling = false

  constructor(
    about: Pick<Guest, "id" | "roles" | "name" | "encoding" | "isNear" | "from">,
    wire: Wire,
    host: Host,
    serialization: RpcSerialization.RpcSerialization["Service"]
  ) {
    this.id = about.id
    this.roles = about.roles
    this.name = about.name
    this.encoding = about.encoding
    this.isNear = about.isNear
    this.from = about.from
    this.#wire = wire
    this.#host = host
    this.#serialization = serialization
    this.#parser = serialization.makeUnsafe()
  }

  /** Reads from now on. */
  listen(rest: Buffer): void {
    this.#wire.listen({
      frame: (body, kind) => this.#read(body, kind),
      drained: () => this.flush(),
      closed: (reason, isBreach) => {
        this.isGone = true
        for (const seat of this.seats.values()) seat.detach(this)
        this.seats.clear()
        this.#host.left(this, reason, isBreach)
      }
    }, rest)
  }

  /** When something was last read. */
  get readAt(): number {
    return this.#wire.readAt
  }

  readonly cut = (reason: string, isBreach = true): void => this.#wire.close(reason, isBreach)

  readonly gone = (channel: number): void => void this.seats.delete(channel)

  readonly mark = (channel: number): void => {
    this.#marked.add(channel)
    if (this.#isWriting) return
    this.#isWriting = true
    this.#host.timing.soon(this.flush)
  }

  readonly flush = (): void => {
    this.#isWriting = false
    // What the peer does not take now goes on once there is room.
    do {
      for (const channel of this.#marked) {
        const seat = this.seats.get(channel)
        if (seat !== undefined) this.#write(seat)
        if (this.#wire.isFull) break
        this.#marked.delete(channel)
      }
      this.#wire.flush()
    } while (this.#marked.size > 0 && !this.#wire.isFull && !this.#wire.isClosed)
  }

  /** It has the session from now on. */
  opened(seat: AnySeat, isResumed: boolean): void {
    const { channel, isKnown } = seat
    this.#frame({ _tag: "Opened", channel, isResumed, received: seat.acknowledgement, isKnown })
    this.mark(channel)
  }

  denied(channel: number, reason: string): void {
    this.#frame({ _tag: "Denied", channel, reason })
  }

  /** Answers a call. */
  answer(response: RpcMessage.FromServerEncoded): void {
    if (response._tag === "Exit") this.calls--
    const encoded = this.#parser.encode(response)
    if (encoded === undefined) return
    const body = typeof encoded === "string"
      ? Buffer.from(encoded.endsWith("\n") ? encoded.slice(0, -1) : encoded)
      : encoded
    this.#wire.write(Kind.rpc, body)
  }

  get codecFor() {
    return this.#serialization.codecFor
  }

  #frame(frame: DownFrame): void {
    const { codecs } = this.#host
    this.#wire.write(Kind.session, codecs[this.encoding].encode(frame))
  }

  /** All that a session has to say, as far as the peer takes it. */
  #write(seat: AnySeat): void {
    const { channel } = seat
    let wrote = false
    while (!this.#wire.isFull) {
      if (seat instanceof SubmitterSeat) {
        const run = seat.link.next(frameSize)
        if (run === undefined) break
        const messages = run.messages.map(SubmitterRows.downRow)
        this.#frame({ _tag: "Submitter", channel, first: run.first, ack: seat.acknowledgement, specs: [], messages })
      } else {
        const run = seat.link.next(frameSize)
        if (run === undefined) break
        const messages = run.messages.map((word) => ExecutorRows.downRow(word, this.#names))
        const specs = this.#names.take()
        this.#frame({ _tag: "Executor", channel, first: run.first, ack: seat.acknowledgement, specs, messages })
      }
      wrote = true
    }
    if (!wrote && seat.owesWord) this.#frame({ _tag: "Received", channel, ack: seat.acknowledgement })
  }

  #read(body: Buffer, kind: Kind | undefined): void {
    if (kind === Kind.rpc) {
      if (body.length === 0) throw new RangeError("a call of no bytes")
      for (const message of this.#parser.decode(body)) this.#host.asked(this, message as RpcMessage.FromClientEncoded)
      return
    }
    const { binary, ndjson } = this.#host.codecs
    if (kind === Kind.session) return this.#hear(binary.decode(body), body.length)
    const value: unknown = JSON.parse(body.toString("utf8"))
    if (!isTagged(value)) throw new TypeError("it has no _tag")
    if (tags.has(value._tag)) this.#hear(ndjson.decode(value), body.length)
    // The server of calls reads them by schemas of its own.
    else if (callTags.has(value._tag)) this.#host.asked(this, value as RpcMessage.FromClientEncoded)
    else throw new TypeError("nothing is tagged like that")
  }

  #hear(frame: UpFrame, size: number): void {
    switch (frame._tag) {
      case "Open":
        return this.#host.open(this, frame)
      case "Beat":
        return this.#frame({ _tag: "Beat" })
      case "Received":
        return this.seats.get(frame.channel)?.acknowledged(frame.ack)
      case "Submitter": {
        const seat = this.seats.get(frame.channel)
        if (!(seat instanceof SubmitterSeat)) throw new TypeError(`channel ${frame.channel} is no submitter's`)
        this.#specs.learn(frame.specs)
        const words = frame.messages.map((row) => SubmitterRows.upWord(row, this.#specs))
        seat.receive(frame.first, frame.ack, words, size)
        return this.#tellSoon(seat)
      }
      case "Executor": {
        const seat = this.seats.get(frame.channel)
        if (!(seat instanceof ExecutorSeat)) throw new TypeError(`channel ${frame.channel} is no executor's`)
        this.#specs.learn(frame.specs)
        seat.receive(frame.first, frame.ack, frame.messages.map(ExecutorRows.upWord), size)
        return this.#tellSoon(seat)
      }
    }
  }

  /** What has come in is told with whatever else there is to say, or by itself after a while. */
  #tellSoon(seat: AnySeat): void {
    if (this.#isTelling || !seat.owesWord) return
    this.#isTelling = true
    this.#host.timing.after(tellingTime, () => {
      this.#isTelling = false
      for (const [channel, seat] of this.seats) if (seat.owesWord) this.mark(channel)
    })
  }
}

/** Milliseconds after which what has come in is acknowledged by itself. */
const tellingTime = 20
