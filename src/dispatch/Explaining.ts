/**
 * Why a task does not run: for those who wait for it.
 *
 * @since 0.1.0
 */
import type { Requirement } from "../task/TaskSpec.ts"
import type { DispatchState } from "./DispatchState.ts"
import type { NodeState } from "./NodeState.ts"
import { missing, oneSlot } from "./Requirements.ts"
import { Status } from "./TaskTable.ts"

/** What the executor that comes closest lacks; empty if one can run it. */
export const describeUnmet = (state: DispatchState, requirement: Requirement): ReadonlyArray<string> => {
  if (state.executors.size === 0) return ["there is no executor"]
  const isAnywhere = requirement.node === undefined && requirement.demand === undefined
  let best: ReadonlyArray<string> | undefined
  for (const group of state.groups.values()) {
    const lacks = missing(requirement, group.capability)
    if (isAnywhere) {
      if (best === undefined || lacks.length < best.length) best = lacks
      continue
    }
    for (const executor of state.executors.values()) {
      if (executor.group !== group) continue
      const both = [...lacks, ...lackingNode(state, requirement, executor.node)]
      if (best === undefined || both.length < best.length) best = both
    }
  }
  return best ?? []
}

const lackingNode = (state: DispatchState, { demand = oneSlot, node: wanted }: Requirement, node: NodeState) => {
  if (wanted !== undefined && wanted !== node.id) return [`node "${wanted}"`]
  if (node.canEverHold(demand)) return []
  const nodes = wanted === undefined ? [...state.nodes.values()] : [node]
  const most = nodes.map(({ capacity: { bytes, cpu, slots } }) => `${cpu} cpu, ${bytes} bytes, ${slots} slots`)
  return [
    `a node with ${demand.cpu} cpu, ${demand.bytes} bytes and ${demand.slots} slots (there are: ${most.join("; ")})`
  ]
}

/** What a task waits for, or how far it is. */
export type Explanation =
  | { readonly _tag: "Unknown" | "Ended" | "Ending" }
  | { readonly _tag: "Running" | "Assigned" | "Stopping"; readonly executorId: string; readonly epoch: number }
  | { readonly _tag: "WaitsForOthers"; readonly count: number }
  | { readonly _tag: "WaitsForTime"; readonly at: number | undefined }
  | { readonly _tag: "WaitsForExecutor"; readonly missing: ReadonlyArray<string> }
  | { readonly _tag: "WaitsForLimit"; readonly limits: ReadonlyArray<string> }
  | { readonly _tag: "WaitsForCapacity"; readonly passedOver: number }
  | { readonly _tag: "WaitsItsTurn" }
  /** For the executor that ran it when the server stopped, or that runs its session. */
  | { readonly _tag: "WaitsForReturn" | "WaitsForSession"; readonly executorId: string }
  | { readonly _tag: "Retries"; readonly epoch: number }

/** Answers "why is it not running?" from the state alone. */
export const explain = (state: DispatchState, task: number): Explanation => {
  const source = state.sourceOf(task)
  const status = state.tasks.status(task)
  if (source === undefined) return { _tag: "Unknown" }
  const epoch = state.tasks.epoch(task)
  const executorAt = status === Status.Untouched ? -1 : state.tasks.page(task).executor[state.tasks.at(task)] ?? -1
  const executorId = state.executorAt[executorAt]?.spec.executorId ?? state.holders.get(task) ?? ""
  if (status === Status.Done) return { _tag: "Ended" }
  if (status === Status.Committing) return { _tag: "Ending" }
  if (status === Status.Running) return { _tag: "Running", executorId, epoch }
  if (status === Status.Assigned || status === Status.Granting) return { _tag: "Assigned", executorId, epoch }
  if (status === Status.Stopping) return { _tag: "Stopping", executorId, epoch }
  if (status === Status.Held) return { _tag: "WaitsForReturn", executorId }
  if (status === Status.Delayed) return { _tag: "Retries", epoch }
  if (status === Status.Following) return { _tag: "WaitsForOthers", count: 1 }
  const { entry: { startAt }, lane: { home, isParked, isStarved, passedOverSince, session, taskClass } } = source
  if (startAt !== undefined && startAt > state.now) return { _tag: "WaitsForTime", at: startAt }
  if (source.blockers > 0) return { _tag: "WaitsForOthers", count: source.blockers }
  if (taskClass.groups.size === 0) {
    return { _tag: "WaitsForExecutor", missing: describeUnmet(state, taskClass.requirement) }
  }
  if (isStarved && passedOverSince !== undefined) {
    return { _tag: "WaitsForCapacity", passedOver: state.placements - passedOverSince }
  }
  if (isParked) return { _tag: "WaitsForLimit", limits: taskClass.limits.map(({ limit }) => limit.name) }
  if (home !== undefined && session?.holder !== undefined) {
    return { _tag: "WaitsForSession", executorId: session.holder.spec.executorId }
  }
  return { _tag: "WaitsItsTurn" }
}
