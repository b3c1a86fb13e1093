/**
 * What a person, a page or a manager asks of a server and tells it. Laws, each
 * a test in `test/suites/OperatorSuite.ts`:
 *
 * - **seen** – every task that was accepted is in a list until it is forgotten, in exactly one state
 * - **paged** – pages have every task once, also while tasks come and go
 * - **explained** – for each task that waits there is a reason, and for each that has ended
 * - **told** – an order says which tasks it reached; one that reached none says so, and changes nothing
 *
 * @since 0.1.0
 */
import { Context, type Effect, type Stream } from "effect"
import type { ScheduleRefused, ScheduleRow, ScheduleSpec } from "../src/operate/Schedule.ts"
import type {
  Affected,
  ExecutorRow,
  NotFound,
  Reason,
  ResultPage,
  Selector,
  ServerView,
  SubmissionPage,
  SubmissionRow,
  TaskLine,
  TaskPage,
  TaskQuery,
  TaskView,
  Unavailable
} from "../src/operate/View.ts"
import type { ConnectionLost } from "../src/task/TaskError.ts"

/** Why an answer did not come. */
export type OperatorError = ConnectionLost | Unavailable

/** What a person, a page or a manager asks of a server and tells it. */
export class Operator extends Context.Service<Operator, {
  readonly status: Effect.Effect<ServerView, OperatorError>
  readonly tasks: (query: TaskQuery) => Effect.Effect<TaskPage, OperatorError | NotFound>
  readonly task: (id: string) => Effect.Effect<TaskView, OperatorError | NotFound>
  /** The lines of a task, those that were written first; with `follow` until it has ended. */
  readonly logs: (
    id: string,
    options: { readonly follow: boolean }
  ) => Stream.Stream<TaskLine, OperatorError | NotFound>
  readonly explain: (id: string) => Effect.Effect<Reason, OperatorError | NotFound>
  /** Cancels what has not ended, and waits until it has. */
  readonly cancel: (selector: Selector, by: string) => Effect.Effect<Affected, OperatorError | NotFound>
  /** Hands over once more, as new tasks of the same kind, what has ended without success. */
  readonly retry: (selector: Selector) => Effect.Effect<Affected, OperatorError | NotFound>
  readonly submissions: (query: {
    readonly below?: number
    readonly limit: number
  }) => Effect.Effect<SubmissionPage, OperatorError>
  readonly submission: (id: string) => Effect.Effect<SubmissionRow, OperatorError | NotFound>
  /** The counts of a submission whenever they change, until it has ended. */
  readonly progress: (id: string) => Stream.Stream<SubmissionRow, OperatorError | NotFound>
  /** How the tasks of a submission ended, in the order in which they did. */
  readonly results: (query: {
    readonly submission: string
    readonly after: number
    readonly limit: number
  }) => Effect.Effect<ResultPage, OperatorError | NotFound>
  readonly executors: Effect.Effect<ReadonlyArray<ExecutorRow>, OperatorError>
  /** No more work for it; it finishes what runs. With `stop` it is told to end after that. */
  readonly drainExecutor: (
    executorId: string,
    options: { readonly stop: boolean }
  ) => Effect.Effect<ExecutorRow, OperatorError | NotFound>
  readonly schedules: Effect.Effect<ReadonlyArray<ScheduleRow>, OperatorError>
  /** From now on a task is submitted at each of its times; a schedule of the same id is replaced. */
  readonly schedule: (spec: ScheduleSpec) => Effect.Effect<ScheduleRow, OperatorError | ScheduleRefused>
  /** Nothing is submitted any more; the tasks that were are left alone. */
  readonly removeSchedule: (id: string) => Effect.Effect<ScheduleRow, OperatorError | NotFound>
  /** Times that pass meanwhile are not caught up. */
  readonly pauseSchedule: (id: string, isPaused: boolean) => Effect.Effect<ScheduleRow, OperatorError | NotFound>
  /** No more submissions, nothing handed out; what runs goes on. */
  readonly drain: Effect.Effect<void, OperatorError>
  /** Answers, then the server ends: after what runs has ended, or at once. */
  readonly stop: (options: { readonly drain: boolean }) => Effect.Effect<void, OperatorError>
}>()("cadre/services/Operator") {}
