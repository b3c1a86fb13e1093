/**
 * Lets a state machine take turns: what arrives during one turn goes into the
 * next, so that batches grow with the load and a lone message never waits. A
 * machine that throws is stopped: nothing that it would decide from then on can
 * be trusted.
 *
 * @since 0.1.0
 */
import { Clock, Deferred, Effect, Exit, Queue, type Scope } from "effect"
import type { Event } from "../../src/dispatch/Event.ts"
import { TurnQueue } from "../../src/protocol/TurnQueue.ts"
import { afterTurn, inTurns } from "../TurnScheduler.ts"

/** An event that somebody in here tells the machine of, and who waits for its turn. */
export interface Told {
  readonly _tag: "Event"
  readonly event: Event
  readonly done: Deferred.Deferred<void> | undefined
}

/** What takes the turns. */
export interface Machine<Message> {
  /** Says when it has to be called again at the latest, in milliseconds of `now`. */
  readonly turn: (messages: ReadonlyArray<Message | Told>, now: number) => number | undefined
  /** Nothing is decided from now on. */
  readonly stopped: (reason: string) => void
}

/** How others reach it. */
export interface EventLoop<in Message> {
  readonly offer: (message: Message | Told) => void
  /** Takes a turn now, rather than later. */
  readonly flush: () => void
  readonly tell: (event: Event) => void
  /** Waits until the turn is over in which it was heard, or there are no more. */
  readonly ask: (event: Event) => Effect.Effect<void>
  /** Runs it after the turn that is going on. */
  readonly later: (run: () => void) => void
  /** Milliseconds on a clock that never goes back, from `origin` on. */
  readonly now: () => number
  readonly stop: (reason: string) => void
  /** Done once it has stopped, with why. */
  readonly end: Effect.Effect<string>
  readonly isStopped: () => boolean
}

/** Runs the machine until the scope is left. */
export const make = Effect.fnUntraced(function*<Message>(
  machineOf: (loop: EventLoop<Message>) => Machine<Message>,
  origin: "monotonic" | "wall"
): Effect.fn.Return<EventLoop<Message>, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const later = yield* afterTurn
  const inbox = new TurnQueue<Message | Told>(later)
  const alarms = yield* inTurns(Queue.sliding<void>(1))
  const end = yield* Deferred.make<string>()
  let isStopped = false
  let alarmAt = Infinity
  const monotonic = () => Number(clock.monotonicTimeNanosUnsafe() / 1_000n) / 1_000
  const offset = origin === "monotonic" ? 0 : clock.currentTimeMillisUnsafe() - monotonic()
  const now = () => monotonic() + offset

  const stop = (reason: string) => {
    if (isStopped) return
    isStopped = true
    inbox.read(undefined)
    machine.stopped(reason)
    Deferred.doneUnsafe(end, Exit.succeed(reason))
  }
  const tell = (event: Event, done?: Deferred.Deferred<void>) => inbox.offer({ _tag: "Event", event, done })
  const loop: EventLoop<Message> = {
    offer: (message) => inbox.offer(message),
    flush: () => inbox.flush(),
    tell,
    ask: (event) =>
      Effect.suspend(() => {
        if (isStopped) return Effect.void
        const done = Deferred.makeUnsafe<void>()
        tell(event, done)
        return Effect.raceFirst(Deferred.await(done), Effect.asVoid(Deferred.await(end)))
      }),
    later,
    now,
    stop,
    end: Deferred.await(end),
    isStopped: () => isStopped
  }
  const machine = machineOf(loop)
  const defect = yield* Deferred.make<unknown>()
  const take = (messages: ReadonlyArray<Message | Told>) => {
    try {
      const wake = machine.turn(messages, now()) ?? Infinity
      for (const message of messages) {
        if (isTold(message) && message.done) Deferred.doneUnsafe(message.done, Effect.void)
      }
      if (wake >= alarmAt) return
      alarmAt = wake
      Queue.offerUnsafe(alarms, undefined)
    } catch (error) {
      Deferred.doneUnsafe(defect, Exit.succeed(error))
      stop(String(error))
    }
  }
  inbox.read({ take })
  yield* Effect.addFinalizer(() => Effect.sync(() => stop("it was stopped")))
  yield* Deferred.await(defect).pipe(
    Effect.flatMap((error) => Effect.logFatal("The server has stopped", error)),
    Effect.forkScoped
  )
  const ring = Effect.sync(() => {
    alarmAt = Infinity
    tell({ _tag: "tick" })
  })
  // Sleeps until the earliest alarm, and starts again when it is told that an earlier one was set.
  const alarm = Effect.suspend(() => {
    if (alarmAt === Infinity) return Queue.take(alarms)
    const sleep = Effect.sleep(Math.max(1, Math.ceil(alarmAt - now())))
    return Effect.raceFirst(Effect.andThen(sleep, ring), Queue.take(alarms))
  })
  yield* Effect.forkScoped(Effect.forever(alarm))
  return loop
})

/** Whether it is an event from in here. */
export const isTold = (message: unknown): message is Told =>
  // Messages are objects with a tag; that one is nobody else's.
  (message as { readonly _tag: string })._tag === "Event"
