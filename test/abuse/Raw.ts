/**
 * A peer that says whatever it likes, byte by byte.
 */
import { Redacted } from "effect"
import { connect, type Socket } from "node:net"
import { connect as connectTls, type ConnectionOptions } from "node:tls"
import * as FrameCodec from "../../layers/wire/FrameCodec.ts"
import { Kind } from "../../layers/wire/Wire.ts"
import type { DownFrame, UpFrame } from "../../src/protocol/session/Frame.ts"

export type WireEncoding = "binary" | "ndjson"

/** How to reach a listener, and what to say there first. */
export interface Way {
  readonly name: string
  readonly path?: string
  readonly port?: number
  readonly tls?: ConnectionOptions
  readonly token?: Redacted.Redacted<string>
}

/** What is said first; anything in it may be replaced by nonsense. */
export const greeting = (way: Way, encoding: WireEncoding, roles: ReadonlyArray<string>) => ({
  cadre: 1,
  encoding,
  roles,
  name: "abuser",
  ...(way.token !== undefined && { token: Redacted.value(way.token) })
})

/** Waits for what should come soon, and says what did not. */
export const soon = <A>(what: string, promise: Promise<A>, millis = 15_000): Promise<A> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not happen within ${millis} ms`)), millis)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

export class Raw {
  readonly socket: Socket
  /** Resolves when the connection is gone, whoever ended it. */
  readonly closed: Promise<void>
  isClosed = false
  received = Buffer.alloc(0)
  #wake: (() => void) | undefined

  private constructor(socket: Socket) {
    this.socket = socket
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        this.isClosed = true
        this.#wake?.()
        resolve()
      })
    })
    socket.on("error", () => {})
    socket.on("end", () => socket.destroy())
    socket.on("data", (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk])
      this.#wake?.()
    })
  }

  /** Connects, over TLS where the way has it. A handshake that fails gives a peer that is closed. */
  static open(way: Way, tls: ConnectionOptions | "plain" | undefined = way.tls): Promise<Raw> {
    const at = way.path === undefined ? { host: "127.0.0.1", port: way.port ?? 0 } : { path: way.path }
    const isTls = tls !== undefined && tls !== "plain"
    const socket = isTls ? connectTls({ ...at, ...tls }) : connect(at)
    socket.setNoDelay(true)
    const raw = new Raw(socket)
    const opened = new Promise<void>((resolve) => socket.once(isTls ? "secureConnect" : "connect", resolve))
    return soon("a connection", Promise.race([opened, raw.closed]).then(() => raw))
  }

  /** Connects and is let in. */
  static async enter(way: Way, encoding: WireEncoding, roles: ReadonlyArray<string>): Promise<Raw> {
    const raw = await Raw.open(way)
    raw.say(greeting(way, encoding, roles))
    const answer = await raw.line()
    if (answer === undefined || !answer.includes("Welcome")) throw new Error(`It was not let in: ${answer}`)
    return raw
  }

  write(bytes: Uint8Array | string): void {
    if (!this.isClosed) this.socket.write(bytes)
  }

  /** Writes and waits until the socket has taken it, or is gone. */
  push(bytes: Uint8Array | string): Promise<void> {
    if (this.isClosed) return Promise.resolve()
    return Promise.race([new Promise<void>((resolve) => this.socket.write(bytes, () => resolve())), this.closed])
  }

  say(value: unknown): void {
    this.write(`${JSON.stringify(value)}\n`)
  }

  /** What has come, once that is true of it; undefined if the connection is gone before. */
  async until<A>(what: string, read: () => A | undefined): Promise<A | undefined> {
    const wait = async (): Promise<A | undefined> => {
      for (;;) {
        const found = read()
        if (found !== undefined || this.isClosed) return found
        await new Promise<void>((resolve) => this.#wake = resolve)
      }
    }
    return soon(what, wait())
  }

  /** The next line. */
  line(): Promise<string | undefined> {
    return this.until("a line", () => {
      const end = this.received.indexOf(10)
      if (end === -1) return undefined
      const line = this.received.subarray(0, end).toString("utf8")
      this.received = this.received.subarray(end + 1)
      return line
    })
  }

  /** The next frame of a session. */
  async frame(encoding: WireEncoding): Promise<DownFrame | undefined> {
    if (encoding === "ndjson") {
      const line = await this.line()
      return line === undefined ? undefined : FrameCodec.peer().ndjson.decode(JSON.parse(line))
    }
    const body = await this.until("a frame", () => {
      if (this.received.length < 5) return undefined
      const end = 5 + this.received.readUInt32BE(0)
      if (this.received.length < end) return undefined
      const body = this.received.subarray(5, end)
      this.received = this.received.subarray(end)
      return body
    })
    return body === undefined ? undefined : FrameCodec.peer().binary.decode(body)
  }

  /** The next frame of that kind. */
  async next<Tag extends DownFrame["_tag"]>(
    encoding: WireEncoding,
    tag: Tag
  ): Promise<Extract<DownFrame, { readonly _tag: Tag }> | undefined> {
    for (;;) {
      const frame = await this.frame(encoding)
      // The tag says which it is.
      if (frame === undefined || frame._tag === tag) return frame as Extract<DownFrame, { readonly _tag: Tag }>
    }
  }

  send(encoding: WireEncoding, frame: UpFrame): void {
    this.write(frameBytes(encoding, frame))
  }

  /** Ends it from this side. */
  async end(): Promise<void> {
    this.socket.destroy()
    await this.closed
  }
}

/** A frame with a head, whatever is in it. */
export const framed = (body: Uint8Array, kind: number = Kind.session, length = body.length): Buffer => {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(length >>> 0, 0)
  head[4] = kind
  return Buffer.concat([head, body])
}

/** A frame as an honest peer writes it. */
export const frameBytes = (encoding: WireEncoding, frame: UpFrame): Buffer =>
  encoding === "binary"
    ? framed(FrameCodec.peer().binary.encode(frame))
    : Buffer.concat([FrameCodec.peer().ndjson.encode(frame), Buffer.from("\n")])
