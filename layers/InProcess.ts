/**
 * The lowest rung of the ladder: server, submitter and executors in this
 * process, joined by queues.
 *
 * @since 0.1.0
 */
import { Context, Effect, Layer, type Stdio } from "effect"
import type { Executors } from "../services/Executors.ts"
import { type Foreground } from "../services/Foreground.ts"
import { type Server } from "../services/Server.ts"
import { type Submitter } from "../services/Submitter.ts"
import { implementations } from "../services/TaskLibrary.ts"
import type { Implements, Runs, TaskDefinition } from "../src/task/TaskDefinition.ts"
import * as ForegroundStdio from "./ForegroundStdio.ts"
import type { AnyPlan, FiberPlan, Plan } from "./Plan.ts"
import type * as ServerMemory from "./ServerMemory.ts"

export type { AnyFiberPlan, AnyPlan, FiberPlan, Plan } from "./Plan.ts"

/** How an executor of this process runs tasks. */
export interface ExecutorOptions {
  /** How many attempts it runs at a time; 64 where absent. */
  readonly slots?: number
  /** What tasks may ask for by `labels`. */
  readonly labels?: ReadonlyArray<string>
}

/** The capacity that the executors of this process share; unlimited where absent. */
export interface Options extends ServerMemory.Options {
  readonly capacity?: { readonly cpu: number; readonly bytes: number; readonly slots: number }
}

/** The tasks that a Layer implements. */
export type TasksOf<I> = I extends Implements<infer T> ? T : never

const plan = <Names extends string, I, E, R, ROut, E2, R2>(
  implementation: Layer.Layer<I, E, R>,
  provides: Layer.Layer<ROut, E2, R2> | undefined,
  { labels = [], slots }: ExecutorOptions,
  isForeground = false
): FiberPlan<Names, E | E2, R | R2> => {
  const fibers = Effect.gen(function*() {
    const placed = provides === undefined ? Context.empty() : yield* Layer.build(provides)
    const built = implementations(yield* Layer.build(implementation))
    // Whatever a handler asks for by its key is in here; the types were checked where it was given.
    return { implementations: built, provides: placed as Context.Context<never>, labels, slots }
  })
  return {
    // A phantom.
    "~names": undefined as unknown as Names,
    isForeground,
    fibers,
    build: (keys) =>
      Effect.flatMap(
        fibers,
        (fibers) =>
          Effect.map(Effect.promise(() => import("./InProcessServe.ts")), ({ crewOf }) => crewOf(fibers, keys))
      )
  }
}

/** What is left to provide once handlers can submit tasks themselves. */
export type Outside<R, Names extends string> = Exclude<R, Submitter | Runs<Names>>

/**
 * An executor for `layerOf`: it runs the tasks of the implementation whose
 * `requires` are covered by what `provides` has.
 */
export const executor = <I extends Implements<TaskDefinition.Any>, E, R, ROut = never, E2 = never, R2 = never>(
  implementation: Layer.Layer<I, E, R>,
  options: ExecutorOptions & { readonly provides?: Layer.Layer<ROut, E2, R2> } = {}
): FiberPlan<TaskDefinition.Covered<TasksOf<I>, ROut>, E | E2, R | R2> =>
  plan(implementation, options.provides, options)

/**
 * The executor that owns the terminal: the only one that runs tasks which
 * require `Stdio` or `Foreground`. Reads of a line queue up in order and hold
 * up nothing else.
 */
export const foreground = <I extends Implements<TaskDefinition.Any>, E, R, ROut = never, E2 = never, R2 = never>(
  implementation: Layer.Layer<I, E, R>,
  options: ExecutorOptions & { readonly provides?: Layer.Layer<ROut, E2, R2> } = {}
): FiberPlan<
  TaskDefinition.Covered<TasksOf<I>, ROut | Stdio.Stdio | Foreground>,
  E | E2,
  R | R2 | Stdio.Stdio
> => {
  const terminal = Layer.merge(ForegroundStdio.layer, ForegroundStdio.layerStdio)
  return plan(
    implementation,
    options.provides === undefined ? terminal : Layer.merge(terminal, options.provides),
    options,
    true
  )
}

/** Several executors with different services, behind one submitter. */
export const layerOf = <const P extends ReadonlyArray<AnyPlan>>(
  plans: P,
  options: Options = {}
): Layer.Layer<
  Submitter | Server | Executors | Runs<P[number]["~names"]>,
  P[number] extends Plan<string, infer E, unknown> ? E : never,
  Outside<P[number] extends Plan<string, unknown, infer R> ? R : never, P[number]["~names"]>
> =>
  // Whatever is an `AnyPlan` was made as a `Plan`. `Runs` is a phantom, and what the plans need beside it is what their
  // builds ask for.
  Layer.effectContext(Effect.flatMap(
    Effect.promise(() => import("./InProcessServe.ts")),
    ({ serve }) => serve(plans as unknown as ReadonlyArray<Plan<string, unknown, unknown>>, options)
  )) as ReturnType<typeof layerOf<P>>

/** Runs the tasks of the implementation as fibers of this process. */
export const layer = <I extends Implements<TaskDefinition.Any>, E, R, ROut = never, E2 = never, R2 = never>(
  implementation: Layer.Layer<I, E, R>,
  options: ExecutorOptions & Options & { readonly provides?: Layer.Layer<ROut, E2, R2> } = {}
): Layer.Layer<
  Submitter | Server | Executors | Runs<TaskDefinition.Covered<TasksOf<I>, ROut>>,
  E | E2,
  Outside<R | R2, TaskDefinition.Covered<TasksOf<I>, ROut>>
> => {
  const { labels, provides, slots, ...rest } = options
  const plan = executor(implementation, {
    ...(labels && { labels }),
    ...(provides && { provides }),
    ...(slots !== undefined && { slots })
  })
  return layerOf([plan], rest)
}
