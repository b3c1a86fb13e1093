/**
 * The in-process layer for tests of one's own tasks: under a `TestClock`, and
 * on a scheduler that runs all fibers in turns.
 *
 * @since 0.1.0
 */
import { Clock, Context, Effect, Layer, Predicate, Scheduler } from "effect"
import type { TestClock } from "effect/testing"
import type { Server } from "../../services/Server.ts"
import type { Submitter } from "../../services/Submitter.ts"
import type { Implements, Runs, TaskDefinition } from "../../src/task/TaskDefinition.ts"
import * as InProcess from "../InProcess.ts"
import { Turns } from "../TurnScheduler.ts"
import { VirtualClock } from "./VirtualClock.ts"
import { type Order, VirtualScheduler } from "./VirtualScheduler.ts"

type TasksOf<I> = I extends Implements<infer T> ? T : never

const isTestClock = (clock: Clock.Clock): clock is TestClock.TestClock => Predicate.hasProperty(clock, "withLive")

/** The clock that goes by itself, also where a test has replaced it. */
export const liveClock: Effect.Effect<Clock.Clock> = Effect.flatMap(
  Effect.service(Clock.Clock),
  (clock) => isTestClock(clock) ? clock.withLive(Effect.service(Clock.Clock)) : Effect.succeed(clock)
)

/** What time and the order of things depend on. */
export const virtual = (scheduler: VirtualScheduler, clock: VirtualClock): Context.Context<never> =>
  Context.make(Clock.Clock, clock).pipe(
    Context.add(Scheduler.Scheduler, scheduler),
    Context.add(Turns, undefined)
  )

/**
 * A `TestClock` whose `adjust` first waits until everything that can run has
 * run: what was forked before it sleeps by then, and hears of the new time.
 */
export const layerClock = (order: Order = "turns"): Layer.Layer<never> =>
  Layer.effectContext(Effect.map(liveClock, (live) => {
    const scheduler = new VirtualScheduler(order)
    return virtual(scheduler, new VirtualClock(scheduler, live, false))
  }))

/**
 * `InProcess.layer` under a `TestClock` of its own, which
 * `TestClock.adjust` moves inside of what the layer is provided to:
 *
 * ```ts
 * it.effect("retries after a minute", () =>
 *   Effect.gen(function*() {
 *     const result = yield* Effect.forkChild(Fetch.run({ url }))
 *     yield* TestClock.adjust("1 minute")
 *     assert.strictEqual(yield* Fiber.join(result), "...")
 *   }).pipe(Effect.provide(TestInProcess.layer(FetchLive))))
 * ```
 */
export const layer = <I extends Implements<TaskDefinition.Any>, E, R, ROut = never, E2 = never, R2 = never>(
  implementation: Layer.Layer<I, E, R>,
  options: InProcess.ExecutorOptions & InProcess.Options & {
    readonly provides?: Layer.Layer<ROut, E2, R2>
  } = {}
): Layer.Layer<
  Submitter | Server | Runs<TaskDefinition.Covered<TasksOf<I>, ROut>>,
  E | E2,
  InProcess.Outside<R | R2, TaskDefinition.Covered<TasksOf<I>, ROut>>
> => Layer.provideMerge(InProcess.layer(implementation, options), layerClock())
