/**
 * A peer's line to its server: one connection at a time, made again when it is
 * lost, with the sessions on it.
 *
 * @since 0.1.0
 */
import type { RpcMessage, RpcSerialization } from "effect/rpc"
import type { ServerInfo } from "../../services/Server.ts"
import type { DownFrame, UpFrame } from "../../src/protocol/session/Frame.ts"
import { SpecNames, SpecTable } from "../../src/protocol/session/Specs.ts"
import type { Dialled } from "./Dial.ts"
import type { Codecs } from "./FrameCodec.ts"
import type { Timing } from "./Timing.ts"
import { Kind, Wire } from "./Wire.ts"

/** What a frame says to a session. */
export type SessionFrame = Extract<DownFrame, { readonly channel: number }>

/** A session on the line. */
export interface Session {
  /** What begins it, or goes on with it. */
  readonly opening: (channel: number) => UpFrame
  /** What the server says to it. */
  readonly hear: (frame: SessionFrame, specs: SpecTable) => void
  /** What it has to say next; undefined if nothing. */
  readonly next: (channel: number, names: SpecNames) => UpFrame | undefined
  /** Whether the server should hear of what has come in, with nothing else to tell it. */
  readonly owesWord: boolean
  /** The connection is gone; another may come. */
  readonly down: () => void
  /** There will be no other. */
  readonly lost: (reason: string) => void
}

/** What the line tells of itself. */
export interface Watcher {
  readonly down: (reason: string) => void
  /** An answer to a call. */
  readonly answered: (message: RpcMessage.FromServerEncoded) => void
}

/** What answers come in, in JSON, that are no frames of sessions. */
const tags: ReadonlySet<unknown> = new Set(["Opened", "Denied", "Submitter", "Executor", "Received", "Beat"])

/** A server may answer with more than it takes. */
export const mostAnswer = 64 * 2 ** 20

/** Milliseconds after which what has come in is acknowledged by itself. */
const tellingTime = 20

/** The line. */
export class Line {
  readonly #codecs: Codecs<UpFrame, DownFrame>
  readonly #encoding: "binary" | "ndjson"
  readonly #serialization: RpcSerialization.RpcSerialization["Service"]
  readonly #watcher: Watcher
  readonly timing: Timing
  readonly #sessions = new Map<number, Session>()
  readonly #marked = new Set<number>()
  #parser: ReturnType<RpcSerialization.RpcSerialization["Service"]["makeUnsafe"]>
  #names = new SpecNames()
  #specs = new SpecTable()
  #wire: Wire | undefined
  #channels = 0
  #isWriting = false
  #isTelling = false
  #lost: string | undefined
  /** Of the server that it was connected to last. */
  info: ServerInfo

  constructor(
    info: ServerInfo,
    encoding: "binary" | "ndjson",
    codecs: Codecs<UpFrame, DownFrame>,
    serialization: RpcSerialization.RpcSerialization["Service"],
    watcher: Watcher,
    timing: Timing
  ) {
    this.info = info
    this.#encoding = encoding
    this.#codecs = codecs
    this.#serialization = serialization
    this.#parser = serialization.makeUnsafe()
    this.#watcher = watcher
    this.timing = timing
  }

  /** No connection will come any more. */
  get isLost(): boolean {
    return this.#lost !== undefined
  }

  get isUp(): boolean {
    return this.#wire !== undefined
  }

  /** Takes a connection, and goes on with all sessions on it. */
  up({ info, rest, socket }: Dialled): void {
    this.info = info
    this.#names = new SpecNames()
    this.#specs = new SpecTable()
    this.#parser = this.#serialization.makeUnsafe()
    this.#marked.clear()
    const wire = new Wire(socket, this.#encoding, this.timing, mostAnswer)
    this.#wire = wire
    for (const [channel, session] of this.#sessions) this.#frame(session.opening(channel))
    wire.listen({
      frame: (body, kind) => this.#read(body, kind),
      drained: () => this.flush(),
      closed: (reason) => {
        this.#wire = undefined
        for (const session of this.#sessions.values()) session.down()
        this.#watcher.down(reason)
      }
    }, rest)
  }

  /** Cuts the connection. */
  cut(reason: string): void {
    this.#wire?.close(reason)
  }

  /** Says that it is there; cuts a connection on which nothing has come for so many milliseconds. */
  beat(silence: number): void {
    const wire = this.#wire
    if (wire === undefined) return
    if (this.timing.now() - wire.readAt > silence) return wire.close(`the server was silent for ${silence} ms`)
    this.#frame({ _tag: "Beat" })
  }

  /** No connection will come any more. */
  lose(reason: string): void {
    this.#lost = reason
    for (const session of this.#sessions.values()) session.lost(reason)
    this.#sessions.clear()
  }

  /** Puts a session on the line; gives its channel. */
  add(session: Session): number {
    const channel = this.#channels++
    if (this.#lost !== undefined) {
      session.lost(this.#lost)
      return channel
    }
    this.#sessions.set(channel, session)
    if (this.#wire !== undefined) this.#frame(session.opening(channel))
    return channel
  }

  /** All up to that have come in. */
  tell(channel: number, ack: number): void {
    if (this.#wire !== undefined) this.#frame({ _tag: "Received", channel, ack })
  }

  remove(channel: number): void {
    this.#sessions.delete(channel)
  }

  /** There is something to be written for that channel. */
  readonly mark = (channel: number): void => {
    if (this.#wire === undefined) return
    this.#marked.add(channel)
    if (this.#isWriting) return
    this.#isWriting = true
    this.timing.soon(this.flush)
  }

  readonly flush = (): void => {
    this.#isWriting = false
    const wire = this.#wire
    if (wire === undefined) return
    // What the server does not take now goes on once there is room.
    do {
      for (const channel of this.#marked) {
        const session = this.#sessions.get(channel)
        if (session !== undefined) this.#write(session, channel, wire)
        if (wire.isFull) break
        this.#marked.delete(channel)
      }
      wire.flush()
    } while (this.#marked.size > 0 && !wire.isFull && !wire.isClosed)
  }

  /** Calls the server; false if it cannot be reached now. */
  call(message: RpcMessage.FromClientEncoded): boolean {
    if (this.#wire === undefined) return false
    const encoded = this.#parser.encode(message)
    if (encoded === undefined) return true
    const body = typeof encoded === "string"
      ? Buffer.from(encoded.endsWith("\n") ? encoded.slice(0, -1) : encoded)
      : encoded
    this.#wire.write(Kind.rpc, body)
    return true
  }

  #write(session: Session, channel: number, wire: Wire): void {
    let wrote = false
    while (!wire.isFull) {
      const frame = session.next(channel, this.#names)
      if (frame === undefined) break
      this.#frame(frame)
      wrote = true
    }
    if (wrote || !session.owesWord) return
    const frame = session.opening(channel)
    if (frame._tag === "Open") this.#frame({ _tag: "Received", channel, ack: frame.received })
  }

  #frame(frame: UpFrame): void {
    this.#wire?.write(Kind.session, this.#codecs[this.#encoding].encode(frame))
  }

  #read(body: Buffer, kind: Kind | undefined): void {
    if (kind === Kind.session) return this.#hear(this.#codecs.binary.decode(body))
    if (kind === Kind.rpc) {
      // The client of calls reads them by schemas of its own.
      for (const message of this.#parser.decode(body)) this.#watcher.answered(message as RpcMessage.FromServerEncoded)
      return
    }
    const value = JSON.parse(body.toString("utf8")) as { readonly _tag: string }
    if (tags.has(value._tag)) this.#hear(this.#codecs.ndjson.decode(value))
    else this.#watcher.answered(value as RpcMessage.FromServerEncoded)
  }

  #hear(frame: DownFrame): void {
    if (frame._tag === "Beat") return
    const session = this.#sessions.get(frame.channel)
    if (session === undefined) {
      // Nobody is there any more to hear of it: the server need not keep it.
      if ("first" in frame) this.tell(frame.channel, frame.first + frame.messages.length - 1)
      return
    }
    session.hear(frame, this.#specs)
    if (this.#isTelling || !session.owesWord) return
    this.#isTelling = true
    this.timing.after(tellingTime, () => {
      this.#isTelling = false
      for (const [channel, session] of this.#sessions) if (session.owesWord) this.mark(channel)
    }, true)
  }
}
