/**
 * Tasks that were assigned when the last server stopped: they are held for
 * their executor for one lease time.
 *
 * @since 0.1.0
 */
import type { ExecutorId } from "../task/Attempt.ts"
import { lose } from "./Attempts.ts"
import type { DispatchState } from "./DispatchState.ts"
import type { LeaseRef } from "./Event.ts"
import type { Source } from "./Source.ts"
import { Status } from "./TaskTable.ts"

/** Nobody but its executor may run it; whatever limits it counts under are taken, as it may be running. */
export const hold = (state: DispatchState, task: number, source: Source, executorId: ExecutorId): void => {
  const page = state.tasks.page(task)
  const at = state.tasks.at(task)
  page.status[at] = Status.Held
  state.holders.set(task, executorId)
  for (const limit of source.lane.taskClass.limits) limit.take()
  state.timers.add(state.now + state.settings.leaseTime, { _tag: "held", task, epoch: page.epoch[at] ?? 0 })
}

/** It is held no longer, for whatever reason. */
export const endHolding = (state: DispatchState, task: number, source: Source): void => {
  state.holders.delete(task)
  for (const limit of source.lane.taskClass.limits) state.releaseLimit(limit)
}

/** The executor that ran it before the server's restart has not come back in time. */
export const giveUpHolding = (state: DispatchState, task: number, epoch: number): void => {
  const executorId = state.holders.get(task)
  if (executorId === undefined || state.tasks.epoch(task) !== epoch) return
  giveUp(state, task, executorId, "did not come back after the server's restart", !state.executors.has(executorId))
}

/** It has come back, and does not know of what it should have. */
export const giveUpUnclaimed = (
  state: DispatchState,
  executorId: ExecutorId,
  claimed: ReadonlyMap<number, LeaseRef>
): void => {
  for (const [task, holder] of state.holders) {
    if (holder !== executorId || claimed.get(task)?.epoch === state.tasks.epoch(task)) continue
    giveUp(state, task, executorId, "the assignment did not arrive", false)
  }
}

const giveUp = (
  state: DispatchState,
  task: number,
  executorId: ExecutorId,
  reason: string,
  isDeath: boolean
): void => {
  const source = state.tasks.source(task)
  if (source === undefined || state.tasks.status(task) !== Status.Held) return
  const page = state.tasks.page(task)
  const at = state.tasks.at(task)
  endHolding(state, task, source)
  page.status[at] = Number.isNaN(page.startedAt[at]) ? Status.Assigned : Status.Running
  lose(state, task, source, executorId, reason, isDeath)
}
