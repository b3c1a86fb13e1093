/**
 * A socket with frames on it. What is written within one turn of the event loop
 * leaves together; whoever has more to say than the peer takes is told to wait.
 *
 * @since 0.1.0
 */
import type { Timing } from "./Timing.ts"

/** What a frame is about. */
export const Kind = { rpc: 0, session: 1 } as const
/** One of them. */
export type Kind = typeof Kind[keyof typeof Kind]

/** Bytes of a frame at most, its head not counted. */
export const mostFrame = 2 ** 20

/** Written and not taken by the peer: from then on, wait. */
const highWater = 2 ** 20

/** What is needed of a socket. */
export interface Pipe {
  on(event: "data", listener: (chunk: Buffer) => void): unknown
  on(event: "drain" | "end" | "close", listener: () => void): unknown
  on(event: "error", listener: (error: Error) => void): unknown
  resume(): unknown
  pause(): unknown
  write(bytes: Uint8Array | string): unknown
  /** Bytes that have not left. */
  readonly writableLength: number
  /** Closes it once all has left. */
  destroySoon(): void
  destroy(): unknown
}

/** Who hears of it. */
export interface Hearer {
  /** A frame; in JSON its kind is not known before it is read. Throws for what means nothing: the wire is cut then. */
  readonly frame: (body: Buffer, kind: Kind | undefined) => void
  /** All frames that came together have been heard. */
  readonly heard?: () => void
  /** There is room again. */
  readonly drained: () => void
  /** Called once. Where the other end broke the rules the reason is for the log: nothing of what it said is in it. */
  readonly closed: (reason: string, isBreach: boolean) => void
}

/** A connection after its first lines. */
export class Wire {
  readonly #socket: Pipe
  readonly #timing: Timing
  readonly #isText: boolean
  readonly #most: number
  #hearer: Hearer | undefined
  readonly #isPatient: boolean
  #isPaused = false
  #parts: Array<Buffer> = []
  #partsSize = 0
  /** The last of the parts, where small ones share it, and how much of it is used. */
  #slab: Buffer | undefined
  #slabUsed = 0
  /** Bytes that have to be there before there is a frame. */
  #wanted = 0
  #out: Array<Buffer> = []
  #outSize = 0
  #isFlushing = false
  #isClosed = false
  /** When something was last read. */
  readAt: number

  /** One that is not patient reads nothing while the other end does not either; one of the two ends has to be. */
  constructor(socket: Pipe, encoding: "binary" | "ndjson", timing: Timing, most = mostFrame, isPatient = true) {
    this.#socket = socket
    this.#isPatient = isPatient
    this.#timing = timing
    this.readAt = timing.now()
    this.#isText = encoding === "ndjson"
    this.#most = most
  }

  /** Frames come from now on; `rest` is what was read after the first line. */
  listen(hearer: Hearer, rest: Buffer): void {
    this.#hearer = hearer
    this.#socket.on("data", (chunk: Buffer) => this.#read(chunk))
    this.#socket.on("drain", () => {
      if (this.#isPaused) {
        this.#isPaused = false
        this.#socket.resume()
      }
      hearer.drained()
    })
    this.#socket.on("end", () => this.close("the other end closed it"))
    this.#socket.on("close", () => this.close("the other end is gone"))
    this.#socket.on("error", ({ message }) => this.close(message))
    if (rest.length > 0) this.#read(rest)
    this.#socket.resume()
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Whether there is more to be sent already than the peer takes. */
  get isFull(): boolean {
    return this.#outSize + this.#socket.writableLength > highWater
  }

  /** Sends a frame with whatever else this turn has to say. */
  write(kind: Kind, body: Uint8Array): void {
    if (this.#isClosed) return
    if (this.#isText) {
      this.#out.push(bufferOf(body), newline)
    } else {
      const head = Buffer.allocUnsafe(5)
      head.writeUInt32BE(body.length, 0)
      head[4] = kind
      this.#out.push(head, bufferOf(body))
    }
    this.#outSize += 5 + body.length
    if (this.#isFlushing) return
    this.#isFlushing = true
    this.#timing.soon(this.flush)
  }

  /** Sends now. */
  readonly flush = (): void => {
    this.#isFlushing = false
    if (this.#out.length === 0 || this.#isClosed) return
    const out = this.#out
    this.#out = []
    this.#outSize = 0
    this.#socket.write(out.length === 1 ? out[0]! : Buffer.concat(out))
    if (this.#isPatient || this.#isPaused || !this.isFull) return
    this.#isPaused = true
    this.#socket.pause()
  }

  /** Cuts it. */
  close(reason: string, isBreach = false): void {
    if (this.#isClosed) return
    this.flush()
    this.#isClosed = true
    this.#parts = []
    this.#socket.destroySoon()
    // A peer that takes nothing any more is not waited for.
    if (this.#socket.writableLength > 0) this.#timing.after(1_000, () => this.#socket.destroy())
    this.#hearer?.closed(reason, isBreach)
  }

  #read(chunk: Buffer): void {
    if (this.#isClosed) return
    this.readAt = this.#timing.now()
    try {
      if (this.#isText) this.#readLines(chunk)
      else this.#readFrames(chunk)
    } catch (error) {
      // What is wrong with JSON, or by a schema, quotes what was said; our own errors do not.
      const isOurs = error instanceof RangeError
      return this.close(`what came over it means nothing${isOurs ? `: ${error.message}` : ""}`, true)
    }
    this.#hearer?.heard?.()
  }

  #readFrames(chunk: Buffer): void {
    let bytes = chunk
    if (this.#partsSize > 0) {
      this.#keep(chunk)
      // Frames in many parts are put together once.
      if (this.#partsSize < this.#wanted) return
      bytes = this.#kept()
    }
    let at = 0
    while (bytes.length - at >= 5) {
      const length = bytes.readUInt32BE(at)
      if (length > this.#most) throw new RangeError(`a frame of ${length} bytes, where ${this.#most} are the most`)
      if (bytes.length - at - 5 < length) {
        this.#wanted = length + 5
        break
      }
      const kind = bytes[at + 4]
      if (kind !== Kind.rpc && kind !== Kind.session) throw new RangeError(`there are no frames of kind ${kind}`)
      this.#hearer?.frame(bytes.subarray(at + 5, at + 5 + length), kind)
      if (this.#isClosed) return
      at += 5 + length
    }
    if (at === bytes.length) return
    if (bytes.length - at < 5) this.#wanted = 5
    this.#keep(at === 0 ? bytes : bytes.subarray(at))
  }

  #keep(chunk: Buffer): void {
    this.#partsSize += chunk.length
    if (this.#parts.length < 16 || chunk.length > slabSize / 4) {
      this.#slab = undefined
      this.#parts.push(chunk)
      return
    }
    // Byte by byte, what there is beside each byte would be a hundred times as large.
    if (this.#slab === undefined || this.#slabUsed + chunk.length > slabSize) {
      this.#slab = Buffer.allocUnsafeSlow(slabSize)
      this.#slabUsed = 0
      this.#parts.push(this.#slab)
    }
    this.#slabUsed += chunk.copy(this.#slab, this.#slabUsed)
    this.#parts[this.#parts.length - 1] = this.#slab.subarray(0, this.#slabUsed)
  }

  #kept(): Buffer {
    const bytes = Buffer.concat(this.#parts)
    this.#parts = []
    this.#partsSize = 0
    this.#slab = undefined
    return bytes
  }

  #readLines(chunk: Buffer): void {
    let at = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, at)) {
      let line = chunk.subarray(at, end)
      at = end + 1
      if (this.#partsSize > 0) {
        this.#keep(line)
        line = this.#kept()
      }
      if (line.length > this.#most) {
        throw new RangeError(`a line of ${line.length} bytes, where ${this.#most} are the most`)
      }
      if (line.length > 0) this.#hearer?.frame(line, undefined)
      if (this.#isClosed) return
    }
    if (at === chunk.length) return
    this.#keep(chunk.subarray(at))
    if (this.#partsSize > this.#most) throw new RangeError(`a line of more than ${this.#most} bytes`)
  }
}

/** Bytes of a buffer that small pieces share. */
const slabSize = 16_384

const newline = Buffer.from("\n")

const bufferOf = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
