/**
 * Executors in processes that a supervisor starts: as many as somebody needs,
 * and no more than there are cores.
 *
 * @since 0.1.0
 */
import { type Cause, Clock, Effect, Latch, Layer, Queue, type Scope, Stream } from "effect"
import { ExecutorPool } from "../../services/ExecutorPool.ts"
import { Operator } from "../../services/Operator.ts"
import { Supervisor } from "../../services/Supervisor.ts"
import { pauseAfter, plan, type Step, type Wanted } from "../../src/host/PoolPlan.ts"
import { familyOf, idOf, type ProcessReport, type Provision, type ProvisionState } from "../../src/host/Provision.ts"
import type { ProcessExit } from "../../src/process/ProcessExit.ts"
import { type Hand, start } from "./Hand.ts"
import * as Machine from "./Machine.ts"
import { pathOf } from "./ModulePath.ts"

/** How a pool is set up. */
export interface Options {
  /** Where its executors find the server. */
  readonly address: string
  /** Threads in all; as many as the machine runs at a time where absent. */
  readonly cores?: number | undefined
  /** Milliseconds for which a process that nobody needs stays. */
  readonly idle: number
  /** An executor's process has ended: what it had is for others. */
  readonly gone: (executorId: string, reason: string) => Effect.Effect<void>
  /** What was provided before the server was started again. */
  readonly remembered?: ReadonlyArray<Remembered>
  /** Keeps what is provided, and by whom it is run, for the next start. */
  readonly remember?: (kept: Kept) => void
}

/** What the next start wants to know. */
export interface Kept {
  readonly modules: ReadonlyArray<Remembered>
  readonly processes: ReadonlyArray<{ readonly pid: number; readonly executors: ReadonlyArray<string> }>
}

/** A module that was provided, with the names of its tasks. */
export interface Remembered {
  readonly provision: Provision
  readonly tasks: ReadonlyArray<string>
}

/** A module that somebody has asked for. */
interface Module {
  readonly id: string
  readonly provision: Provision
  order: number
  readonly clients: Set<Queue.Queue<ProvisionState, Cause.Done>>
  tasks: ReadonlyArray<string>
  state: ProvisionState
  notBefore: number
  /** Processes of it that ended by themselves, in a row. */
  failures: number
}

/** Milliseconds that a process has to have lived for its end not to be its start's. */
const settled = 10_000
/** Between two looks at what processes do; not busier than a heartbeat is. */
const lookEvery = 10_000
/** How many of the newest submissions are looked at for tasks that wait. */
const looked = 200
/** How many modules are remembered that nobody asks for. */
const most = 100

const make = Effect.fnUntraced(function*({ address, cores = Machine.cores(), gone, idle, ...options }: Options) {
  const supervisor = yield* Supervisor
  const operator = yield* Operator
  const scope: Scope.Scope = yield* Effect.scope
  const modules = new Map<string, Module>()
  const hands = new Map<string, Hand>()
  const poked = Latch.makeUnsafe(true)
  const poke = () => void poked.openUnsafe()
  let orders = 0
  let names = 0

  const add = (provision: Provision, tasks: ReadonlyArray<string> = []): Module => {
    const id = idOf(provision)
    const found = modules.get(id)
    if (found !== undefined) return found
    const made: Module = {
      id,
      provision,
      order: ++orders,
      clients: new Set(),
      tasks,
      state: { _tag: "Starting" },
      notBefore: 0,
      failures: 0
    }
    modules.set(id, made)
    return made
  }
  for (const { provision, tasks } of options.remembered ?? []) add(provision, tasks)

  const handsOf = (module: Module) => [...hands.values()].filter(({ wanted }) => wanted === module.id)
  const tell = (module: Module, state: ProvisionState): void => {
    module.state = state
    for (const client of module.clients) Queue.offerUnsafe(client, state)
  }
  /** What there is to tell of it now. */
  const review = (module: Module): void => {
    const executors = handsOf(module).flatMap(({ executors, isLeaving }) => isLeaving ? [] : executors)
    if (executors.length > 0) tell(module, { _tag: "Ready", executors })
    else if (module.state._tag === "Ready") tell(module, { _tag: "Starting" })
  }
  const remember = (): void => {
    const all = [...modules.values()].toSorted((one, other) => other.order - one.order).slice(0, most)
    options.remember?.({
      modules: all.map(({ provision, tasks }) => ({ provision, tasks })),
      processes: [...hands.values()].flatMap(({ executors, pid }) => pid === undefined ? [] : [{ pid, executors }])
    })
  }

  /** The names of tasks that have not ended; unknown if the server cannot say. */
  const unended = Effect.map(
    operator.submissions({ limit: looked }),
    ({ items }) => new Set(items.filter(({ isEnded }) => !isEnded).flatMap(({ taskNames }) => taskNames))
  ).pipe(Effect.orElseSucceed(() => undefined))

  /** Since when each process has had nothing to do. */
  const observe = Effect.gen(function*() {
    if (hands.size === 0) return
    const now = yield* Clock.currentTimeMillis
    const rows = yield* Effect.orElseSucceed(operator.executors, () => undefined)
    if (rows === undefined) return
    const busy = new Set(rows.filter(({ held, running }) => held + running > 0).map(({ executorId }) => executorId))
    for (const hand of hands.values()) {
      const isBusy = !hand.isReady || hand.executors.some((executor) => busy.has(executor))
      hand.idleSince = isBusy ? undefined : hand.idleSince ?? now
    }
  })

  const ended = Effect.fnUntraced(function*(hand: Hand, exit: ProcessExit) {
    const reason = yield* hand.reason(exit)
    hands.delete(hand.process)
    for (const executor of hand.executors) yield* gone(executor, reason)
    yield* hand.close
    remember()
    const module = modules.get(hand.wanted)
    if (module === undefined || hand.isLeaving) return poke()
    const now = yield* Clock.currentTimeMillis
    yield* Effect.logWarning(`${pathOf(hand.module)}: ${reason}`)
    module.failures = now - hand.startedAt > settled ? 1 : module.failures + 1
    if (module.notBefore !== Infinity) module.notBefore = now + pauseAfter(module.failures)
    review(module)
    if (!hand.isReady && module.state._tag !== "Failed") tell(module, { _tag: "Failed", reason })
    poke()
  })

  const act = Effect.fnUntraced(function*(step: Step) {
    if (step._tag === "Start") {
      const module = modules.get(step.wanted)
      if (module === undefined) return
      const now = yield* Clock.currentTimeMillis
      const { provision } = module
      const process = `process-${++names}`
      if (module.state._tag === "Failed") tell(module, { _tag: "Starting" })
      const hand = yield* start(supervisor, {
        process,
        wanted: module.id,
        provision,
        threads: step.threads,
        address,
        now
      })
      hands.set(process, hand)
      yield* Effect.forkIn(Effect.flatMap(hand.child.exit, (exit) => ended(hand, exit)), scope)
      return
    }
    const hand = hands.get(step.hand)
    if (hand === undefined) return
    hand.isLeaving = true
    // One that does not serve yet has nothing to finish.
    if (!hand.isReady) return yield* Effect.asVoid(Effect.forkIn(hand.child.stop(), scope))
    for (const executor of hand.executors) yield* Effect.ignore(operator.drainExecutor(executor, { stop: true }))
    const module = modules.get(hand.wanted)
    if (module !== undefined) review(module)
  })

  const turn = Effect.gen(function*() {
    yield* observe
    const all = [...modules.values()]
    const isAsked = all.some(({ clients, tasks }) => clients.size === 0 && tasks.length > 0)
    const names = isAsked ? yield* unended : undefined
    const now = yield* Clock.currentTimeMillis
    const wanted = all.map(({ clients, failures: _, id, notBefore, order, provision, tasks }): Wanted => ({
      id,
      order,
      notBefore,
      family: familyOf(provision),
      threads: Math.min(cores, provision.threads ?? cores),
      clients: clients.size,
      hasTasks: names !== undefined && tasks.some((task) => names.has(task))
    }))
    const present = [...hands.values()].map(({ idleSince, isLeaving, process, threads, wanted }) => ({
      id: process,
      wanted,
      threads,
      isLeaving,
      idleSince
    }))
    const { steps, wake } = plan(wanted, present, { cores, idle, now })
    for (const step of steps) yield* act(step)
    const isWatched = hands.size > 0 || isAsked
    const look = isWatched ? Math.min(lookEvery, Math.max(20, idle / 4)) : Infinity
    return Math.max(1, Math.min(look, wake === undefined ? Infinity : wake - now))
  })

  const loop = Effect.gen(function*() {
    yield* Latch.close(poked)
    const pause = yield* turn
    yield* pause === Infinity ? poked.await : Effect.timeoutOption(poked.await, pause)
  })
  yield* Effect.addFinalizer(() =>
    Effect.forEach(
      [...hands.values()],
      ({ child, close }) => Effect.andThen(child.endInput, Effect.andThen(child.stop(), close)),
      {
        concurrency: "unbounded",
        discard: true
      }
    )
  )
  yield* Effect.forkIn(Effect.forever(loop), scope)

  const provide = (provision: Provision): Stream.Stream<ProvisionState> =>
    Stream.callback<ProvisionState>((queue) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          const module = add(provision)
          // Who asks again hopes that what was wrong has been mended.
          if (module.state._tag === "Failed" && module.clients.size === 0) {
            module.state = { _tag: "Starting" }
            module.notBefore = 0
            module.failures = 0
          }
          if (module.order < orders) module.order = ++orders
          module.clients.add(queue)
          Queue.offerUnsafe(queue, module.state)
          remember()
          poke()
          return module
        }),
        (module) =>
          Effect.sync(() => {
            module.clients.delete(queue)
            poke()
          })
      )
    )

  const report = (report: ProcessReport) =>
    Effect.sync(() => {
      const hand = hands.get(report.process)
      const module = hand && modules.get(hand.wanted)
      if (hand === undefined || module === undefined) return
      if (report._tag === "Ready") {
        hand.executors = report.executors
        hand.pid = report.pid
        module.tasks = report.tasks
        remember()
        review(module)
      } else {
        module.notBefore = Infinity
        tell(module, { _tag: "Failed", reason: report.reason })
      }
      poke()
    })

  const view = Effect.gen(function*() {
    const processes = yield* Effect.forEach([...hands.values()], (hand) =>
      Effect.map(hand.child.state, (state) => ({
        process: hand.process,
        module: pathOf(hand.module),
        threads: hand.threads,
        state: hand.isLeaving ? "draining" as const : hand.isReady ? "ready" as const : "starting" as const,
        ...("pid" in state && { pid: state.pid })
      })))
    const failed = [...modules.values()].flatMap(({ clients, provision, state }) =>
      state._tag === "Failed" && clients.size > 0 ? [{ module: pathOf(provision.module), reason: state.reason }] : []
    )
    return { processes, failed }
  })

  return ExecutorPool.of({ provide, report, view })
})

/** Has executors while the scope lasts; then they are told to end. */
export const layer = (options: Options): Layer.Layer<ExecutorPool, never, Supervisor | Operator> =>
  Layer.effect(ExecutorPool, make(options))
