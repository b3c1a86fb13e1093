/**
 * Runs a program against a whole cluster in which things go wrong, in virtual
 * time and in an order that depends on nothing but a seed: server, executors
 * and submitters are the real ones. In the end nothing may be lost, done twice
 * or left over.
 *
 * @since 0.1.0
 */
import {
  Cause,
  Context,
  Data,
  Duration,
  Effect,
  Exit,
  Fiber,
  Layer,
  Metric,
  Random,
  Scheduler,
  Scope,
  Stream
} from "effect"
import { Server } from "../../services/Server.ts"
import { Submitter } from "../../services/Submitter.ts"
import type { Transition } from "../../src/dispatch/Command.ts"
import type { Implements, Runs, TaskDefinition } from "../../src/task/TaskDefinition.ts"
import { toSpec } from "../../src/task/TaskDefinition.ts"
import * as InProcess from "../InProcess.ts"
import { makeSealer } from "../SealerNode.ts"
import * as ServerMemory from "../ServerMemory.ts"
import * as SubmitterServer from "../submitter/SubmitterServer.ts"
import { Timing } from "../wire/Timing.ts"
import { Cluster } from "./Cluster.ts"
import { DurableGround } from "./DurableGround.ts"
import { type FaultCounts, type Faults, none, usual, Weather } from "./Faults.ts"
import { FaultyServer } from "./FaultyServer.ts"
import type { Ground } from "./Ground.ts"
import { History, lineOf } from "./History.ts"
import * as Network from "./Network.ts"
import { SeededRandom } from "./SeededRandom.ts"
import { VirtualClock } from "./VirtualClock.ts"
import { VirtualScheduler } from "./VirtualScheduler.ts"
import * as VirtualTime from "./VirtualTime.ts"

export type { FaultCounts, Faults } from "./Faults.ts"

/** What a simulation came to; times in milliseconds of its own clock. */
export interface Report<out A> {
  readonly seed: number
  /** What the program succeeded with. */
  readonly value: A
  /** How many tasks were accepted, and how many ended with which outcome. */
  readonly tasks: number
  readonly outcomes: { readonly [tag: string]: number }
  readonly attempts: number
  readonly retries: number
  /** How many executors there were, one after the other. */
  readonly executors: number
  readonly faults: Readonly<FaultCounts>
  /** Reports of attempts that the server refused, and those that it had heard before. */
  readonly refused: number
  readonly repeated: number
  readonly time: number
  readonly steps: number
  readonly records: ReadonlyArray<Transition>
  /** The records as text: the same for the same seed. */
  readonly log: ReadonlyArray<string>
}

/** What a simulation is made of. */
export interface Options<A, E, R> {
  readonly seed: number
  /** It may submit tasks, and fail by whatever it finds wrong with them. */
  readonly program: Effect.Effect<A, E, R>
  /** What goes wrong; what is left out goes as wrong as usual. */
  readonly faults?: Partial<Faults> | "none"
  /** How the server judges. */
  readonly server?: ServerMemory.Options
  /**
   * Where the server keeps its tasks. With a disk it is a process of its own, as
   * are program and executors, which reach it over a network: it dies and comes
   * back, and connections are lost. In memory, where absent, all are in one process.
   */
  readonly store?: "memory" | "disk"
  /** What all executors share, as one node. */
  readonly capacity?: { readonly cpu: number; readonly bytes: number; readonly slots: number }
  /** When a simulation is said never to end: so much virtual time, a day, or so many steps, 2 million, where absent. */
  readonly patience?: { readonly time?: Duration.Input; readonly steps?: number }
  /** The line that repeats a failure, for its message; `CADRE_SEED=<seed> npx vitest run` where absent. */
  readonly replay?: (seed: number) => string
}

/** A promise was broken, or the program failed. The message says which, and how to see it again. */
export class SimulationFailed extends Data.TaggedError("SimulationFailed")<{
  readonly seed: number
  readonly replay: string
  readonly violations: ReadonlyArray<string>
  readonly log: ReadonlyArray<string>
  readonly cause?: unknown
}> {
  override get message(): string {
    const reasons = this.violations.slice(0, 10).map((violation) => `\n  - ${violation}`).join("")
    const last = this.log.slice(-12).map((line) => `\n  ${line}`).join("")
    return `The simulation with seed ${this.seed} failed:${reasons}\nRepeat it with: ${this.replay}\nLast records:${last}`
  }
}

/** Seeds to try: that of the variable `CADRE_SEED` alone where it is set, else the first `count`. */
export const seeds = (count: number): ReadonlyArray<number> => {
  const { CADRE_SEED: only } = process.env
  return only === undefined ? Array.from({ length: count }, (_, index) => index + 1) : [Number(only)]
}

/**
 * Runs a program on executors of one kind, two unless said otherwise. Neither
 * it nor its handlers may wait for anything outside, such as files or sockets:
 * time would go on without them. A failure names the line that repeats it.
 *
 * ```ts
 * it.effect.each(Simulation.seeds(100))("survives seed %s", (seed) =>
 *   Simulation.run({ implementation: MathsLive, seed, program, executors: 3, faults: { deaths: 5 } }))
 * ```
 */
export const run = <I extends Implements<TaskDefinition.Any>, RL, EL, A, E, R, ROut = never, E2 = never, R2 = never>(
  options: Options<A, E, R> & InProcess.ExecutorOptions & {
    readonly implementation: Layer.Layer<I, EL, RL>
    readonly provides?: Layer.Layer<ROut, E2, R2>
    readonly executors?: number
  }
): Effect.Effect<
  Report<A>,
  SimulationFailed,
  Exclude<R | RL | R2, Submitter | Server | Scope.Scope | Runs<TaskDefinition.Covered<TasksOf<I>, ROut>>>
> => {
  const { executors = 2, implementation, labels, provides, slots } = options
  const plan = InProcess.executor(implementation, {
    ...(labels && { labels }),
    ...(provides && { provides }),
    ...(slots !== undefined && { slots })
  })
  return runOf(Array.from({ length: executors }, () => plan), options)
}

type TasksOf<I> = I extends Implements<infer T> ? T : never

/** Runs a program on executors of several kinds, made as for `InProcess.layerOf`. */
export const runOf = <const P extends ReadonlyArray<InProcess.AnyFiberPlan>, A, E, R>(
  plans: P,
  options: Options<A, E, R>
): Effect.Effect<
  Report<A>,
  SimulationFailed,
  Exclude<
    R | (P[number] extends InProcess.FiberPlan<string, unknown, infer R2> ? R2 : never),
    Submitter | Server | Scope.Scope | Runs<P[number]["~names"]>
  >
> =>
  // Whatever is an `AnyPlan` was made as a `Plan`. What the program and the plans need, but for what the cluster has, is
  // asked of whoever runs this.
  Effect.contextWith((context: Context.Context<never>) =>
    simulate(plans as unknown as ReadonlyArray<InProcess.FiberPlan<string, unknown, unknown>>, options, context)
  ) as ReturnType<typeof runOf<P, A, E, R>>

const simulate = Effect.fnUntraced(function*<A, E, R>(
  plans: ReadonlyArray<InProcess.FiberPlan<string, unknown, unknown>>,
  options: Options<A, E, R>,
  context: Context.Context<never>
) {
  const { patience: { steps = 2_000_000, time = "1 day" } = {}, seed } = options
  const { replay = (seed: number) => `CADRE_SEED=${seed} npx vitest run` } = options
  const scheduler = new VirtualScheduler({ seed })
  const clock = new VirtualClock(scheduler, yield* VirtualTime.liveClock, true)
  const faults = options.faults === "none" ? none : { ...usual, ...options.faults }
  const weather = new Weather(faults, new SeededRandom(seed, "faults"), clock)
  const history = new History()
  const timing = Network.timing(weather, (run) => scheduler.schedule(run))
  const premises = Context.add(VirtualTime.context(scheduler, clock), Timing, timing)
  let fibers = 0
  let started = 0
  let status = { refused: 0, repeated: 0 }

  const cluster = Effect.gen(function*() {
    const scope = yield* Effect.scope
    const ground = options.store === "disk"
      ? yield* durable(options.server ?? {}, weather, timing, history, scope)
      : yield* fleeting(options.server, weather, history, scope)
    const libraries = yield* librariesOf(plans)
    history.know(
      libraries.flatMap(({ encoding, name: libraryName, tasks, version }) =>
        [...tasks.values()].map((task) => toSpec(task, { libraryName, version, encoding }))
      )
    )
    const sealer = makeSealer((length) => weather.random.bytes(length))
    const settings = { libraries, sealer, leaseTime: options.server?.leaseTime ?? 30_000, capacity: options.capacity }
    const executors = new Cluster(ground, history, weather, settings, scope)
    for (const plan of plans) yield* executors.start(plan)
    const disturbing = yield* Scope.fork(scope)
    yield* Effect.forkIn(Scope.provide(executors.chaos, disturbing), disturbing)
    const { server } = yield* ground.place("program")
    const value = yield* Effect.scoped(Effect.gen(function*() {
      const submitter = yield* SubmitterServer.connect({ name: "program", libraries, sealer })
      return yield* Effect.exit(Effect.scoped(Effect.provideService(options.program, Submitter, submitter)))
    })).pipe(Effect.provideService(Server, server))
    yield* Scope.close(disturbing, Exit.void)
    executors.heal()
    yield* executors.stop
    const { refused, repeated } = yield* ground.status
    status = { refused, repeated }
    started = executors.started
    for (const violation of yield* ground.conclude) history.violations.push(violation)
    // What has been recorded and said is read before those who read it go.
    yield* clock.idle
    return yield* value
  })

  const root = Effect.scoped(cluster).pipe(
    Random.withSeed(seed),
    Effect.provideService(Metric.FiberRuntimeMetrics, {
      recordFiberStart: () => fibers++,
      recordFiberEnd: () => fibers--
    }),
    // Provided last, they win over what the test has set.
    Effect.provideContext(premises),
    Effect.provideContext(context)
  ) as Effect.Effect<A, unknown>

  const exit = yield* Effect.callback<Exit.Exit<A, unknown>>((resume) => {
    const fiber = Effect.runForkWith(premises)(root)
    const giveUp = (why: string) => {
      history.violations.push(`${why}; ${history.open.length} tasks have not ended`, ...history.waiting.slice(0, 5))
      resume(Effect.succeed(Exit.interrupt()))
    }
    const longest = Duration.toMillis(Duration.fromInputUnsafe(time))
    scheduler.onStretch = () => scheduler.steps > steps && giveUp(`it has not ended after ${scheduler.steps} steps`)
    scheduler.onIdle = () => {
      if (!clock.advance(longest)) giveUp(`it has not ended after ${clock.now} ms`)
    }
    // The fibers that have ended by then are counted once the last of them is told.
    fiber.addObserver((exit) => scheduler.whenIdle(() => resume(Effect.succeed(exit))))
    return Fiber.interrupt(fiber)
  })
  scheduler.close()

  const log = history.records.map(lineOf)
  const violations = [...history.conclude(fibers)]
  if (Exit.isFailure(exit) && violations.length === 0) violations.push(Cause.pretty(exit.cause))
  if (Exit.isFailure(exit) || violations.length > 0) {
    const cause = Exit.isFailure(exit) ? { cause: Cause.squash(exit.cause) } : {}
    return yield* new SimulationFailed({ seed, replay: replay(seed), violations, log, ...cause })
  }
  const { accepted: tasks, attempts, outcomes, records, retries } = history
  const { counts } = weather
  const report: Report<A> = {
    seed,
    value: exit.value,
    tasks,
    outcomes,
    attempts,
    retries,
    executors: started,
    faults: counts,
    ...status,
    time: clock.now,
    steps: scheduler.steps,
    records,
    log
  }
  return report
})

const fleeting = Effect.fnUntraced(function*(
  options: ServerMemory.Options | undefined,
  weather: Weather,
  history: History,
  scope: Scope.Scope
) {
  const server = Context.get(yield* Layer.build(ServerMemory.layer(options)), Server)
  yield* Effect.forkScoped(
    Stream.runForEach(server.records(Infinity), (record) => Effect.sync(() => history.recorded(record))).pipe(
      Effect.provideService(Scheduler.PreventSchedulerYield, true)
    ),
    { startImmediately: true }
  )
  const ground: Ground = new FaultyServer(server, weather, history, scope)
  return ground
})

const durable = Effect.fnUntraced(function*(
  dispatcher: ServerMemory.Options,
  weather: Weather,
  timing: Timing,
  history: History,
  scope: Scope.Scope
) {
  const ground = new DurableGround(weather, timing, history, { dispatcher }, scope)
  yield* ground.serve
  return ground as Ground
})

/** The libraries that the executors implement, each once. */
const librariesOf = Effect.fnUntraced(function*(plans: ReadonlyArray<InProcess.FiberPlan<string, unknown, unknown>>) {
  const never: Submitter["Service"] = Submitter.of({
    run: () => Effect.never,
    runAll: () => Stream.never,
    submit: () => Effect.never,
    submitAll: () => Effect.never,
    submitGraph: () => Effect.never
  })
  const built = yield* Effect.forEach(new Set(plans), ({ fibers }) => fibers).pipe(
    Effect.provideService(Submitter, never),
    Effect.scoped
  )
  return [...new Set(built.flatMap(({ implementations }) => implementations.map(({ library }) => library)))]
})
