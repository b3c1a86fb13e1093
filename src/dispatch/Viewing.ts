/**
 * One task as it stands, for those who look.
 *
 * @since 0.1.0
 */
import type { Loss } from "../task/Outcome.ts"
import type { Batch } from "./Command.ts"
import type { DispatchState } from "./DispatchState.ts"
import { Status } from "./TaskTable.ts"

/** Where a task is that has not ended; `Committing` is what has, and is not durable yet. */
export interface Glance {
  readonly batch: Batch
  readonly index: number
  readonly status: "queued" | "delayed" | "assigned" | "running" | "stopping" | "held" | "ending" | "ended"
  readonly epoch: number
  readonly executorId: string | undefined
  /** When it was first given to an executor, in milliseconds; `NaN` before. */
  readonly startedAt: number
  readonly losses: ReadonlyArray<Loss>
}

const statuses: Readonly<Record<Status, Glance["status"]>> = {
  [Status.Untouched]: "queued",
  [Status.Queued]: "queued",
  [Status.Delayed]: "delayed",
  [Status.Granting]: "assigned",
  [Status.Assigned]: "assigned",
  [Status.Running]: "running",
  [Status.Stopping]: "stopping",
  [Status.Committing]: "ending",
  [Status.Done]: "ended",
  [Status.Held]: "held",
  [Status.Following]: "queued",
  [Status.Forgotten]: "ended"
}

/** A task that is not forgotten. */
export const glance = (state: DispatchState, task: number): Glance | undefined => {
  const source = state.sourceOf(task)
  if (source === undefined) return undefined
  const status = state.tasks.status(task)
  const { batch, first } = source
  const losses = state.losses.get(task) ?? []
  if (status === Status.Untouched) {
    const index = task - first
    return { batch, index, status: "queued", epoch: 0, executorId: undefined, startedAt: Number.NaN, losses }
  }
  const page = state.tasks.page(task)
  const at = state.tasks.at(task)
  const executor = state.executorAt[page.executor[at] ?? -1]
  return {
    batch,
    index: page.index[at] ?? 0,
    status: statuses[status],
    epoch: page.epoch[at] ?? 0,
    executorId: executor?.spec.executorId ?? state.holders.get(task),
    startedAt: page.startedAt[at] ?? Number.NaN,
    losses
  }
}
