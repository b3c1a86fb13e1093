/**
 * A server whose tasks are in a store: what it has acknowledged survives it, as
 * far as its store does. Submitters and executors may lose it and find it, or
 * the next one on the same store, again.
 *
 * @since 0.1.0
 */
import { type Cause, Context, Deferred, type Duration, Effect, Layer, Queue, Stream } from "effect"
import { Operator } from "../../services/Operator.ts"
import { Server, type SubmitterPort } from "../../services/Server.ts"
import { TaskStore } from "../../services/TaskStore.ts"
import type { Transition } from "../../src/dispatch/Command.ts"
import type { Options as DispatcherOptions } from "../../src/dispatch/Dispatcher.ts"
import type { SubmitterNotice } from "../../src/protocol/SubmitterPort.ts"
import { TurnQueue } from "../../src/protocol/TurnQueue.ts"
import type { Retention } from "../../src/store/Stored.ts"
import type { StoreFailed } from "../../src/store/StoreFailed.ts"
import { ExecutorId } from "../../src/task/Attempt.ts"
import type { ConnectionLost } from "../../src/task/TaskError.ts"
import { attaching } from "./Attaching.ts"
import * as EventLoop from "./EventLoop.ts"
import { closedSpace } from "./Intake.ts"
import { type About, operating } from "./Operating.ts"
import { restore } from "./Restoring.ts"
import { space as cacheSpace } from "./ResultCache.ts"
import type { Session } from "./Session.ts"
import { answered, type Limits, limits as defaults, type Message, Shell } from "./Shell.ts"

/** How such a server is set up; whatever is absent has a default. */
export interface Options {
  readonly dispatcher?: Partial<Omit<DispatcherOptions, "generation" | "past" | "sequence" | "commits">>
  readonly limits?: Partial<Limits>
  /** How long a submitter that was there before a restart may take to come back; then its tasks are cancelled. */
  readonly sessionTime?: Duration.Input
  /** What is kept of tasks that have ended. */
  readonly retention?: Retention
  /** What its status says of it. */
  readonly about?: Partial<About>
}

/** A day, or a gibibyte. */
const retention: Retention = { age: 86_400_000, size: 2 ** 30 }

const make = Effect.fnUntraced(function*(options: Options) {
  const store = yield* TaskStore
  const context = yield* Effect.context()
  const run = (effect: Effect.Effect<void>) => void Effect.runForkWith(context)(effect)
  const known = yield* store.values(closedSpace)
  let made: Shell | undefined
  const loop = yield* EventLoop.make<Message>(
    (loop) => made = new Shell(loop, store, options.dispatcher ?? {}, { ...defaults, ...options.limits }, run),
    "wall"
  )
  const shell = made!
  const { ask, isStopped, later, tell } = loop
  shell.cache.restore(yield* store.values(cacheSpace))
  for (const event of restore(shell, new Set(known.map(({ key }) => key)))) tell(event)
  loop.flush()

  /** Which requests it has sent of which all has ended, so that they are not run again. */
  const remember = Effect.fnUntraced(function*(session: Session) {
    let after = session.acknowledged
    for (;;) {
      const { items, next } = yield* store.endings({ submitter: session.submitter, after, limit: 1_024 })
      for (const { entry, index, request, submission, task } of items) {
        if (!session.requests.has(request)) session.requests.set(request, answered(request, submission, 0, []))
        const { accepted } = session.requests.get(request)!
        // They are put together here: the array is its own.
        if (accepted !== undefined) (accepted.first as Array<number>)[entry] ??= task - index
      }
      if (next === undefined) return
      after = next
    }
  })

  const leave = Effect.fnUntraced(function*(session: Session) {
    const { submissions, submitter } = session
    const leaving = session.leaving = yield* Deferred.make<void>()
    const by = `the end of ${submitter}`
    for (const [submission, { isDetached }] of submissions) {
      tell({ _tag: "closed", submission })
      if (!isDetached) tell({ _tag: "cancelled", target: { submission }, by })
    }
    // A turn later all of that is under way.
    yield* ask({ _tag: "tick" })
    shell.leave(session)
    // So that it is written down.
    tell({ _tag: "tick" })
    if (!isStopped()) yield* Deferred.await(leaving)
  })

  const connect = Effect.fnUntraced(function*(submitter: string) {
    const isKnown = shell.sessions.has(submitter)
    const session = shell.sessionOf(submitter, 0)
    session.disconnected()
    // Should the store fail, the server stops, and says so to all.
    if (isKnown) yield* Effect.catch(remember(session), ({ message }) => Effect.sync(() => shell.failed(message)))
    const notices = new TurnQueue<SubmitterNotice, ConnectionLost>(later)
    session.notices = notices
    session.hasMissed = isKnown
    for (const { accepted } of session.requests.values()) if (accepted !== undefined) notices.offer(accepted)
    for (const submission of session.submissions.keys()) {
      const found = shell.dispatcher.submission(submission)
      if (found !== undefined && isKnown) notices.offer({ _tag: "Progress", submission, ...found })
    }
    if (!isKnown) session.sent = session.acknowledged = shell.committed
    shell.reading.go(session)
    yield* Effect.addFinalizer(() =>
      Effect.suspend(() => {
        // Somebody has connected in its place.
        if (session.notices !== notices) return Effect.void
        return Effect.ensuring(leave(session), Effect.sync(() => session.disconnected()))
      })
    )
    const port: SubmitterPort = {
      send: (message) => loop.offer({ _tag: "Submitter", from: session, message }),
      flush: () => loop.flush(),
      notices,
      idOf: shell.idOf,
      positionOf: (taskId) => shell.positionOf(taskId),
      isKnown,
      wallOffset: 0
    }
    return port
  })

  const attach = attaching(loop, shell.executors, shell.idOf, (spec, commands) => ({
    spec,
    commands,
    joinedAt: loop.now(),
    slots: spec.slots,
    isLeaving: false
  }))

  const records = (capacity = 65_536) =>
    Stream.unwrap(Effect.gen(function*() {
      const queue = yield* Queue.dropping<Transition, Cause.Done>(capacity)
      shell.followers.add(queue)
      yield* Effect.addFinalizer(() => Effect.sync(() => shell.followers.delete(queue)))
      return Stream.fromQueue(queue)
    }))

  // Those that do not come back take with them what was to end with them.
  const comeBack = Effect.forEach(
    [...shell.sessions.values()],
    (session) => session.notices === undefined && session.leaving === undefined ? leave(session) : Effect.void,
    { discard: true, concurrency: "unbounded" }
  )
  yield* Effect.forkScoped(Effect.delay(comeBack, options.sessionTime ?? "1 minute"))
  const clean = Effect.suspend(() => store.retain(options.retention ?? retention, loop.now())).pipe(
    Effect.catch(({ message }) => Effect.sync(() => shell.failed(message)))
  )
  yield* Effect.forkScoped(Effect.forever(Effect.delay(clean, "1 minute")))

  const { generation, incarnation, past } = store.recovered
  const server = Server.of({
    info: {
      partition: options.dispatcher?.partition ?? 0,
      generation,
      incarnation,
      past,
      isDurable: store.isDurable,
      wallOffset: 0,
      ...(options.dispatcher?.leaseTime !== undefined && { leaseTime: options.dispatcher.leaseTime })
    },
    connect,
    attach,
    records,
    drain: (executorId) =>
      ask(executorId === undefined ? { _tag: "drain" } : { _tag: "drain", executorId: ExecutorId.make(executorId) }),
    status: Effect.sync(() => {
      const { refused, repeated, submissions } = shell.dispatcher.statistics
      return { executors: shell.dispatcher.executors, submissions, refused, repeated }
    }),
    explain: (taskId) => Effect.sync(() => shell.dispatcher.explain(shell.positionOf(taskId) ?? -1))
  })
  const operator = yield* operating(shell, loop, server, options.about ?? {})
  return Context.make(Server, server).pipe(
    Context.add(Operator, operator),
    Context.add(Ending, { end: loop.end, stop: loop.stop })
  )
})

/** How a server ends: by its store, by a defect, or because somebody says so. */
export class Ending extends Context.Service<Ending, {
  /** Done when it decides nothing any more, with why. */
  readonly end: Effect.Effect<string>
  /** From now on it decides nothing: connections may be closed without anybody being cancelled. */
  readonly stop: (reason: string) => void
}>()("cadre/layers/server/ServerStored/Ending") {}

/** Serves from what is in the store, until the scope is left. */
export const layer = (
  options: Options = {}
): Layer.Layer<Server | Operator | Ending, StoreFailed, TaskStore> => Layer.effectContext(make(options))
