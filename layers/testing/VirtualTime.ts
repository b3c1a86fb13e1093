/**
 * All that time and the order of things depend on, in one layer.
 *
 * @since 0.1.0
 */
import { Clock, Context, Effect, Layer, Predicate, Scheduler } from "effect"
import type { TestClock } from "effect/testing"
import { Turns } from "../TurnScheduler.ts"
import { VirtualClock } from "./VirtualClock.ts"
import { type Order, VirtualScheduler } from "./VirtualScheduler.ts"

const isTestClock = (clock: Clock.Clock): clock is TestClock.TestClock => Predicate.hasProperty(clock, "withLive")

/** The clock that goes by itself, also where a test has replaced it. */
export const liveClock: Effect.Effect<Clock.Clock> = Effect.flatMap(
  Effect.service(Clock.Clock),
  (clock) => isTestClock(clock) ? clock.withLive(Effect.service(Clock.Clock)) : Effect.succeed(clock)
)

/** Has fibers run on that scheduler and by that clock. */
export const context = (scheduler: VirtualScheduler, clock: VirtualClock): Context.Context<never> =>
  Context.make(Clock.Clock, clock).pipe(
    Context.add(Scheduler.Scheduler, scheduler),
    Context.add(Turns, undefined)
  )

/**
 * A `TestClock` whose `adjust` first waits until everything that can run has
 * run: what was forked before it sleeps by then, and hears of the new time.
 */
export const layer = (order: Order = "turns"): Layer.Layer<never> =>
  Layer.effectContext(Effect.map(liveClock, (live) => {
    const scheduler = new VirtualScheduler(order)
    return context(scheduler, new VirtualClock(scheduler, live, false))
  }))
