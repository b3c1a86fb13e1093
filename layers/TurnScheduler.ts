/**
 * Schedules the fibers that carry tasks between submitters, server and
 * executors of one process. Effect's own scheduler goes round the event loop
 * each time, which costs more than a whole task; this one stays within a turn
 * of it, but for no longer than `turnTime`, so that timers, terminals and
 * signals have theirs.
 *
 * @since 0.1.0
 */
import { Context, Effect, Scheduler } from "effect"

/** Milliseconds that may pass before the event loop goes on. */
const turnTime = 4

const make = (): Scheduler.Scheduler => {
  let turnStart = -Infinity
  let isTurnCounted = false
  const endTurn = () => {
    isTurnCounted = false
  }
  const soon = (run: () => void): () => void => {
    const now = performance.now()
    if (!isTurnCounted) {
      isTurnCounted = true
      turnStart = now
      setImmediate(endTurn)
    } else if (now - turnStart > turnTime) {
      const immediate = setImmediate(run)
      return () => clearImmediate(immediate)
    }
    let isCancelled = false
    queueMicrotask(() => {
      if (!isCancelled) run()
    })
    return () => {
      isCancelled = true
    }
  }
  return new Scheduler.MixedScheduler("async", soon)
}

const turns = make()

/**
 * The scheduler of those fibers. Where it is `undefined` they keep the one that
 * they come with, as they must where one scheduler has to know of all that
 * runs: under a `TestClock`, and in a simulation.
 */
export const Turns = Context.Reference<Scheduler.Scheduler | undefined>("cadre/layers/TurnScheduler", {
  defaultValue: () => turns
})

/** Runs a loop of the machinery; what handlers and submitters do stays on the scheduler they came with. */
export const inTurns = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(
    Effect.service(Turns),
    (scheduler) => scheduler === undefined ? effect : Effect.provideService(effect, Scheduler.Scheduler, scheduler)
  )

/** Runs what it is given after the turn that is going on, in the order in which it was given. */
export const afterTurn: Effect.Effect<(run: () => void) => void> = inTurns(
  Effect.withFiberSucceed(({ currentDispatcher }) => (run: () => void) => currentDispatcher.scheduleTask(run, 0))
)

/** Rounds of a loop after which others have their turn, if that has taken long. */
const rounds = 16

/** Repeats a part of the machinery for good. `Effect.forever` lets others run after each round, which costs as much as one. */
export const foreverInTurns = <A, E, R>(round: Effect.Effect<A, E, R>): Effect.Effect<never, E, R> => {
  let count = 0
  const next = Effect.suspend(() => ++count % rounds === 0 ? Effect.andThen(round, Effect.yieldNow) : round)
  return inTurns(Effect.forever(next, { disableYield: true }))
}
