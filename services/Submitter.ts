/**
 * Hands over tasks and follows them. Every layer keeps these laws; each is a
 * test in `test/suites/SubmitterSuite.ts`:
 *
 * - **same** – what a handler returns, fails or crashes with is what the submitter gets
 * - **bounded** – `runAll` has no more than `concurrency` tasks under way, read or not
 * - **ordered** – on request outcomes come in the order of the payloads
 * - **owned** – leaving the scope, or interrupting a run, cancels what belongs to it and waits for that
 * - **after** – a task starts only when all that it follows have ended
 * - **refused** – a submission is refused as a whole, with the culprit named, and nothing has changed
 * - **counted** – the counts of a submission add up at every step, and at the end to its size
 *
 * @since 0.1.0
 */
import { Context, type Duration, type Effect, type Scope, type Stream } from "effect"
import type { Counts } from "../src/dispatch/Command.ts"
import type { LogLine } from "../src/task/LogLine.ts"
import type { WithRefs } from "../src/task/Reference.ts"
import type { TaskDefinition } from "../src/task/TaskDefinition.ts"
import type { ConnectionLost, SubmitError } from "../src/task/TaskError.ts"
import type { TaskOutcome } from "../src/task/TaskOutcome.ts"
import type { TaskHandle } from "./TaskHandle.ts"

/** How tasks are handed over; every part may be left out and then is the task's own. */
export interface SubmitOptions {
  /** A whole number; higher goes first. */
  readonly priority?: number
  /** How long after the submission the task expires. */
  readonly deadline?: Duration.Input
  /** How long the task is held back. */
  readonly delay?: Duration.Input
  /** Tasks that must have ended before. */
  readonly after?: ReadonlyArray<{ readonly id: string }>
  /** Whether to end with `DependencyFailed`, where absent, or to run when a task of `after` did not succeed. */
  readonly onDependencyFailure?: "fail" | "run"
  /** Whether to fail with `NoExecutor`, where absent, or to wait while no executor can run the task. */
  readonly whenUnmet?: "fail" | "wait"
  /** Labels that the executor must carry, beside the task's own. */
  readonly labels?: ReadonlyArray<string>
  /** Tasks of one session go to one executor while it lives. */
  readonly session?: string
  /** The node to run on. */
  readonly node?: string
}

/** How the outcomes of many tasks are handed out. */
export interface RunAllOptions extends SubmitOptions {
  /** How many tasks may be under way at once. */
  readonly concurrency?: number
  /** Whether outcomes come in the order of the payloads, rather than as the tasks end. */
  readonly ordered?: boolean
  /** Hears what handlers log, with the index of the payload, as it comes; where absent, nobody asks for it. */
  readonly onLog?: (index: number, line: LogLine) => void
}

/** A set of tasks that were handed over together, and end or are cancelled together. */
export interface Submission<T extends TaskDefinition.Any> {
  readonly id: string
  readonly size: number
  /** Each task's outcome as it ends, those that have ended first. Every reader gets all of them. */
  readonly outcomes: Stream.Stream<TaskOutcome.Of<T>, ConnectionLost>
  /** Waits for all, and gives the outcomes in the order of the payloads. */
  readonly awaitAll: Effect.Effect<ReadonlyArray<TaskOutcome.Of<T>>, ConnectionLost>
  /** How many tasks wait, run and have ended, whenever that changes; a slow reader misses steps, never the last. */
  readonly progress: Stream.Stream<Counts>
  /** Cancels what has not ended, and waits until all of it has; doing so again changes nothing. */
  readonly cancel: Effect.Effect<Counts>
}

/** One task of a graph; `after` are names of others that must succeed first. */
export interface Step<T extends TaskDefinition.Any> {
  readonly task: T
  readonly payload: TaskDefinition.Input<T>
  readonly after: ReadonlyArray<string>
  readonly options: Omit<SubmitOptions, "after"> | undefined
}

/** Hands over tasks and follows them. */
export class Submitter extends Context.Service<Submitter, {
  readonly run: <T extends TaskDefinition.Any>(
    task: T,
    payload: TaskDefinition.Input<T>,
    options?: SubmitOptions
  ) => Effect.Effect<TaskDefinition.Success<T>, TaskDefinition.RunError<T>, TaskDefinition.ClientServices<T>>

  readonly runAll: <T extends TaskDefinition.Any, E2 = never, R2 = never>(
    task: T,
    payloads: Iterable<TaskDefinition.Input<T>> | Stream.Stream<TaskDefinition.Input<T>, E2, R2>,
    options?: RunAllOptions
  ) => Stream.Stream<TaskOutcome.Of<T>, E2 | SubmitError, R2 | TaskDefinition.ClientServices<T>>

  readonly submit: <T extends TaskDefinition.Any>(
    task: T,
    payload: WithRefs<T["payload"]>,
    options?: SubmitOptions
  ) => Effect.Effect<TaskHandle.Of<T>, SubmitError, Scope.Scope | TaskDefinition.ClientServices<T>>

  readonly submitAll: <T extends TaskDefinition.Any>(
    task: T,
    payloads: Iterable<TaskDefinition.Input<T>>,
    options?: SubmitOptions
  ) => Effect.Effect<Submission<T>, SubmitError, Scope.Scope | TaskDefinition.ClientServices<T>>

  readonly submitGraph: <G extends { readonly [name: string]: Step<TaskDefinition.Any> }>(
    steps: G
  ) => Effect.Effect<
    { readonly [K in keyof G]: TaskHandle.Of<G[K]["task"]> },
    SubmitError,
    Scope.Scope | TaskDefinition.ClientServices<G[keyof G]["task"]>
  >
}>()("cadre/services/Submitter") {}
