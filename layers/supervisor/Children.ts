/**
 * Children, whatever it is that they run in: their states and restarts, and
 * what is known of them.
 *
 * @since 0.1.0
 */
import { Clock, Deferred, Duration, Effect, Option, type Scope, Stream, SubscriptionRef } from "effect"
import type { Child, ChildState, Supervisor } from "../../services/Supervisor.ts"
import type { Capabilities } from "../../src/process/Capabilities.ts"
import { type ChildPlan, type ChildSpec, faultOf, planOf } from "../../src/process/ChildSpec.ts"
import { Feed } from "../../src/process/Feed.ts"
import { afterExit, neverRestarted } from "../../src/process/KeepRunning.ts"
import type { ProcessExit } from "../../src/process/ProcessExit.ts"
import { linesOf, outputOf } from "./Following.ts"

/** One run of a child. */
export interface Run {
  readonly pid: number
  /** How it ended; everything of it has ended by then, and all that it wrote is in the feed. */
  readonly ended: Effect.Effect<ProcessExit>
  /** Asks it to end, and kills it after so many milliseconds; returns at once. */
  readonly stop: (grace: number) => Effect.Effect<void>
  readonly signal: (signal: string) => boolean
  /** False where nobody reads it. */
  readonly write: (input: Uint8Array) => Effect.Effect<boolean>
  readonly endInput: () => void
}

/** What is to be run. `mark` names the child; what it writes goes into the feed. */
export interface Order {
  readonly plan: ChildPlan
  readonly mark: string
  readonly feed: Feed
}

/** What a supervisor is made of. */
export interface Means {
  /** No other supervisor has it. */
  readonly name: string
  readonly capabilities: Capabilities
  /** Starts a run, or says in words why that is not possible. It is not interrupted. */
  readonly launch: (order: Order) => Effect.Effect<Run, string>
}

/** What is shared between a child's handle and the fiber that runs it. */
interface Life {
  readonly order: Order
  readonly states: SubscriptionRef.SubscriptionRef<ChildState>
  readonly exit: Deferred.Deferred<ProcessExit>
  /** Somebody wants it to end, within so many milliseconds. */
  readonly stopping: Deferred.Deferred<number>
  /** It runs for the first time, or cannot. */
  readonly begun: Deferred.Deferred<void>
  run: Run | undefined
}

/** One run, from its start to its end. */
const runOnce = Effect.fnUntraced(function*(launch: Means["launch"], life: Life, restarts: number) {
  const fault = faultOf(life.order.plan)
  const launched = yield* Effect.result(fault === undefined ? launch(life.order) : Effect.fail(fault))
  if (launched._tag === "Failure") return { _tag: "CouldNotStart", reason: launched.failure } satisfies ProcessExit
  const run = launched.success
  const { pid } = run
  life.run = run
  yield* SubscriptionRef.set(life.states, { _tag: "running", pid, since: yield* Clock.currentTimeMillis, restarts })
  Deferred.doneUnsafe(life.begun, Effect.void)
  const stopped = Effect.flatMap(
    Deferred.await(life.stopping),
    (grace) =>
      SubscriptionRef.set(life.states, { _tag: "stopping", pid, restarts }).pipe(
        Effect.andThen(run.stop(grace)),
        Effect.andThen(Effect.never)
      )
  )
  const exit = yield* Effect.raceFirst(run.ended, stopped)
  life.run = undefined
  life.order.feed.close()
  return exit
})

/** All of its runs. */
const runAll = Effect.fnUntraced(function*(launch: Means["launch"], life: Life) {
  const { feed, plan } = life.order
  let history = neverRestarted
  for (let restarts = 0;; restarts++) {
    if (restarts > 0) {
      yield* SubscriptionRef.set(life.states, { _tag: "starting", restarts })
      feed.begin()
    }
    const startedAt = yield* Clock.currentTimeMillis
    const exit: ProcessExit = yield* runOnce(launch, life, restarts)
    Deferred.doneUnsafe(life.begun, Effect.void)
    const now = yield* Clock.currentTimeMillis
    const next = Deferred.isDoneUnsafe(life.stopping)
      ? { _tag: "Leave" } as const
      : afterExit(plan.keepRunning, history, exit, { startedAt, now })
    const end = { _tag: "ended", exit, at: now, restarts, gaveUp: next._tag === "GiveUp" } as const
    if (next._tag !== "Restart") return end
    history = next.history
    yield* SubscriptionRef.set(life.states, { _tag: "waiting", until: now + next.wait, exit, restarts })
    yield* Effect.raceFirst(Effect.sleep(next.wait), Deferred.await(life.stopping))
    if (Deferred.isDoneUnsafe(life.stopping)) return { ...end, at: yield* Clock.currentTimeMillis }
  }
})

const handleOf = (id: string, spec: ChildSpec, life: Life): Child => {
  const { feed, plan } = life.order
  const encoder = new TextEncoder()
  return {
    id,
    spec,
    pid: Effect.sync(() => Option.fromUndefinedOr(life.run?.pid)),
    state: SubscriptionRef.get(life.states),
    states: Stream.takeUntil(SubscriptionRef.changes(life.states), ({ _tag }) => _tag === "ended"),
    exit: Deferred.await(life.exit),
    output: (following) => outputOf(feed, following),
    lines: (following) => linesOf(feed, following),
    beginning: Effect.sync(() => feed.beginning),
    lastLines: Effect.sync(() => feed.lastLines),
    write: (input) =>
      Effect.suspend(() =>
        life.run?.write(typeof input === "string" ? encoder.encode(input) : input) ?? Effect.succeed(false)
      ),
    endInput: Effect.sync(() => life.run?.endInput()),
    signal: (signal) => Effect.sync(() => life.run?.signal(signal) ?? false),
    stop: (grace) =>
      Effect.suspend(() => {
        const millis = grace === undefined ? plan.grace : Duration.toMillis(Duration.fromInputUnsafe(grace))
        Deferred.doneUnsafe(life.stopping, Effect.succeed(millis))
        return Deferred.await(life.exit)
      })
  }
}

/** A supervisor of such children. When the scope is left all are stopped. */
export const supervise = Effect.fnUntraced(
  function*(means: Means): Effect.fn.Return<Supervisor["Service"], never, Scope.Scope> {
    const children = new Map<string, Child>()
    let started = 0
    let isClosed = false
    yield* Effect.addFinalizer(() => {
      isClosed = true
      return Effect.forEach([...children.values()], (child) => child.stop(), {
        concurrency: "unbounded",
        discard: true
      })
    })
    const launch: Means["launch"] = (order) => isClosed ? Effect.fail("the supervisor has ended") : means.launch(order)
    const start = Effect.fnUntraced(function*(spec: ChildSpec) {
      const id = `${means.name}:${++started}`
      const plan = planOf(spec)
      const life: Life = {
        order: { plan, mark: id, feed: new Feed(plan.output.beginning, plan.output.lastLines) },
        states: yield* SubscriptionRef.make<ChildState>({ _tag: "starting", restarts: 0 }),
        exit: yield* Deferred.make<ProcessExit>(),
        stopping: yield* Deferred.make<number>(),
        begun: yield* Deferred.make<void>(),
        run: undefined
      }
      const child = handleOf(id, spec, life)
      children.set(id, child)
      const lived = Effect.flatMap(runAll(launch, life), (end) =>
        Effect.andThen(
          SubscriptionRef.set(life.states, end),
          Effect.sync(() => {
            children.delete(id)
            life.order.feed.end()
            Deferred.doneUnsafe(life.exit, Effect.succeed(end.exit))
          })
        ))
      // Nobody interrupts it: it ends when the child has, which `stop` sees to.
      yield* Effect.forkDetach(lived)
      yield* Deferred.await(life.begun)
      return child
    })
    return {
      start: (spec) => Effect.acquireRelease(start(spec), (child) => child.stop()),
      children: Effect.sync(() => [...children.values()]),
      capabilities: means.capabilities
    }
  }
)
