/**
 * Who gets what: free slots first, then work in advance; the plainest
 * executors first; for each the highest priority, and submitters in turn.
 *
 * @since 0.1.0
 */
import type { DispatchState } from "./DispatchState.ts"
import { load } from "./Ending.ts"
import type { ExecutorState } from "./ExecutorState.ts"
import { canStart, hasRoomFor } from "./Fitting.ts"
import type { Group } from "./Group.ts"
import type { Lane } from "./Lane.ts"
import type { Ready } from "./Ready.ts"
import { rebalance } from "./Rebalancing.ts"
import { hasWork, releaseNode, reserve, review, starve, wakeStarved } from "./Reserving.ts"
import type { Source } from "./Source.ts"
import { Status } from "./TaskTable.ts"

/** Gives out all that can be given out now. */
export const place = (state: DispatchState): void => {
  if (state.isDraining) return
  if (state.reserved.size > 0) review(state)
  do {
    state.hasStirred = false
    if (state.freed.size > 0) wakeStarved(state)
    for (const group of state.groupOrder) serve(state, group, "idle")
    for (const group of state.groupOrder) serve(state, group, "spare")
    if (state.withOwn.size > 0) serveOwn(state)
    // What was given out may have been in the way of something else: of a limit, or with a node reserved.
  } while (state.hasStirred || state.freed.size > 0)
  if (state.starved.length > 0) reserve(state)
  if (state.overfull.length > 0) rebalance(state)
}

const serve = (state: DispatchState, group: Group, which: "idle" | "spare"): void => {
  const ring = group[which]
  const passed: Array<ExecutorState> = []
  while (ring.length > 0) {
    const lane = group.ready.next()
    if (lane === undefined) break
    const executor = ring.shift()
    if (executor === undefined) break
    if (which === "idle") executor.isInIdle = false
    else executor.isInSpare = false
    if (executor.isGone || executor.isDraining || !executor.hasRoom) continue
    if (executor.hasFreeSlot === (which === "spare")) {
      state.enqueue(executor)
      continue
    }
    if (give(state, executor, lane)) fill(state, executor, lane, which)
    else passed.push(executor)
  }
  for (const executor of passed) state.enqueue(executor)
}

/**
 * Where there is enough for everybody, an executor has all its tasks at once:
 * they are neighbours then, which is kind to the memory that they are in. It
 * stands in line again only if it could not have been filled.
 */
const fill = (state: DispatchState, executor: ExecutorState, first: Lane, which: "idle" | "spare"): void => {
  const { group: { most, ready, [which]: ring }, node } = executor
  const enough = (ring.length + 1) * most
  let lane: Lane | undefined = first
  while (lane !== undefined && !node.isBounded && !lane.taskClass.isPicky && has(lane, enough)) {
    if (!(which === "idle" ? executor.hasFreeSlot : executor.hasRoom)) break
    lane = ready.next()
    if (lane === undefined || !give(state, executor, lane)) break
  }
  state.enqueue(executor)
}

/** Whether the first source of the lane has so many tasks to give out. */
const has = ({ sources }: Lane, count: number): boolean => {
  const source = sources.peek()
  return source !== undefined && source.available - source.cursor >= count
}

/** What is left for sessions alone, where nothing is ready for everybody. */
const serveOwn = (state: DispatchState): void => {
  for (const executor of state.withOwn) {
    while (executor.hasRoom && executor.own !== undefined) {
      const lane = executor.own.next()
      if (lane === undefined) state.withOwn.delete(executor)
      if (lane === undefined || !give(state, executor, lane)) break
    }
    state.enqueue(executor)
  }
}

/** What came of offering a lane to an executor. */
const Offer = {
  /** The executor has a task of it, or is being made one. */
  Taken: 0,
  /** The lane has nothing, or stands aside. */
  Closed: 1,
  /** It has something, which is not for this executor now. */
  Unsuited: 2
} as const
type Offer = (typeof Offer)[keyof typeof Offer]

/** Gives the executor one task, or asks a job for one; false if there is nothing for it. */
const give = (state: DispatchState, executor: ExecutorState, first: Lane): boolean => {
  const { group: { ready }, node, own } = executor
  if (node.reservedFor !== undefined) return giveReserved(state, executor, node.reservedFor)
  if (own !== undefined) return giveEither(state, executor, own)
  for (let lane: Lane | undefined = first; lane !== undefined; lane = ready.next()) {
    const result = offer(state, ready, lane, executor)
    if (result === Offer.Taken) return true
    if (result === Offer.Closed) continue
    standBack(ready, lane)
    return search(state, ready, executor)
  }
  return false
}

/** Nothing else starts on a reserved node than what it is reserved for. */
const giveReserved = (state: DispatchState, executor: ExecutorState, lane: Lane): boolean =>
  !lane.isParked && canStart(executor, lane) &&
  offer(state, lane.home ?? executor.group.ready, lane, executor) === Offer.Taken

/** Either of its sessions or of what is ready for all: the higher priority, or in turns. */
const giveEither = (state: DispatchState, executor: ExecutorState, own: Ready): boolean => {
  const { ready } = executor.group
  while (true) {
    const [mine, any] = [own.next(), ready.next()]
    const lane = mine === undefined || (any !== undefined && isBefore(any, mine, executor)) ? any : mine
    if (lane === undefined) return false
    const ring = lane === mine ? own : ready
    const result = offer(state, ring, lane, executor)
    if (result === Offer.Closed) continue
    executor.isOwnTurn = lane !== mine
    if (result === Offer.Taken) return true
    standBack(ring, lane)
    return searchEither(state, own, executor)
  }
}

const isBefore = (any: Lane, mine: Lane, { isOwnTurn }: ExecutorState): boolean =>
  any.priority > mine.priority || (any.priority === mine.priority && !isOwnTurn)

/** Jobs that have nothing to give at the moment need not be met first by everybody. */
const standBack = (ready: Ready, lane: Lane): void => {
  if (lane.returned.length === 0 && lane.sources.length === 0) ready.served(lane)
}

/** The lane whose turn it is has nothing for the executor; another may have. */
const search = (state: DispatchState, ready: Ready, executor: ExecutorState): boolean => {
  for (const lane of ready.lanes()) if (offer(state, ready, lane, executor) === Offer.Taken) return true
  return false
}

const searchEither = (state: DispatchState, own: Ready, executor: ExecutorState): boolean => {
  const { ready } = executor.group
  const lanes = [...own.lanes(), ...ready.lanes()].toSorted((left, right) => right.priority - left.priority)
  return lanes.some((lane) => {
    if (lane.isParked || lane.isEmpty) return false
    return offer(state, lane.home ?? ready, lane, executor) === Offer.Taken
  })
}

const offer = (state: DispatchState, ready: Ready, lane: Lane, executor: ExecutorState): Offer => {
  const { isPicky } = lane.taskClass
  if (isPicky) {
    const result = tryPicky(state, lane, executor)
    if (result !== Offer.Taken) return result
  } else if (executor.node.isBounded && executor.node.isFull) return Offer.Unsuited
  const task = takeFrom(state, lane)
  const source = task === undefined ? undefined : state.tasks.source(task)
  if (task === undefined || source === undefined) return askJob(state, ready, lane, executor)
  ready.served(lane)
  state.lease(task, source, executor)
  if (isPicky) afterwards(state, lane)
  return Offer.Taken
}

/** Whether the executor may start the lane's next task at once; if nobody may, the lane stands aside. */
const tryPicky = (state: DispatchState, lane: Lane, executor: ExecutorState): Offer => {
  if (lane.jobs.length === 0 && !hasWork(state, lane)) {
    afterwards(state, lane)
    return Offer.Closed
  }
  for (const limit of lane.taskClass.limits) {
    if (limit.nextAt <= state.now) continue
    // It waits for something else than a node.
    releaseNode(state, lane)
    state.lanes.park(lane, limit)
    return Offer.Closed
  }
  if (canStart(executor, lane)) return Offer.Taken
  if (canAnyStart(state, lane)) return Offer.Unsuited
  starve(state, lane)
  return Offer.Closed
}

const canAnyStart = (state: DispatchState, lane: Lane): boolean => {
  const { node } = lane.taskClass.requirement
  const nodes = node === undefined ? state.nodes.values() : [state.nodes.get(node)]
  for (const node of nodes) {
    if (node === undefined || !hasRoomFor(lane, node)) continue
    for (const executor of node.executors) if (canStart(executor, lane)) return true
  }
  return false
}

/** It has been served, or is empty: the limits may have room for others, and it need not be kept a node any more. */
const afterwards = (state: DispatchState, lane: Lane): void => {
  lane.passedOverSince = undefined
  releaseNode(state, lane)
  state.lanes.wakeOthers(lane)
}

/** Asks one of the lane's jobs for a chunk, each in turn. */
const askJob = (state: DispatchState, ready: Ready, lane: Lane, executor: ExecutorState): Offer => {
  if (lane.taskClass.isPicky) afterwards(state, lane)
  if (lane.jobs.length === 0) return Offer.Closed
  const place = lane.jobs.findIndex(({ job }) => job?.asked.has(executor) === false && !job.waiting.has(executor))
  const [source] = place < 0 ? [] : lane.jobs.splice(place, 1)
  if (source === undefined) return Offer.Unsuited
  lane.jobs.push(source)
  ready.served(lane)
  source.job?.asked.add(executor)
  executor.asked++
  state.outbox.produce(source.batch, executor.spec.executorId)
  return Offer.Taken
}

/** The next task of a lane: what was given back comes first. */
const takeFrom = (state: DispatchState, lane: Lane): number | undefined => {
  while (lane.returned.length > 0) {
    const task = lane.returned.shift()
    if (task !== undefined && state.tasks.status(task) === Status.Queued) return task
  }
  for (let source = lane.sources.peek(); source !== undefined; source = lane.sources.peek()) {
    if (source.cursor >= source.available) {
      close(lane, source)
      continue
    }
    const index = source.cursor++
    load(state, source)
    if (source.cursor >= source.available) close(lane, source)
    const task = source.first + index
    if (source.isTouchedAhead && state.tasks.status(task) !== Status.Untouched) continue
    state.tasks.touch(task, source, index, Status.Queued, state.now)
    return task
  }
  return undefined
}

const close = (lane: Lane, source: Source): void => {
  lane.sources.shift()
  source.isQueued = false
}
