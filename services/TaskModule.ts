/**
 * The default export of a module that threads, processes, executors and
 * bundles import: it names its own file, so that they find it again.
 *
 * @since 0.1.0
 */
import { Layer, Predicate } from "effect"
import type { Implements, Runs } from "../src/task/TaskDefinition.ts"
import type { Submitter } from "./Submitter.ts"

const TypeId = "~cadre/TaskModule"

/** What an executor gives its handlers, so that they can submit tasks in turn. */
export type ExecutorServices = Submitter | Runs<string>

/** Implementations of the tasks `T`, and the services `ROut` that place them. */
export interface TaskModule<out T, out ROut> extends TaskModule.Any {
  readonly "~tasks": T
  readonly "~provides": ROut
}

/** Types of modules. */
export declare namespace TaskModule {
  /** Any module at all. */
  interface Any {
    readonly [TypeId]: typeof TypeId
    /** Where the module is: its `import.meta.url`. */
    readonly url: string
    /** Build it, and read what it holds with `implementations`. */
    readonly implementation: Layer.Layer<never, unknown, ExecutorServices>
    /** The services that its tasks may require. */
    readonly provides: Layer.Layer<never, unknown>
    readonly "~tasks": unknown
    readonly "~provides": unknown
  }
}

/** The tasks that an implementation is of. */
export type TasksOf<I> = I extends Implements<infer T> ? T : never

const make = <I extends Implements<unknown>, E, ROut = never, E2 = never>(
  url: string,
  implementation: Layer.Layer<I, E, ExecutorServices>,
  provides?: Layer.Layer<ROut, E2>
): TaskModule<TasksOf<I>, ROut> => ({
  [TypeId]: TypeId,
  url,
  implementation,
  provides: provides ?? Layer.empty,
  // Phantoms.
  "~tasks": undefined as TasksOf<I>,
  "~provides": undefined as ROut
})

/** Makes modules, and tells them from other exports. */
export const TaskModule = {
  /**
   * A module at `url`, always `import.meta.url`. The implementation may ask for
   * nothing but what executors give (`Submitter`, `Runs`): a thread or a process
   * has nobody else to ask.
   */
  make,

  /** Whether an export is a task module. */
  is: (value: unknown): value is TaskModule.Any => Predicate.hasProperty(value, TypeId)
}
