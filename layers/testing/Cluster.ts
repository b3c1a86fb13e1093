/**
 * The cluster of a simulation: the real server, submitters and executors, and
 * whoever sees to it that executors are lost and replaced.
 *
 * @since 0.1.0
 */
import { Duration, Effect, Exit, Queue, Scope } from "effect"
import { Server } from "../../services/Server.ts"
import { Submitter } from "../../services/Submitter.ts"
import { TaskContext } from "../../services/TaskContext.ts"
import type { Implementation, TaskLibrary } from "../../services/TaskLibrary.ts"
import { ExecutorId, NodeId } from "../../src/task/Attempt.ts"
import type { Sealer } from "../../src/task/Secret.ts"
import * as ExecutorFibers from "../ExecutorFibers.ts"
import type { FiberPlan } from "../Plan.ts"
import * as SubmitterServer from "../submitter/SubmitterServer.ts"
import type { Weather } from "./Faults.ts"
import type { ExecutorLine, Ground, Mishap } from "./Ground.ts"
import type { History } from "./History.ts"

/** What an executor of a simulation is made from. */
export type AnyPlan = FiberPlan<string, unknown, unknown>

/** What the executors have in common. */
export interface Settings {
  readonly libraries: ReadonlyArray<TaskLibrary.Any>
  readonly sealer: Sealer
  readonly leaseTime: number
  readonly capacity: { readonly cpu: number; readonly bytes: number; readonly slots: number } | undefined
}

/** One run of an executor. */
interface Incarnation {
  readonly name: string
  readonly plan: AnyPlan
  readonly line: ExecutorLine
  readonly scope: Scope.Closeable
}

const leave = ({ line, scope }: Incarnation): Effect.Effect<void> =>
  Effect.andThen(Scope.close(scope, Exit.void), line.leave)

/** Lets the history know of each attempt. A result that is there at once stays so, half of the time. */
const watched = (implementation: Implementation, history: History, weather: Weather): Implementation => {
  const handlers = new Map(implementation.handlers)
  for (const [name, handler] of handlers) {
    handlers.set(name, (payload) => {
      const result = handler(payload)
      if (Exit.isExit(result) && weather.random.chance(0.5)) return result
      return Effect.flatMap(TaskContext, ({ attempt, taskId }) =>
        Effect.acquireUseRelease(
          Effect.sync(() => history.began(name, taskId, attempt)),
          () => result,
          (ended) => Effect.sync(ended)
        ))
    })
  }
  return { ...implementation, handlers }
}

/** Executors that come and go. */
export class Cluster {
  readonly #ground: Ground
  readonly #history: History
  readonly #weather: Weather
  readonly #settings: Settings
  readonly #scope: Scope.Scope
  /** Those that may be lost, and all that have to be stopped in the end. */
  readonly #present = new Set<Incarnation>()
  readonly #alive = new Set<Incarnation>()
  #started = 0

  constructor(ground: Ground, history: History, weather: Weather, settings: Settings, scope: Scope.Scope) {
    this.#ground = ground
    this.#history = history
    this.#weather = weather
    this.#settings = settings
    this.#scope = scope
  }

  get started(): number {
    return this.#started
  }

  /** Starts an executor, and has it serve. */
  readonly start = (plan: AnyPlan): Effect.Effect<void, unknown, unknown> => Effect.uninterruptible(this.#start(plan))

  readonly #start: (plan: AnyPlan) => Effect.Effect<void, unknown, unknown> = Effect.fnUntraced(
    { self: this },
    function*(plan: AnyPlan) {
      const name = `executor-${++this.#started}`
      const { capacity, leaseTime, libraries, sealer } = this.#settings
      const scope = yield* Scope.fork(this.#scope)
      const { attach, server } = yield* this.#ground.place(name)
      const submitter = yield* SubmitterServer.connect({ name: `${name}-handlers`, libraries, sealer }).pipe(
        Effect.provideService(Server, server),
        Scope.provide(scope)
      )
      const parts = yield* plan.fibers.pipe(Effect.provideService(Submitter, submitter), Scope.provide(scope))
      const slots = parts.slots ?? 4
      const executor = yield* ExecutorFibers.make({
        implementations: parts.implementations.map((each) => watched(each, this.#history, this.#weather)),
        provides: parts.provides,
        sealer,
        submitter,
        spec: {
          executorId: ExecutorId.make(name),
          node: { nodeId: NodeId.make(capacity === undefined ? name : "node"), ...(capacity && { capacity }) },
          slots,
          prefetch: slots,
          services: [...parts.provides.mapUnsafe.keys()],
          labels: parts.labels,
          heartbeat: true
        }
      })
      this.#history.joining(executor.spec)
      const line = yield* attach(executor.spec)
      const beat = Effect.sync(() => line.port.send({ _tag: "beat" })).pipe(Effect.delay(leaseTime / 3))
      // Over a network the connection does that.
      if (!this.#ground.isApart) yield* Effect.forkIn(Effect.forever(beat), scope)
      yield* Scope.provide(executor.serve(line.port), scope)
      const incarnation = { name, plan, line, scope }
      this.#present.add(incarnation)
      this.#alive.add(incarnation)
    }
  )

  /** All of them say goodbye. */
  readonly stop: Effect.Effect<void> = Effect.suspend(() => Effect.forEach(this.#alive, leave, { discard: true }))

  /**
   * Makes things go wrong, until there is no more to go wrong or it has taken
   * long enough. Then everything heals. What goes on for a while is forked in the scope.
   */
  readonly chaos: Effect.Effect<void, unknown, unknown> = Effect.gen({ self: this }, function*() {
    const { clock, counts, faults, random } = this.#weather
    const within = Duration.toMillis(Duration.fromInputUnsafe(faults.within))
    const orders = yield* Queue.unbounded<void>()
    const share = 0.5 / Math.max(1, random.magnitude(60))
    this.#weather.onArrival = () => {
      if (random.chance(share)) Queue.offerUnsafe(orders, undefined)
      if (counts.cancels < faults.cancels && random.chance(share * 4)) this.#cancelOne()
    }
    const kinds = ["deaths", "pauses", ...this.#ground.mishaps] as const
    while (clock.now < within) {
      const kind = random.pick(kinds.filter((kind) => counts[kind] < faults[kind]))
      if (kind === undefined) break
      const wait = Effect.sleep(random.magnitude(within))
      yield* Effect.raceFirst(Queue.take(orders), wait)
      yield* this.#happen(kind)
    }
    if (clock.now < within && counts.cancels < faults.cancels) yield* Effect.sleep(random.magnitude(within - clock.now))
    this.heal()
  })

  #happen(kind: "deaths" | "pauses" | Mishap): Effect.Effect<void, unknown, unknown> {
    if (kind !== "deaths" && kind !== "pauses") return this.#ground.happen(kind)
    const chosen = this.#weather.random.pick([...this.#present])
    if (chosen === undefined) return Effect.void
    return kind === "deaths" ? this.#kill(chosen) : this.#pause(chosen)
  }

  /** Nothing goes wrong any more. */
  heal(): void {
    this.#weather.onArrival = undefined
    this.#weather.heal()
  }

  #cancelOne(): void {
    const task = this.#weather.random.pick(this.#history.open)
    const submitter = task === undefined ? undefined : this.#history.submitterOf(task)
    if (task === undefined || submitter === undefined) return
    this.#weather.counts.cancels++
    this.#ground.cancel(submitter, task)
  }

  /** It dies at once; or it is cut off first, and goes on for a while without anybody who listens. */
  readonly #kill = Effect.fnUntraced({ self: this }, function*(incarnation: Incarnation) {
    const { counts, random } = this.#weather
    counts.deaths++
    this.#present.delete(incarnation)
    const isReplaced = yield* this.#cover(incarnation)
    const { line, plan, scope } = incarnation
    const end = Effect.andThen(Scope.close(scope, Exit.void), Effect.sync(() => this.#alive.delete(incarnation)))
    const lose = line.lose("its connection dropped")
    yield* !this.#ground.isApart && random.chance(0.5)
      ? Effect.andThen(end, lose)
      : Effect.andThen(lose, Effect.forkScoped(Effect.delay(end, random.magnitude(5_000))))
    if (!isReplaced) yield* this.#replace(plan)
  })

  /** Not a word for a while. If that cost it its leases, it starts anew. */
  readonly #pause = Effect.fnUntraced({ self: this }, function*(incarnation: Incarnation) {
    const { clock, counts, random } = this.#weather
    counts.pauses++
    const { line, name, plan } = incarnation
    const millis = random.magnitude(2 * this.#settings.leaseTime)
    line.pause(clock.now + millis)
    if (millis < this.#settings.leaseTime / 2) return
    this.#present.delete(incarnation)
    const isReplaced = yield* this.#cover(incarnation)
    const back = Effect.gen({ self: this }, function*() {
      const executors = yield* this.#ground.executors
      if (this.#ground.isApart || executors?.includes(name) === true) {
        this.#present.add(incarnation)
        return
      }
      yield* leave(incarnation)
      this.#alive.delete(incarnation)
      if (!isReplaced) yield* this.#replace(plan)
    })
    yield* Effect.forkScoped(Effect.delay(back, millis + random.magnitude(1_000)))
  })

  /** Unless all may be gone at once, another is there before the last of a kind goes. */
  #cover({ plan }: Incarnation): Effect.Effect<boolean, unknown, unknown> {
    if (this.#weather.faults.blackouts || [...this.#present].some((other) => other.plan === plan)) {
      return Effect.succeed(false)
    }
    return Effect.as(this.start(plan), true)
  }

  #replace(plan: AnyPlan): Effect.Effect<void, unknown, unknown> {
    const { random } = this.#weather
    return Effect.asVoid(Effect.forkScoped(Effect.delay(this.start(plan), random.magnitude(10_000))))
  }
}
