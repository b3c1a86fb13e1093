/**
 * Whether an executor, or its node, may be given the next task of a lane.
 *
 * @since 0.1.0
 */
import type { ExecutorState } from "./ExecutorState.ts"
import type { Lane } from "./Lane.ts"
import type { NodeState } from "./NodeState.ts"

/** Whether the executor is one of those that may run the lane's tasks, now or later. */
export const isServing = (executor: ExecutorState, { home, taskClass }: Lane): boolean =>
  !executor.isDraining && !executor.isGone && taskClass.groups.has(executor.group) &&
  (home === undefined || home === executor.own) && (!taskClass.isPicky || taskClass.canRunOn(executor.node))

/** Whether the node has room for it. */
export const hasRoomFor = ({ taskClass }: Lane, node: NodeState): boolean =>
  !taskClass.isPicky && !node.isBounded || node.fits(taskClass.demand)

/** Whether nobody else has the node reserved. */
export const isOpenTo = (lane: Lane, { reservedFor }: NodeState): boolean =>
  reservedFor === undefined || reservedFor === lane

/** Whether the executor can run a task of the lane at once. */
export const canStart = (executor: ExecutorState, lane: Lane): boolean =>
  executor.hasFreeSlot && isServing(executor, lane) && isOpenTo(lane, executor.node) && hasRoomFor(lane, executor.node)
