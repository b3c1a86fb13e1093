/**
 * A task that was handed over. Every member may be used any number of times,
 * by any number of fibers, before and after the task ended.
 *
 * @since 0.1.0
 */
import type { Effect, Exit, Option, Stream } from "effect"
import type { LogLine } from "../src/task/LogLine.ts"
import type { Source } from "../src/task/Reference.ts"
import type { TaskDefinition } from "../src/task/TaskDefinition.ts"
import type { EndError } from "../src/task/TaskError.ts"

/**
 * Follows one task. `E` is what its handler may fail with and, for an
 * at-most-once task, `MaybeExecuted`; `Progress` is what its handler reports.
 */
export interface TaskHandle<out A, out E, out Progress = never> {
  /** Names the task for good, in every process: `<partition>.<generation>.<number>`. */
  readonly id: string
  readonly taskName: string
  /** What `Task.ref` needs: where the result will be, and what it is read with. */
  readonly source: Source
  /** Waits for the task's end. Interrupting the wait leaves the task alone. */
  readonly await: Effect.Effect<A, E | EndError>
  /** How the task ended, if it has. */
  readonly poll: Effect.Effect<Option.Option<Exit.Exit<A, E | EndError>>>
  /** Asks for the task's end and waits until the server has that in hand; false if it had ended by then. */
  readonly interrupt: Effect.Effect<boolean>
  /** What the handler reports, from now on; ends with the task. */
  readonly progress: Stream.Stream<Progress>
  /** What the handler logs, from now on; ends with the task. */
  readonly logs: Stream.Stream<LogLine>
}

/** Types that are read off a definition. */
export declare namespace TaskHandle {
  /** Any handle at all. */
  type Any = TaskHandle<unknown, unknown, unknown>
  /** The handle of a task. */
  type Of<T extends TaskDefinition.Any> = TaskHandle<
    TaskDefinition.Success<T>,
    TaskDefinition.Error<T> | TaskDefinition.Delivered<T>,
    TaskDefinition.Progress<T>
  >
}
