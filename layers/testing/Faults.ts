/**
 * What goes wrong in a simulation.
 *
 * @since 0.1.0
 */
import { Duration } from "effect"
import type { SeededRandom } from "./SeededRandom.ts"
import type { VirtualClock } from "./VirtualClock.ts"

/** How much of what goes wrong. After `within` nothing does any more, and all that was accepted must end. */
export interface Faults {
  /** How many executors are lost at the most; another takes the place of each. */
  readonly deaths: number
  /** Whether all executors may be gone at once: tasks that do not wait for one are refused then. */
  readonly blackouts: boolean
  /** How often at the most an executor hears and says nothing for a while, which may cost it its leases. */
  readonly pauses: number
  /** How many tasks at the most are cancelled, at any step of their way; their submitters did not ask for it. */
  readonly cancels: number
  /** How long a message takes at the most. Those of one connection never overtake each other. */
  readonly delay: Duration.Input
  /** How large a share of the reports arrives twice, from 0 to 1. */
  readonly duplicates: number
  /** Of a server with a disk: how often at the most it dies, at any point of a commit or in between; it comes back. */
  readonly crashes: number
  /** Of a server with a disk: how often at the most a connection is lost; both ends notice, or only one does. */
  readonly drops: number
  /** Of a server with a disk: how often at the most a process and the server do not hear each other, or one does not hear the other. */
  readonly partitions: number
  /** How long that lasts at the most. Beyond 30 seconds the server gives up whom it does not hear. */
  readonly partition: Duration.Input
  readonly within: Duration.Input
}

/** What goes wrong where nothing else is said: nothing that a program could not be expected to bear. */
export const usual: Faults = {
  deaths: 2,
  blackouts: false,
  pauses: 2,
  cancels: 0,
  delay: "50 millis",
  duplicates: 0.1,
  crashes: 2,
  drops: 3,
  partitions: 2,
  partition: "20 seconds",
  within: "1 minute"
}

/** Nothing goes wrong; the order of things is still the seed's. */
export const none: Faults = {
  deaths: 0,
  blackouts: false,
  pauses: 0,
  cancels: 0,
  delay: 0,
  duplicates: 0,
  crashes: 0,
  drops: 0,
  partitions: 0,
  partition: 0,
  within: 0
}

/** What has gone wrong so far. */
export interface FaultCounts {
  deaths: number
  pauses: number
  cancels: number
  delays: number
  duplicates: number
  crashes: number
  drops: number
  partitions: number
}

/** Whether things go wrong at the moment, and how. */
export class Weather {
  readonly random: SeededRandom
  readonly clock: VirtualClock
  readonly faults: Faults
  readonly counts: FaultCounts = {
    deaths: 0,
    pauses: 0,
    cancels: 0,
    delays: 0,
    duplicates: 0,
    crashes: 0,
    drops: 0,
    partitions: 0
  }
  /** Told of every message that arrives while things go wrong. */
  onArrival: (() => void) | undefined
  #isFair = false
  readonly #links = new Set<{ readonly resume: () => void }>()
  readonly #healed: Array<() => void> = []

  constructor(faults: Faults, random: SeededRandom, clock: VirtualClock) {
    this.faults = faults
    this.random = random
    this.clock = clock
  }

  get isFair(): boolean {
    return this.#isFair
  }

  /** From now on nothing goes wrong, and what was held up arrives. */
  heal(): void {
    this.#isFair = true
    for (const link of this.#links) link.resume()
    for (const healed of this.#healed.splice(0)) healed()
  }

  /** Calls it once everything heals. */
  onHeal(healed: () => void): void {
    this.#healed.push(healed)
  }

  /** One direction of a connection. */
  link<A>(deliver: (message: A) => void): Link<A> {
    const link = new Link(this, deliver)
    this.#links.add(link)
    return link
  }

  /** How long a message is to take. */
  delay(): number {
    const longest = Duration.toMillis(Duration.fromInputUnsafe(this.faults.delay))
    if (this.#isFair || longest <= 0 || this.random.chance(0.6)) return 0
    this.counts.delays++
    return this.random.chance(0.2) ? 0 : Math.round(this.random.magnitude(longest))
  }

  isDoubled(): boolean {
    if (this.#isFair || !this.random.chance(this.faults.duplicates)) return false
    this.counts.duplicates++
    return true
  }
}

/** Carries messages in order, each with a delay of its own. */
export class Link<A> {
  readonly #weather: Weather
  readonly #deliver: (message: A) => void
  #held: Array<{ readonly at: number; readonly message: A }> = []
  #isCut = false
  #pausedUntil = 0

  constructor(weather: Weather, deliver: (message: A) => void) {
    this.#weather = weather
    this.#deliver = deliver
  }

  send(message: A): void {
    if (this.#isCut) return
    const { clock } = this.#weather
    const delay = this.#weather.delay()
    const at = Math.max(clock.now + delay, this.#pausedUntil, this.#held.at(-1)?.at ?? 0)
    if (this.#held.length === 0 && at <= clock.now && (delay === 0 || this.#weather.isFair)) {
      return this.#arrive(message)
    }
    this.#held.push({ at, message })
    clock.at(at, () => this.#release(clock.now))
  }

  /** Nothing arrives before that time. */
  pause(until: number): void {
    this.#pausedUntil = until
    this.#held = this.#held.map(({ at, message }) => ({ at: Math.max(at, until), message }))
    this.#weather.clock.at(until, () => this.#release(until))
  }

  /** What is under way arrives now. */
  resume(): void {
    this.#pausedUntil = 0
    this.#release(Infinity)
  }

  /** What is under way is lost, and so is all that follows. */
  cut(): void {
    this.#isCut = true
    this.#held = []
  }

  #release(until: number): void {
    for (let next = this.#held[0]; next !== undefined && next.at <= until; next = this.#held[0]) {
      this.#held.shift()
      this.#arrive(next.message)
    }
  }

  #arrive(message: A): void {
    this.#deliver(message)
    this.#weather.onArrival?.()
  }
}
