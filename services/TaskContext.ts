/**
 * What a handler may know of the attempt it is running in. Executors provide
 * it anew to each attempt:
 *
 * - **true** – `taskId` and `attempt` are those of the lease the attempt runs under
 * - **ordered** – a submitter sees an attempt's reports in the order they were made
 * - **harmless** – a report neither fails nor waits for a submitter; under load
 *   all but the newest may be dropped
 *
 * @since 0.1.0
 */
import { Context, type Effect } from "effect"

/** The attempt that a handler runs in: `attempt` counts from 1, `progress` takes the task's progress type. */
export class TaskContext extends Context.Service<TaskContext, {
  readonly taskId: string
  readonly attempt: number
  readonly executor: string
  readonly progress: (value: unknown) => Effect.Effect<void>
}>()("cadre/services/TaskContext") {}
