/**
 * Where `submit` runs tasks.
 *
 * @since 0.1.0
 */
import { type ByteSize, Context, Effect, Layer, type Scope, Stdio } from "effect"
import * as InProcess from "../../../layers/InProcess.ts"
import type { Plan } from "../../../layers/Plan.ts"
import { deferred } from "../../../layers/submitter/DeferredSubmitter.ts"
import * as SubmitterServer from "../../../layers/submitter/SubmitterServer.ts"
import * as Threads from "../../../layers/Threads.ts"
import { Warm } from "../../../layers/threads/Warm.ts"
import { Foreground } from "../../../services/Foreground.ts"
import { Server } from "../../../services/Server.ts"
import { Submitter } from "../../../services/Submitter.ts"
import { type Implementation, implementations, type TaskLibrary } from "../../../services/TaskLibrary.ts"
import type { TaskModule } from "../../../services/TaskModule.ts"
import { type CommandFailed, unusable } from "../../cli/ExitCode.ts"
import type { Implements, TaskDefinition } from "../../task/TaskDefinition.ts"
import type { Handing } from "./Connecting.ts"
import { Prepared } from "./Front.ts"
import { buildProblem, implemented } from "./Modules.ts"

/** A module that is built, so that its tasks are known. */
export interface Built {
  readonly found: ReadonlyArray<Implementation>
  /** What fibers of this process run; absent if it was built only to be looked at. */
  readonly layer: Layer.Layer<never, unknown, Submitter>
  /** What its handlers submit tasks with, from now on. */
  readonly connect: (submitter: Submitter["Service"]) => void
}

/** Builds a module: for as long as the scope lasts if it `isKept`, or just to see what it has. */
export const built = Effect.fnUntraced(function*(specifier: string, module: TaskModule.Any, isKept: boolean) {
  // What a module needs was checked where it was made; `Runs` is a phantom.
  const layer = module.implementation as Layer.Layer<never, unknown, Submitter>
  if (!isKept) {
    const found = yield* Effect.scoped(implemented(specifier, module))
    return { found, layer, connect: () => undefined } satisfies Built
  }
  let submitter: Submitter["Service"] | undefined
  const context = yield* Layer.build(layer).pipe(
    Effect.provideService(Submitter, deferred(() => submitter)),
    Effect.catchCause((cause) =>
      Effect.fail(unusable(`${specifier}: The Layer of its handlers cannot be built: ${buildProblem(cause)}`))
    )
  )
  return {
    found: implementations(context),
    layer: Layer.succeedContext(context),
    connect: (connected) => submitter = connected
  } satisfies Built
})

/** What was asked for. */
export interface Options {
  readonly specifier: string
  readonly module: TaskModule.Any
  readonly built: Built
  readonly task: TaskDefinition.Any
  /** How many worker threads; undefined for fibers of this process. */
  readonly threads: number | undefined
  /** What each of them may use. */
  readonly memory: ByteSize.ByteSize | undefined
}

const terminal: ReadonlySet<string> = new Set([Stdio.Stdio.key, Foreground.key])

/** Whether a task talks to the terminal, so that only the process that has it can run it. */
export const isForeground = (task: TaskDefinition.Any): boolean => task.requires.some(({ key }) => terminal.has(key))

/** What tasks are submitted with to a server. */
export const remote = (
  handing: Effect.Effect<Handing, CommandFailed, Scope.Scope>,
  libraries: ReadonlyArray<TaskLibrary.Any>,
  name: string
): Effect.Effect<Submitter["Service"], CommandFailed, Scope.Scope> =>
  Effect.gen(function*() {
    const { sealer, server } = yield* handing
    return yield* Effect.provideService(
      SubmitterServer.connect({ name, libraries, ...(sealer && { sealer }) }),
      Server,
      server
    )
  })

/** Starts executors, which run while the scope lasts, and gives what tasks are submitted with. */
export const start = (
  { built, memory, module, specifier, task, threads }: Options
): Effect.Effect<Submitter["Service"], CommandFailed, Stdio.Stdio | Scope.Scope> => {
  // The types of its tasks are erased, as above.
  const own = InProcess.foreground(built.layer as Layer.Layer<Implements<TaskDefinition.Any>, unknown, Submitter>, {
    provides: module.provides
  })
  const plans: ReadonlyArray<Plan<string, unknown, Stdio.Stdio>> = [
    ...(threads === undefined || isForeground(task) ? [own] : []),
    ...(threads === undefined ? [] : [Threads.executor(module, { threads, ...(memory !== undefined && { memory }) })])
  ]
  const building = Effect.flatMap(
    Prepared,
    ({ warm }) =>
      Effect.provideService(Layer.build(InProcess.layerOf(plans)), Warm, {
        take: () => warm?.isEnded() === false ? warm : undefined
      })
  )
  return building.pipe(
    Effect.map((context) => Context.get(context, Submitter)),
    Effect.tap((submitter) => Effect.sync(() => built.connect(submitter))),
    Effect.catchCause((cause) =>
      Effect.fail(unusable(`${specifier}: No executor can be started: ${buildProblem(cause)}`))
    )
  )
}
