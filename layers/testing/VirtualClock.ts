/**
 * Time that passes only when somebody says so or, in a simulation, whenever
 * nothing is left to do before the next thing that waits for it.
 *
 * @since 0.1.0
 */
import { Clock, Duration, Effect } from "effect"
import type { TestClock } from "effect/testing"
import type { VirtualScheduler } from "./VirtualScheduler.ts"

interface Timer {
  readonly at: number
  readonly run: () => void
  isCancelled: boolean
}

/** A `TestClock` that waits, before it moves, until everything that can run now has run. */
export class VirtualClock implements TestClock.TestClock {
  readonly #scheduler: VirtualScheduler
  readonly #live: Clock.Clock
  readonly #isAutomatic: boolean
  /** The earliest last. */
  readonly #timers: Array<Timer> = []
  #now = 0

  /** An automatic one moves by itself when it is told that nothing can run: see `advance`. */
  constructor(scheduler: VirtualScheduler, live: Clock.Clock, isAutomatic: boolean) {
    this.#scheduler = scheduler
    this.#live = live
    this.#isAutomatic = isAutomatic
  }

  /** Milliseconds since it was made. */
  get now(): number {
    return this.#now
  }

  currentTimeMillisUnsafe(): number {
    return this.#now
  }

  currentTimeNanosUnsafe(): bigint {
    return BigInt(Math.round(this.#now * 1_000_000))
  }

  monotonicTimeNanosUnsafe(): bigint {
    return this.currentTimeNanosUnsafe()
  }

  readonly currentTimeMillis = Effect.sync(() => this.currentTimeMillisUnsafe())
  readonly currentTimeNanos = Effect.sync(() => this.currentTimeNanosUnsafe())
  readonly monotonicTimeNanos = this.currentTimeNanos

  /** Calls at that time, or as soon as may be; the result calls it off. */
  at(time: number, run: () => void): () => void {
    const timer: Timer = { at: Math.max(time, this.#now), run, isCancelled: false }
    // Those of one time keep their order: the new one comes before them in the array.
    let [low, high] = [0, this.#timers.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#timers[middle]?.at ?? 0) > timer.at) low = middle + 1
      else high = middle
    }
    this.#timers.splice(low, 0, timer)
    return () => {
      timer.isCancelled = true
    }
  }

  sleep(duration: Duration.Duration): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      const millis = Duration.toMillis(duration)
      if (millis <= 0) return resume(Effect.void)
      if (millis === Infinity) return
      return Effect.sync(this.at(this.#now + millis, () => resume(Effect.void)))
    })
  }

  /** Moves to the next thing that waits for its time, and lets all of that time run; false if nothing waits. */
  advance(until = Infinity): boolean {
    const at = this.#nextAt()
    if (at === undefined || at > until) return false
    this.#now = at
    while (this.#nextAt() === at) {
      const timer = this.#timers.pop()
      if (timer !== undefined) this.#scheduler.schedule(timer.run)
    }
    return true
  }

  #nextAt(): number | undefined {
    while (this.#timers.at(-1)?.isCancelled === true) this.#timers.pop()
    return this.#timers.at(-1)?.at
  }

  /** Everything that can run now has run. */
  readonly idle: Effect.Effect<void> = Effect.callback<void>((resume) =>
    this.#scheduler.whenIdle(() => resume(Effect.void))
  )

  adjust(duration: Duration.Input): Effect.Effect<void> {
    return Effect.suspend(() => this.#moveTo(this.#now + Duration.toMillis(Duration.fromInputUnsafe(duration))))
  }

  setTime(timestamp: number): Effect.Effect<void> {
    return Effect.suspend(() => this.#moveTo(timestamp))
  }

  #moveTo(time: number): Effect.Effect<void> {
    if (this.#isAutomatic) return this.sleep(Duration.millis(time - this.#now))
    const step: Effect.Effect<void> = Effect.flatMap(this.idle, () => {
      if (this.advance(time)) return step
      if (Number.isFinite(time)) this.#now = Math.max(this.#now, time)
      return Effect.void
    })
    return step
  }

  withLive<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.provideService(effect, Clock.Clock, this.#live)
  }
}
