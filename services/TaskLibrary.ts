/**
 * A named, versioned group of tasks: what a submitter and an executor must
 * agree on, and the Layer that implements it. Libraries are joined by merging
 * their Layers.
 *
 * @since 0.1.0
 */
import { Context, Effect, Layer, type Scope } from "effect"
import { describe, type LibraryDescription } from "../src/task/LibraryDescription.ts"
import type { Encoding } from "../src/task/Payload.ts"
import type { Implements, TaskDefinition } from "../src/task/TaskDefinition.ts"
import type { TaskContext } from "./TaskContext.ts"

/** The services that an executor makes anew for each attempt. */
export type AttemptServices = Scope.Scope | TaskContext

/** A handler for each task of `T`. */
export type Handlers<T extends TaskDefinition.Any> = {
  readonly [K in T as K["name"]]: (
    payload: TaskDefinition.Payload<K>
  ) => Effect.Effect<TaskDefinition.Success<K>, TaskDefinition.Error<K>, unknown>
}

/** What the handlers `H` need beside the placement of their tasks and what each attempt gets. */
export type HandlerServices<H, T extends TaskDefinition.Any> = {
  [K in keyof H & string]: H[K] extends (payload: never) => Effect.Effect<unknown, unknown, infer R>
    ? Exclude<R, TaskDefinition.Requires<TaskDefinition.Named<T, K>> | AttemptServices>
    : never
}[keyof H & string]

/** Says of a handler for no task of `T` that it is one. */
export type NoOthers<H, T extends TaskDefinition.Any> = {
  readonly [K in Exclude<keyof H, T["name"]>]: `The library has no task "${K & string}"`
}

/** Says of a task whose name another of the same library has that it does. */
export type Distinct<T extends ReadonlyArray<TaskDefinition.Any>, Seen extends string = never> = T extends
  readonly [infer Head extends TaskDefinition.Any, ...infer Tail extends ReadonlyArray<TaskDefinition.Any>] ? readonly [
    Head["name"] extends Seen ? `The library has two tasks "${Head["name"]}"` : Head,
    ...Distinct<Tail, Seen | Head["name"]>
  ]
  : T

/** What the Layer of a library's handlers holds at run time. */
export interface Implementation {
  readonly library: TaskLibrary.Any
  /** Takes a decoded payload; fails with the task's own error. Needs placement and attempt services only. */
  readonly handlers: ReadonlyMap<string, (payload: unknown) => Effect.Effect<unknown, unknown, unknown>>
  /** What was there when the Layer was built. Attempt services win over it. */
  readonly context: Context.Context<never>
}

/** A group of tasks. */
export interface TaskLibrary<out Name extends string, in out T extends TaskDefinition.Any> extends TaskLibrary.Any {
  readonly name: Name
  readonly "~tasks": T

  /**
   * The implementation of the library. It asks for what its handlers and the
   * tasks' schemas need, but for what places a task (`requires`) and for what
   * each attempt gets (`Scope`, `TaskContext`).
   */
  readonly toLayer: <H extends Handlers<T>, EX = never, RX = never>(
    build: (H & NoOthers<H, T>) | Effect.Effect<H & NoOthers<H, T>, EX, RX>
  ) => Layer.Layer<
    Implements<T>,
    EX,
    Exclude<RX, Scope.Scope> | HandlerServices<H, T> | TaskDefinition.ExecutorServices<T>
  >

  /** Types handlers that are written apart from `toLayer`. */
  readonly of: <const H extends Handlers<T>>(handlers: H & NoOthers<H, T>) => H
}

/** Types that are read off a library. */
export declare namespace TaskLibrary {
  /** Any library at all. */
  interface Any {
    readonly name: string
    readonly version: string
    readonly encoding: Exclude<Encoding, "raw">
    readonly tasks: ReadonlyMap<string, TaskDefinition.Any>
    readonly "~tasks": unknown
    /** The library as plain JSON data: schemas, requirements, fingerprints. */
    readonly describe: () => LibraryDescription
  }
  /** The tasks of a library. */
  type Tasks<L extends Any> = L["~tasks"]
}

const prefix = "cadre/TaskLibrary/"

const make = <const Name extends string, const T extends ReadonlyArray<TaskDefinition.Any>>(
  name: Name,
  options: { readonly version: string; readonly encoding?: Exclude<Encoding, "raw"> },
  ...members: T & Distinct<T>
): TaskLibrary<Name, T[number]> => {
  const tasks = new Map<string, TaskDefinition.Any>()
  for (const task of members as ReadonlyArray<TaskDefinition.Any>) {
    if (tasks.has(task.name)) throw new TypeError(`Library ${name} has two tasks "${task.name}"`)
    tasks.set(task.name, task)
  }
  let description: LibraryDescription | undefined
  type Build = Record<string, (payload: unknown) => Effect.Effect<unknown, unknown, unknown>>
  const library: TaskLibrary<Name, T[number]> = {
    name,
    version: options.version,
    encoding: options.encoding ?? "binary",
    tasks,
    // A phantom.
    "~tasks": undefined as unknown as T[number],
    describe: () => description ??= describe(library),
    of: (handlers) => handlers,
    toLayer: (build) =>
      Layer.effectContext(Effect.gen(function*() {
        const context = yield* Effect.context<never>()
        // Handlers are called by the name of a task, with a payload of that task: the library's types have checked it.
        const built = (Effect.isEffect(build) ? yield* build : build) as unknown as Build
        const handlers = new Map<string, Build[string]>()
        for (const task of tasks.keys()) {
          const handler = Object.hasOwn(built, task) ? built[task] : undefined
          if (handler === undefined) {
            return yield* Effect.die(new TypeError(`Library ${name}: task "${task}" has no handler`))
          }
          handlers.set(task, handler)
        }
        const implementation: Implementation = { library, handlers, context }
        return Context.makeUnsafe<Implements<T[number]>>(new Map([[prefix + name, implementation]]))
      }))
  }
  return library
}

/** Makes libraries. */
export const TaskLibrary = {
  /** A library of these tasks. Two of one name do not compile; where the compiler cannot see it, a `TypeError`. */
  make
}

/** The implementations that a Context holds, in the order they were added. */
export const implementations = <R>(context: Context.Context<R>): ReadonlyArray<Implementation> =>
  [...context.mapUnsafe]
    .filter(([key]) => key.startsWith(prefix))
    // Only `toLayer` makes such a key.
    .map(([, implementation]) => implementation as Implementation)
