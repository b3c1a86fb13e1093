/**
 * Sockets without a network: two ends, and a flow of bytes each way that is
 * late, comes in other pieces than it left, stands still or breaks off.
 *
 * @since 0.1.0
 */
import type { Timing } from "../wire/Timing.ts"
import type { Pipe } from "../wire/Wire.ts"
import type { Weather } from "./Faults.ts"

/** What arrives: bytes, the other end's goodbye, or that there is nobody any more. */
type Arrival = Uint8Array | "end" | "close"

/** Bytes that an end may have on their way before it is told to wait. */
const highWater = 65_536

/** One direction of a connection. What was written arrives in order, or not at all. */
export class Flow {
  readonly #weather: Weather
  readonly #timing: Timing
  readonly #deliver: (arrival: Arrival) => void
  readonly #drained: () => void
  #held: Array<{ readonly at: number; readonly arrival: Arrival }> = []
  #size = 0
  #isCut = false
  #isBlocked = false
  #isFull = false

  constructor(weather: Weather, timing: Timing, deliver: (arrival: Arrival) => void, drained: () => void) {
    this.#weather = weather
    this.#timing = timing
    this.#deliver = deliver
    this.#drained = drained
  }

  /** Bytes on their way, beyond what the network holds for them. */
  get excess(): number {
    return Math.max(0, this.#size - highWater)
  }

  get isCut(): boolean {
    return this.#isCut
  }

  write(bytes: Uint8Array): void {
    const { isFair, random } = this.#weather
    for (let from = 0; from < bytes.length;) {
      const isWhole = isFair || bytes.length - from < 2 || random.chance(0.7)
      const to = isWhole ? bytes.length : from + 1 + random.below(bytes.length - from - 1)
      this.#push(bytes.subarray(from, to))
      from = to
    }
    this.#isFull ||= this.excess > 0
  }

  /** Nothing comes after it. */
  finish(arrival: "end" | "close"): void {
    this.#push(arrival)
  }

  /** Of what is on its way only some arrives, then nothing more, not even that. */
  breakOff(): void {
    this.#held = this.#held.slice(0, this.#weather.random.below(this.#held.length + 1))
    this.#isCut = true
  }

  /** Breaks off, which the other end hears of after what arrives. */
  reset(): void {
    if (this.#isCut) return
    this.breakOff()
    this.#isCut = false
    this.#push("close")
    this.#isCut = true
  }

  /** Nothing arrives, and nothing is lost. */
  block(): void {
    this.#isBlocked = true
  }

  /** What stood still goes on. */
  resume(): void {
    if (!this.#isBlocked) return
    this.#isBlocked = false
    this.#release()
  }

  #push(arrival: Arrival): void {
    if (this.#isCut) return
    const { clock } = this.#weather
    const at = Math.max(clock.now + this.#weather.delay(), this.#held.at(-1)?.at ?? 0)
    this.#held.push({ at, arrival })
    if (typeof arrival !== "string") this.#size += arrival.length
    if (at <= clock.now) this.#timing.soon(this.#release)
    else clock.at(at, this.#release)
  }

  readonly #release = (): void => {
    const { clock, random } = this.#weather
    while (!this.#isBlocked) {
      const next = this.#held[0]
      if (next === undefined || next.at > clock.now) return
      this.#held.shift()
      if (typeof next.arrival === "string") {
        this.#deliver(next.arrival)
        continue
      }
      const parts = [next.arrival]
      // What has come by then may be read in one piece.
      for (let more = this.#held[0]; more !== undefined && more.at <= clock.now; more = this.#held[0]) {
        if (typeof more.arrival === "string" || random.chance(0.3)) break
        this.#held.shift()
        parts.push(more.arrival)
      }
      const bytes = parts.length === 1 ? next.arrival : Buffer.concat(parts)
      this.#size -= bytes.length
      this.#deliver(bytes)
      this.#weather.onArrival?.()
      if (!this.#isFull || this.excess > 0) continue
      this.#isFull = false
      this.#drained()
    }
  }
}

type Listeners = {
  readonly data: Array<(chunk: Buffer) => void>
  readonly drain: Array<() => void>
  readonly end: Array<() => void>
  readonly close: Array<() => void>
  readonly error: Array<(error: Error) => void>
}

/** One end. Its flow is that of the bytes that it writes. */
export class VirtualSocket implements Pipe {
  readonly #listeners: Listeners = { data: [], drain: [], end: [], close: [], error: [] }
  #flow: Flow | undefined
  #waiting: Array<Arrival> | undefined = []
  #isDestroyed = false
  #isDeaf = false

  /** Writes go there. */
  join(flow: Flow): void {
    this.#flow = flow
  }

  get isDestroyed(): boolean {
    return this.#isDestroyed
  }

  on<Event extends keyof Listeners>(event: Event, listener: Listeners[Event][number]): this {
    // Of one event all listeners are alike.
    ;(this.#listeners[event] as Array<typeof listener>).push(listener)
    return this
  }

  off<Event extends keyof Listeners>(event: Event, listener: Listeners[Event][number]): this {
    const listeners = this.#listeners[event] as Array<typeof listener>
    const place = listeners.indexOf(listener)
    if (place >= 0) listeners.splice(place, 1)
    return this
  }

  /** What comes waits. */
  pause(): this {
    this.#waiting ??= []
    return this
  }

  resume(): this {
    const waiting = this.#waiting ?? []
    this.#waiting = undefined
    for (const arrival of waiting) this.arrive(arrival)
    return this
  }

  get writableLength(): number {
    return this.#flow?.excess ?? 0
  }

  write(bytes: Uint8Array | string): boolean {
    if (!this.#isDestroyed) this.#flow?.write(typeof bytes === "string" ? Buffer.from(bytes) : bytes)
    return this.writableLength === 0
  }

  destroySoon(): void {
    this.#destroy("end")
  }

  destroy(): this {
    this.#destroy("close")
    return this
  }

  /** Whoever had it is dead: it hears and says nothing any more. */
  abandon(): void {
    this.#isDeaf = this.#isDestroyed = true
  }

  /** Something has come over the other flow. */
  arrive(arrival: Arrival): void {
    if (this.#isDeaf) return
    if (this.#waiting !== undefined) return void this.#waiting.push(arrival)
    if (this.#isDestroyed && arrival !== "close") return
    if (typeof arrival !== "string") {
      const chunk = Buffer.from(arrival.buffer, arrival.byteOffset, arrival.byteLength)
      for (const listener of this.#listeners.data.slice()) listener(chunk)
      return
    }
    if (arrival === "close") {
      this.#isDestroyed = true
      this.#flow?.breakOff()
    }
    for (const listener of this.#listeners[arrival].slice()) listener()
  }

  /** There is room again. */
  drained(): void {
    if (this.#isDeaf || this.#isDestroyed) return
    for (const listener of this.#listeners.drain.slice()) listener()
  }

  #destroy(farewell: "end" | "close"): void {
    if (this.#isDestroyed) return
    this.#isDestroyed = true
    this.#flow?.finish(farewell)
  }
}
