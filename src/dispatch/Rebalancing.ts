/**
 * Who has nothing to do gets some of what others hold and have not started.
 *
 * @since 0.1.0
 */
import type { DispatchState } from "./DispatchState.ts"
import type { Group } from "./Group.ts"
import { askBack } from "./Membership.ts"

/** Asks back as much as there are free slots for, once all that is ready has been given out. */
export const rebalance = (state: DispatchState): void => {
  let isStale = false
  for (const group of state.groupOrder) {
    let wanted = freeSlots(group)
    if (wanted === 0) continue
    // What has been asked back already is on its way.
    for (const { recalls } of state.overfull) wanted -= recalls
    for (const executor of state.overfull) {
      const excess = executor.load - executor.slots
      isStale ||= executor.isGone || excess <= 0
      if (wanted <= 0 || executor.isGone || executor.recalls > 0 || excess <= 0) continue
      wanted -= askBack(state, executor, Math.min(wanted, excess), (task) => isFor(state, task, group))
    }
  }
  if (!isStale) return
  state.overfull = state.overfull.filter((executor) => {
    executor.isInOverfull = !executor.isGone && executor.load > executor.slots
    return executor.isInOverfull
  })
}

/** Whether the task would be of use to an idle executor of that group. */
const isFor = (state: DispatchState, task: number, group: Group): boolean => {
  const lane = state.tasks.source(task)?.lane
  return lane !== undefined && lane.home === undefined && !lane.taskClass.isPicky && lane.taskClass.groups.has(group)
}

const freeSlots = ({ idle }: Group): number => {
  let count = 0
  for (let place = 0; place < idle.length; place++) {
    const executor = idle.at(place)
    if (executor === undefined || executor.isGone || executor.isDraining) continue
    if (executor.node.reservedFor === undefined && !executor.node.isFull) {
      count += Math.max(0, executor.slots - executor.load)
    }
  }
  return count
}
