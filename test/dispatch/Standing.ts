import type { Dispatcher } from "../../src/dispatch/Dispatcher.ts"
import type { Resources } from "../../src/task/TaskSpec.ts"
import { check } from "./Checks.ts"
import type { TaskStory } from "./Ledger.ts"
import { demandOf, type EntryView, type ExecutorView, isCapable, isSpecial } from "./Views.ts"
import { leaseTime, type Witness } from "./Witness.ts"

interface Load {
  readonly executor: ExecutorView
  readonly held: number
  readonly load: number
}

interface NodeLoad {
  readonly capacity: Resources
  readonly isReserved: boolean
  cpu: number
  bytes: number
  slots: number
}

/** What must hold whenever a turn is over: nobody has too much, and nothing waits that could run. */
export const judgeStanding = (judge: Witness, dispatcher: Dispatcher): void => {
  for (const { holding, story, view } of judge.standing) {
    const isHeld = holding.sequence <= judge.generationStart
    const isUnsent = judge.sent.get(story.task) !== holding.epoch
    if (isHeld) continue
    check.isTrue(
      judge.executors.has(holding.executorId),
      `task ${story.task} is held by ${holding.executorId}, which is gone`
    )
    const mayWait = view.entry.spec.delivery === "atMostOnce" && holding.sequence > judge.committed
    check.isTrue(!isUnsent || mayWait, `task ${story.task} was assigned and never sent`)
  }
  const loads = judgeLoads(judge, dispatcher)
  const nodes = judgeNodes(judge, dispatcher)
  judgeLimits(judge)
  judgeTimes(judge)
  if (!judge.isDraining) judgeIdleness(judge, loads, nodes)
  judge.reserved = new Set(dispatcher.nodes.flatMap(({ isReserved, nodeId }) => isReserved ? [nodeId] : []))
}

const judgeLoads = (judge: Witness, dispatcher: Dispatcher): ReadonlyArray<Load> => {
  const told = new Map(dispatcher.executors.map((executor) => [String(executor.executorId), executor]))
  check.strictEqual(told.size, judge.executors.size, "so many executors")
  const isFresh = new Set(judge.fresh.map(({ holding }) => holding?.executorId))
  const current = judge.standing.filter(({ holding }) => holding.sequence > judge.generationStart)
  return [...judge.executors.values()].map((executor) => {
    const held = current.filter(({ holding }) => holding.executorId === executor.id).length
    const asked = [...judge.sources.values()].filter(({ asked }) => asked.has(executor.id)).length
    const load = held + executor.abandoned.size + asked
    const { abandoned, leases, slots } = told.get(executor.id) ?? {}
    check.deepStrictEqual(
      [leases, abandoned, slots],
      [held, executor.abandoned.size, executor.slots],
      `${executor.id} holds`
    )
    if (isFresh.has(executor.id)) {
      check.isAtMost(load, executor.slots + executor.spec.prefetch, `${executor.id} holds more than it may`)
    }
    return { executor, held, load }
  })
}

const judgeNodes = (judge: Witness, dispatcher: Dispatcher): ReadonlyMap<string, NodeLoad> => {
  const nodes = new Map<string, NodeLoad>()
  for (const { capacity, isReserved, nodeId } of dispatcher.nodes) {
    nodes.set(nodeId, { capacity, isReserved, cpu: 0, bytes: 0, slots: 0 })
  }
  const take = (executorId: string, spec: Parameters<typeof demandOf>[0]): void => {
    const node = nodes.get(judge.executors.get(executorId)?.spec.node.nodeId ?? "")
    if (node === undefined || (!isSpecial(spec) && node.capacity.slots === Infinity)) return
    const { bytes, cpu, slots } = demandOf(spec)
    node.cpu += cpu
    node.bytes += bytes
    node.slots += slots
  }
  for (const { holding, view } of judge.standing) {
    if (holding.sequence > judge.generationStart) take(holding.executorId, view.entry.spec)
  }
  for (const { abandoned, id } of judge.executors.values()) for (const { spec } of abandoned.values()) take(id, spec)
  for (const { allocated, nodeId } of dispatcher.nodes) {
    const { bytes, cpu, slots } = nodes.get(nodeId) ?? allocated
    check.isAtMost(Math.abs(allocated.cpu - cpu), 1e-9, `cores of ${nodeId}`)
    check.deepStrictEqual([allocated.bytes, allocated.slots], [bytes, slots], `what is given out on ${nodeId}`)
  }
  // Work that goes on after a restart may be more than there is room for; nothing is added to it.
  for (const { holding, task } of judge.fresh) {
    const nodeId = judge.executors.get(holding?.executorId ?? "")?.spec.node.nodeId ?? ""
    const { bytes = 0, capacity, cpu = 0, slots = 0 } = nodes.get(nodeId) ?? {}
    if (capacity === undefined) continue
    const demand = demandOf(judge.view(task).entry.spec)
    if (demand.cpu > 0) check.isAtMost(cpu, capacity.cpu + 1e-9, `${nodeId} has too few cores`)
    if (demand.bytes > 0) check.isAtMost(bytes, capacity.bytes, `${nodeId} has too little memory`)
    if (demand.slots > 0) check.isAtMost(slots, capacity.slots, `${nodeId} has too few slots`)
  }
  return nodes
}

/** How many more of them may start now. */
const roomIn = (judge: Witness, { entry: { spec: { limits } } }: EntryView): number => {
  let room = Infinity
  for (const limit of limits) {
    const holders = judge.standing.filter(({ view }) => view.entry.spec.limits.some(({ name }) => name === limit.name))
    if ("concurrency" in limit) {
      const abandoned = judge.executors.values().flatMap(({ abandoned }) => abandoned.values()).toArray()
        .filter(({ spec }) => spec.limits.some(({ name }) => name === limit.name))
      room = Math.min(room, limit.concurrency - holders.length - abandoned.length)
    } else {
      const recent = (judge.starts.get(limit.name) ?? []).filter((start) => start > judge.now - limit.per)
      const pending = holders.filter(({ holding, story }) =>
        holding.sequence > judge.generationStart && judge.sent.get(story.task) !== holding.epoch
      )
      room = Math.min(room, limit.rate - recent.length - pending.length)
    }
  }
  return room
}

const judgeLimits = (judge: Witness): void => {
  for (const { task } of judge.fresh) {
    const view = judge.view(task)
    check.isAtMost(0, roomIn(judge, view), `task ${task} exceeds a limit`)
  }
}

/** What has its time has it on time. */
const judgeTimes = (judge: Witness): void => {
  const { now } = judge
  for (const { heardAt, id, spec } of judge.executors.values()) {
    if (spec.heartbeat) check.isAbove(heardAt + leaseTime * 1.25, now, `${id} is silent, and still there`)
  }
  for (const { end, holding, task } of judge.ledger.tasks.values()) {
    if (end !== undefined) continue
    const { entry: { deadline = Infinity, spec: { grace, timeout = Infinity } } } = judge.view(task)
    if (holding?.stopping !== undefined) {
      check.isAbove(holding.stopping.since + grace, now, `task ${task} was to be killed`)
      continue
    }
    if (!judge.aliases.has(task)) check.isAbove(deadline, now, `task ${task} has expired`)
    if (holding === undefined || holding.sequence <= judge.generationStart) continue
    check.isAbove((judge.startedAt.get(task) ?? Infinity) + timeout, now, `task ${task} has taken too long`)
  }
}

/** All tasks that may be given out: the model of a dispatcher, which only says what is right and not how to be fast. */
const readyTasks = (judge: Witness): ReadonlyArray<{ readonly story: TaskStory; readonly view: EntryView }> => {
  const ready: Array<{ readonly story: TaskStory; readonly view: EntryView }> = []
  const blocked = new Map<EntryView, boolean>()
  for (const story of judge.ledger.tasks.values()) {
    if (story.end !== undefined || story.holding !== undefined || judge.aliases.has(story.task)) continue
    if (story.delayedUntil > judge.now) continue
    const view = judge.view(story.task)
    if ((view.entry.startAt ?? 0) > judge.now) continue
    if (view.entry.kind === "window" && story.epoch === 0 && judge.indexOf(story.task) >= view.available) continue
    let isBlocked = blocked.get(view)
    if (isBlocked === undefined) blocked.set(view, isBlocked = judge.fateOf(view) !== "open")
    if (!isBlocked) ready.push({ story, view })
  }
  return ready
}

const judgeIdleness = (judge: Witness, loads: ReadonlyArray<Load>, nodes: ReadonlyMap<string, NodeLoad>): void => {
  const canTake = (view: EntryView, { executor, load }: Load): boolean => {
    const { session, spec } = view.entry
    const { isDraining, slots, spec: { node: { nodeId }, prefetch } } = executor
    const node = nodes.get(nodeId)
    if (isDraining || node === undefined || node.isReserved || !isCapable(executor.spec, spec.requirement)) return false
    if (slots === 0 || load >= slots + (isSpecial(spec) ? 0 : prefetch)) return false
    const { bytes, cpu, slots: wanted } = demandOf(spec)
    const { capacity } = node
    if (isSpecial(spec) || capacity.slots !== Infinity) {
      if (node.slots + wanted > capacity.slots || node.bytes + bytes > capacity.bytes) return false
      if (node.cpu + cpu > capacity.cpu + 1e-9) return false
    }
    if (judge.looseSessions.has(JSON.stringify([view.view.submitter, session]))) return false
    const holder = judge.executors.get(judge.sessions.get(JSON.stringify([view.view.submitter, session])) ?? "")
    return session === undefined || holder === undefined || holder === executor ||
      !isCapable(holder.spec, spec.requirement)
  }
  const isIdle = loads.filter(({ executor, load }) => load < executor.slots + executor.spec.prefetch)
  const ready = readyTasks(judge)
  if (isIdle.length > 0) {
    const tried = new Set<EntryView>()
    for (const { story, view } of ready) {
      if (tried.has(view)) continue
      tried.add(view)
      if (roomIn(judge, view) <= 0) continue
      const idle = isIdle.find((load) => canTake(view, load))
      check.isUndefined(idle, `task ${story.task} waits and ${idle?.executor.id} could take it`)
    }
    for (const view of [...judge.requests.values()].flatMap(({ entries }) => entries)) {
      if (!view.isProducing || judge.fateOf(view) !== "open" || (view.entry.startAt ?? 0) > judge.now) continue
      if (roomIn(judge, view) <= 0) continue
      const idle = isIdle.find((load) =>
        !view.asked.has(load.executor.id) && !view.waiting.has(load.executor.id) && canTake(view, load)
      )
      check.isUndefined(idle, `a job could make a chunk for ${idle?.executor.id}`)
    }
  }
  judgePriorities(judge, ready)
}

/** Whoever was given a task had no better one to do that nothing else stood in the way of. */
const judgePriorities = (judge: Witness, ready: ReadonlyArray<{ readonly view: EntryView }>): void => {
  for (const { holding, task } of judge.fresh) {
    const { chunks, entry: { priority } } = judge.view(task)
    // A chunk was made for whoever had asked for it, and may have been so before there was anything better.
    if (chunks.has(task)) continue
    const executor = judge.executors.get(holding?.executorId ?? "")
    const { capacity, nodeId } = executor?.spec.node ?? {}
    if (executor === undefined || capacity !== undefined || judge.reserved.has(nodeId ?? "")) continue
    const better = ready.find(({ view: { entry } }) =>
      entry.priority > priority && !isSpecial(entry.spec) && entry.session === undefined &&
      isCapable(executor.spec, entry.spec.requirement)
    )
    check.isUndefined(better, `task ${task} was given out before one of higher priority`)
  }
}
