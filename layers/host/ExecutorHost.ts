/**
 * A process with executors: its main thread holds the connections, so that
 * heartbeats wait for no task, and worker threads run what the server gives
 * them. It is left in good order: what has not started goes back, what runs is
 * finished.
 *
 * @since 0.1.0
 */
import { Deferred, Effect, Exit, Scope } from "effect"
import process from "node:process"
import { getHeapStatistics } from "node:v8"
import type { Server } from "../../services/Server.ts"
import type { ExecutorSetting } from "../../src/host/ExecutorSetting.ts"
import { ExecutorsFailed, type NoServer, type ServerRefused, type SettingInvalid } from "../../src/host/HostError.ts"
import type { Crew } from "../Plan.ts"
import type { Keys } from "../SealerNode.ts"
import { deferred } from "../submitter/DeferredSubmitter.ts"
import * as ThreadCrew from "../threads/ThreadCrew.ts"
import type { Connected } from "./Connected.ts"
import { LeavingPort } from "./LeavingPort.ts"
import * as Machine from "./Machine.ts"

/** What it needs of its surroundings. */
export interface Options extends ExecutorSetting {
  readonly keys: Keys
  /** Connects to the server, and waits for one that is not there. */
  readonly connecting: Effect.Effect<Connected, NoServer | ServerRefused | SettingInvalid, Scope.Scope>
  /** Done when the process has been asked to end. */
  readonly leaving: Deferred.Deferred<void>
  /** Is told once it serves; `isBusy` says whether it holds anything. */
  readonly serving: (executors: ReadonlyArray<string>, isBusy: () => boolean) => Effect.Effect<void>
}

/** Attempts that a thread is given in advance. */
const prefetch = 64

/** A thread's share of the memory. */
const share = (threads: number): number =>
  Math.min(0.75 * Machine.memory() / threads, 0.75 * getHeapStatistics().heap_size_limit)

/** One thread that serves, in a scope of its own. */
interface Place {
  readonly executorId: string
  readonly scope: Scope.Closeable
  readonly emptied: Deferred.Deferred<void>
  readonly leave: () => void
  /** How many attempts it holds. */
  readonly held: () => number
}

const crews = ({ keys, labels, memory, module, slots = 1, thread }: Options, threads: number) =>
  Effect.forEach(
    Array.from({ length: threads }, (_, index) => index),
    (index) =>
      ThreadCrew.make({
        url: module,
        entry: new URL(thread),
        keys,
        threads: 1,
        slots,
        prefetch,
        memory: memory ?? share(threads),
        labels,
        // Once is enough.
        isQuiet: index > 0
      }),
    { concurrency: "unbounded" }
  )

/** A word that no other process on this machine has, also not one of the same number before it. */
const unique = (): string => process.hrtime.bigint().toString(36).slice(-5)

/** Attaches one thread; `stopped` is called if the server wants it to end. */
const placed = Effect.fnUntraced(function*(
  crew: Crew,
  executorId: string,
  server: Server["Service"],
  stopped: (executorId: string) => void
) {
  const scope = yield* Scope.make()
  const emptied = yield* Deferred.make<void>()
  let leaving: LeavingPort | undefined
  const attach: Server["Service"]["attach"] = (spec) =>
    Effect.map(server.attach(spec), (port) => {
      leaving = new LeavingPort(port, {
        stopped: () => stopped(executorId),
        emptied: () => Deferred.doneUnsafe(emptied, Exit.void)
      })
      return leaving.port
    })
  yield* Scope.provide(
    crew.start({
      server: { ...server, attach },
      // Threads have one of their own.
      submitter: deferred(() => undefined),
      libraries: crew.libraries,
      capacity: undefined,
      node: { nodeId: Machine.nodeId(), capacity: Machine.capacity(), pid: process.pid },
      name: () => executorId
    }),
    scope
  )
  return { executorId, scope, emptied, leave: () => leaving?.leave(), held: () => leaving?.held ?? 0 } satisfies Place
})

/** Leaves one place: when it holds nothing any more. */
const left = ({ emptied, leave, scope }: Place): Effect.Effect<void> =>
  Effect.gen(function*() {
    leave()
    yield* Deferred.await(emptied)
    yield* Scope.close(scope, Exit.void)
  })

/** Why a module cannot be run, for people and for the server. */
const unusable = ({ name }: Options, problem: string): ExecutorsFailed =>
  new ExecutorsFailed({ module: name, reason: problem })

/** Serves until it is asked to end, or until the server has no more use for any of its threads. */
const serve = Effect.fnUntraced(function*(options: Options) {
  const threads = options.threads ?? Machine.cores()
  // Threads load the module while the connection is made.
  const [built, { pool, server }] = yield* Effect.all([
    crews(options, threads).pipe(Effect.mapError(({ problem }) => unusable(options, problem))),
    options.connecting
  ], { concurrency: 2 })
  const prefix = `${process.pid}-${unique()}`
  const leaving = new Set<string>()
  const places: Array<Place> = []
  const over = yield* Deferred.make<void>()
  const context = yield* Effect.context()
  const leave = (place: Place): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (leaving.has(place.executorId)) return Effect.void
      leaving.add(place.executorId)
      return Effect.andThen(
        left(place),
        Effect.sync(() => {
          places.splice(places.indexOf(place), 1)
          if (places.length === 0) Deferred.doneUnsafe(over, Exit.void)
        })
      )
    })
  const stopped = (executorId: string): void => {
    const place = places.find((place) => place.executorId === executorId)
    if (place !== undefined) Effect.runForkWith(context)(leave(place))
  }
  yield* Effect.addFinalizer((exit) =>
    Effect.forEach([...places], ({ scope }) => Scope.close(scope, exit), { concurrency: "unbounded", discard: true })
  )
  for (const [index, crew] of built.entries()) {
    places.push(yield* placed(crew, `${prefix}/${index + 1}`, server, stopped))
  }
  const executors = places.map(({ executorId }) => executorId)
  yield* options.serving(executors, () => places.some(({ held }) => held() > 0))
  const tasks = [...new Set(built.flatMap(({ libraries }) => libraries.flatMap(({ tasks }) => [...tasks.keys()])))]
  yield* pool.report({
    _tag: "Ready",
    process: options.process ?? prefix,
    pid: process.pid,
    node: Machine.nodeId(),
    executors,
    tasks
  }).pipe(Effect.ignore)
  yield* Effect.raceFirst(Deferred.await(options.leaving), Deferred.await(over))
  yield* Effect.forEach([...places], leave, { concurrency: "unbounded", discard: true })
  yield* Deferred.await(over)
}, Effect.scoped)

/** Milliseconds in which a server that started this process is told why that was in vain. */
const tellingTime = 5_000

/** Runs it. A module that cannot be run is told to the server, too, if that has started the process. */
export const run = (
  options: Options
): Effect.Effect<void, ExecutorsFailed | NoServer | ServerRefused | SettingInvalid> =>
  serve(options).pipe(
    Effect.tapErrorTag("ExecutorsFailed", ({ reason }) => {
      const { process } = options
      if (process === undefined) return Effect.void
      return Effect.flatMap(options.connecting, ({ pool }) => pool.report({ _tag: "Failed", process, reason })).pipe(
        Effect.scoped,
        Effect.timeoutOption(tellingTime),
        Effect.ignore
      )
    })
  )
