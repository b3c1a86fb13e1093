/**
 * Requests that find no room: smaller ones pass them by, but not for ever. One
 * that was passed over too often has a node reserved.
 *
 * @since 0.1.0
 */
import type { DispatchState } from "./DispatchState.ts"
import { load } from "./Ending.ts"
import { canStart, isServing } from "./Fitting.ts"
import type { Lane } from "./Lane.ts"
import type { NodeState } from "./NodeState.ts"
import { Status } from "./TaskTable.ts"

/** No node has room for the lane's next task: it stands aside until one may. */
export const starve = (state: DispatchState, lane: Lane): void => {
  lane.isParked = lane.isStarved = true
  lane.passedOverSince ??= state.placements
  state.starved.push(lane)
}

/** Nodes have got room, or are not reserved any more: who fits there may try again. */
export const wakeStarved = (state: DispatchState): void => {
  const nodes = [...state.freed]
  const { starved } = state
  state.freed.clear()
  state.starved = []
  for (const lane of starved) {
    if (nodes.some(({ executors }) => executors.values().some((executor) => canStart(executor, lane)))) {
      state.lanes.unpark(lane)
    } else state.starved.push(lane)
  }
}

/** Nothing is kept for the lane any more. */
export const releaseNode = (state: DispatchState, lane: Lane): void => {
  const node = lane.reservation
  if (node === undefined) return
  lane.reservation = node.reservedFor = undefined
  state.reserved.delete(lane)
  state.freed.add(node)
  for (const executor of node.executors) state.enqueue(executor)
}

/** Lets go of the nodes that would be kept for nothing. */
export const review = (state: DispatchState): void => {
  for (const lane of state.reserved) {
    const isOfUse = lane.reservation?.executors.values().some((executor) =>
      executor.slots > 0 && isServing(executor, lane)
    )
    if (isOfUse !== true || !hasWork(state, lane)) releaseNode(state, lane)
  }
}

/** Keeps nodes for those that were passed over too often. */
export const reserve = (state: DispatchState): void => {
  for (const lane of state.starved) {
    const { passedOverSince, reservation } = lane
    if (reservation !== undefined || passedOverSince === undefined) continue
    if (state.placements - passedOverSince < state.settings.passLimit) continue
    const best = hasWork(state, lane) ? emptiest(state, lane) : undefined
    if (best === undefined) continue
    best.reservedFor = lane
    lane.reservation = best
    state.reserved.add(lane)
  }
}

const emptiest = (state: DispatchState, lane: Lane): NodeState | undefined => {
  let best: NodeState | undefined
  for (const executor of state.executors.values()) {
    const { node } = executor
    if (node.reservedFor !== undefined || executor.slots === 0 || !isServing(executor, lane)) continue
    if (best === undefined || node.slots < best.slots) best = node
  }
  return best
}

/** Whether the lane has a task to give out; what has ended meanwhile falls out. */
export const hasWork = (state: DispatchState, lane: Lane): boolean => {
  for (let task = lane.returned.peek(); task !== undefined; task = lane.returned.peek()) {
    if (state.tasks.status(task) === Status.Queued) return true
    lane.returned.shift()
  }
  for (let source = lane.sources.peek(); source !== undefined; source = lane.sources.peek()) {
    while (source.isTouchedAhead && source.cursor < source.available) {
      if (state.tasks.status(source.first + source.cursor) === Status.Untouched) break
      source.cursor++
    }
    load(state, source)
    if (source.cursor < source.available) return true
    lane.sources.shift()
    source.isQueued = false
  }
  return false
}
