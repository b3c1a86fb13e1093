/**
 * How executors come, are heard of, and go.
 *
 * @since 0.1.0
 */
import type { ExecutorId } from "../task/Attempt.ts"
import { giveBackUnstarted, isCurrent, lose, revoke } from "./Attempts.ts"
import type { DispatchState } from "./DispatchState.ts"
import type { Event, ExecutorSpec, LeaseRef } from "./Event.ts"
import { ExecutorState } from "./ExecutorState.ts"
import { describeUnmet } from "./Explaining.ts"
import { Group } from "./Group.ts"
import { endHolding, giveUpUnclaimed } from "./Holding.ts"
import type { TaskClass } from "./Lane.ts"
import { NodeState } from "./NodeState.ts"
import { capabilityKey } from "./Requirements.ts"
import type { Source } from "./Source.ts"
import { reasonOf } from "./Stopping.ts"
import { Status } from "./TaskTable.ts"

/** A new executor; one that is known by that name is taken for lost first. */
export const join = (state: DispatchState, spec: ExecutorSpec): void => {
  leave(state, spec.executorId, "replaced by another executor of the same id", false)
  const group = groupOf(state, spec)
  const node = state.nodes.get(spec.node.nodeId) ?? new NodeState(spec.node.nodeId, spec.node.capacity)
  state.nodes.set(node.id, node)
  const executor = new ExecutorState(state.executorAt.length, spec, node, group, state.now)
  state.executorAt.push(executor)
  state.executors.set(spec.executorId, executor)
  node.executors.add(executor)
  group.size++
  const met: Array<TaskClass> = []
  for (const taskClass of state.lanes.classes) {
    const wasUnmet = taskClass.groups.size === 0
    state.lanes.match(taskClass, group)
    if (wasUnmet && taskClass.groups.size > 0) met.push(taskClass)
  }
  tellUnmet(state, met, [])
  state.outbox.record(state.now, "Joined", -1, 0, 0, spec.executorId, undefined)
  state.freed.add(node)
  state.makeRoom(executor)
  if (spec.heartbeat && !state.hasBeatTimer) {
    state.hasBeatTimer = true
    state.timers.add(state.now + state.settings.leaseTime / 4, { _tag: "beats" })
  }
}

const groupOf = (state: DispatchState, spec: ExecutorSpec): Group => {
  const key = capabilityKey(spec)
  const known = state.groups.get(key)
  if (known !== undefined) return known
  const group = new Group(key, spec)
  state.groups.set(key, group)
  state.groupOrder = [...state.groups.values()].toSorted((left, right) => left.breadth - right.breadth)
  return group
}

/** Tells each submission once that has tasks of such a class which have not ended. */
const tellUnmet = (
  state: DispatchState,
  classes: ReadonlyArray<TaskClass>,
  lacks: ReadonlyArray<string> | undefined
): void => {
  if (classes.length === 0) return
  const isTold = new Set<string>()
  for (const { count, ended, isProducing, lane: { taskClass }, submission } of state.sources.values()) {
    if (!classes.includes(taskClass) || (ended === count && !isProducing)) continue
    const { requirement, requirement: { taskName } } = taskClass
    const missing = lacks ?? describeUnmet(state, requirement)
    const key = JSON.stringify([submission.id, taskName, missing])
    if (isTold.has(key)) continue
    isTold.add(key)
    state.outbox.notify(submission.submitter, { _tag: "Unmet", submission: submission.id, taskName, missing })
  }
}

/** It is gone; unless cleanly, whatever it ran may have died with it or killed it. */
export const leave = (state: DispatchState, executorId: ExecutorId, reason: string, isClean: boolean): void => {
  const executor = state.executors.get(executorId)
  if (executor === undefined) return
  const { group, node } = executor
  executor.isGone = true
  state.outbox.record(state.now, "Left", -1, 0, 0, executorId, reason)
  state.lanes.unbind(executor)
  // In the order of the tasks, whatever order the list is in by now.
  for (const task of executor.leases.toSorted((left, right) => left - right)) {
    const source = state.tasks.source(task)
    if (source !== undefined) loseWith(state, task, source, executor, reason, isClean)
  }
  for (const [task, { epoch }] of executor.abandoned) state.bury(task, epoch, executor)
  for (const { job } of state.jobs) {
    job?.asked.delete(executor)
    job?.waiting.delete(executor)
  }
  if (executor.isInIdle) group.idle.filter((other) => other !== executor)
  if (executor.isInSpare) group.spare.filter((other) => other !== executor)
  if (executor.isInOverfull) state.overfull = state.overfull.filter((other) => other !== executor)
  state.executors.delete(executorId)
  state.executorAt[executor.index] = undefined
  node.executors.delete(executor)
  if (node.executors.size === 0) forgetNode(state, node)
  if (--group.size === 0) {
    group.ready.clear()
    state.groups.delete(group.key)
    state.groupOrder = state.groupOrder.filter((other) => other !== group)
  }
  const unmet: Array<TaskClass> = []
  for (const taskClass of state.lanes.classes) {
    if (!taskClass.groups.has(group)) continue
    if (group.size === 0) taskClass.groups.delete(group)
    else if (taskClass.isPicky) state.lanes.match(taskClass, group)
    if (taskClass.groups.size === 0) unmet.push(taskClass)
  }
  tellUnmet(state, unmet, undefined)
}

/** What becomes of a lease whose executor is gone. */
const loseWith = (
  state: DispatchState,
  task: number,
  source: Source,
  executor: ExecutorState,
  reason: string,
  isClean: boolean
): void => {
  const status = state.tasks.status(task)
  const { delivery } = source.batch.spec
  const isUnstarted = status === Status.Assigned && isClean && delivery === "atLeastOnce"
  if (isUnstarted || status === Status.Granting) return giveBackUnstarted(state, task, source, executor)
  state.release(task, executor, source)
  lose(state, task, source, executor.spec.executorId, reason, !isClean)
}

const forgetNode = (state: DispatchState, node: NodeState): void => {
  state.nodes.delete(node.id)
  state.freed.delete(node)
  if (node.reservedFor === undefined) return
  state.reserved.delete(node.reservedFor)
  node.reservedFor = node.reservedFor.reservation = undefined
}

/** It lives; and may run more or fewer attempts at a time than before. */
export const beat = (state: DispatchState, executor: ExecutorState, slots: number | undefined): void => {
  executor.seenAt = state.now
  if (slots === undefined || slots === executor.slots) return
  executor.setSlots(slots)
  state.hasGrown(executor)
  state.makeRoom(executor)
}

/** After every beat that has arrived was heard: who was silent for a lease time is lost. */
export const expireSilent = (state: DispatchState): void => {
  const { leaseTime } = state.settings
  let hasAny = false
  for (const { seenAt, spec } of state.executors.values()) {
    if (!spec.heartbeat) continue
    if (state.now - seenAt >= leaseTime) leave(state, spec.executorId, "missed its heartbeats", false)
    else hasAny = true
  }
  state.hasBeatTimer = hasAny
  if (hasAny) state.timers.add(state.now + leaseTime / 4, { _tag: "beats" })
}

/**
 * An executor that was out of touch says what it runs. What it ran for the last
 * server is leased to it again; what it should have and does not know of was
 * lost on the way, and so may have been what it was told to stop or give back.
 */
export const adopt = (state: DispatchState, executor: ExecutorState, leases: ReadonlyArray<LeaseRef>): void => {
  const claimed = new Map(leases.map((lease) => [lease.task, lease]))
  for (const task of executor.leases.toSorted((left, right) => left - right)) {
    const source = state.tasks.source(task)
    const status = state.tasks.status(task)
    if (source === undefined || status === Status.Granting) continue
    const lease = claimed.get(task)
    if (lease === undefined || !isCurrent(state, executor, lease)) {
      state.release(task, executor, source)
      lose(state, task, source, executor.spec.executorId, "the assignment did not arrive", false)
      continue
    }
    const page = state.tasks.page(task)
    const at = state.tasks.at(task)
    if (page.isRecalled[at] === 1) executor.recalls--
    page.isRecalled[at] = 0
    // It has not heard of its adoption either.
    if (state.adopted.has(task)) state.outbox.assign(executor, state.assignment(task, source, true))
    const intended = state.intended.get(task)
    if (intended !== undefined) revoke(state, executor, lease, reasonOf(intended))
  }
  for (const [task, { epoch }] of executor.abandoned) {
    if (claimed.get(task)?.epoch !== epoch) state.bury(task, epoch, executor)
  }
  giveUpUnclaimed(state, executor.spec.executorId, claimed)
  for (const lease of leases) if (!isCurrent(state, executor, lease)) resume(state, executor, lease)
  if (executor.isDraining) askBack(state, executor, executor.leases.length)
}

/** Leases it what it ran for the last server, if that is still for it to run. */
const resume = (state: DispatchState, executor: ExecutorState, lease: LeaseRef): void => {
  const { epoch, generation = state.generation, task } = lease
  const source = state.tasks.source(task)
  const isHeld = state.tasks.status(task) === Status.Held && state.tasks.epoch(task) === epoch &&
    state.holders.get(task) === executor.spec.executorId
  const page = isHeld ? state.tasks.page(task) : undefined
  const at = state.tasks.at(task)
  if (source === undefined || page === undefined || page.generation[at] !== generation) {
    state.refused++
    return revoke(state, executor, lease, "stale", executor.abandoned.get(task)?.epoch === epoch)
  }
  endHolding(state, task, source)
  state.grant(task, source, executor)
  state.adopted.set(task, generation)
  page.status[at] = Status.Running
  if (Number.isNaN(page.startedAt[at])) page.startedAt[at] = state.now
  state.outbox.record(state.now, "Adopted", task, 1, epoch, executor.spec.executorId, undefined)
  const { timeout } = source.batch.spec
  if (timeout !== undefined) state.timers.add(state.now + timeout, { _tag: "timeout", task, epoch })
  state.outbox.assign(executor, state.assignment(task, source, true))
}

/** No more work for an executor, or for all; what has not started is asked back. */
export const drain = (state: DispatchState, { executorId }: Extract<Event, { readonly _tag: "drain" }>): void => {
  if (executorId === undefined) state.isDraining = true
  for (const executor of state.executors.values()) {
    if (executorId !== undefined && executor.spec.executorId !== executorId) continue
    executor.isDraining = true
    state.lanes.unbind(executor)
    for (const task of executor.leases.toSorted((left, right) => left - right)) {
      const source = state.tasks.status(task) === Status.Granting ? state.tasks.source(task) : undefined
      if (source !== undefined) giveBackUnstarted(state, task, source, executor)
    }
    askBack(state, executor, executor.leases.length)
  }
}

/** Asks an executor for so many of the attempts that it has not started, the last ones first. */
export const askBack = (
  state: DispatchState,
  executor: ExecutorState,
  most: number,
  isWanted: (task: number) => boolean = () => true
): number => {
  const leases: Array<LeaseRef> = []
  for (let place = executor.leases.length - 1; place >= 0 && leases.length < most; place--) {
    const task = executor.leases[place] ?? -1
    const page = state.tasks.page(task)
    const at = state.tasks.at(task)
    if (page.status[at] !== Status.Assigned || page.isRecalled[at] === 1 || !isWanted(task)) continue
    page.isRecalled[at] = 1
    executor.recalls++
    leases.push({ task, epoch: page.epoch[at] ?? 0 })
  }
  if (leases.length > 0) state.outbox.recall(executor.spec.executorId, leases)
  return leases.length
}
