/**
 * All that the dispatcher remembers, and the few steps that every decision is
 * made of. Which step is taken when is decided in the modules around it.
 *
 * @since 0.1.0
 */
import type { ExecutorId, NodeId } from "../task/Attempt.ts"
import type { Loss, Outcome } from "../task/Outcome.ts"
import type { Assignment } from "./Command.ts"
import { Deque } from "./Deque.ts"
import type { ExecutorState } from "./ExecutorState.ts"
import type { Group } from "./Group.ts"
import { Keys } from "./Keys.ts"
import type { Lane, TaskClass } from "./Lane.ts"
import { Lanes } from "./Lanes.ts"
import type { LimitState } from "./Limits.ts"
import type { NodeState } from "./NodeState.ts"
import { Outbox } from "./Outbox.ts"
import type { Positions } from "./Positions.ts"
import type { SessionState } from "./SessionState.ts"
import type { Source } from "./Source.ts"
import type { SubmissionState } from "./SubmissionState.ts"
import { Status, TaskTable } from "./TaskTable.ts"
import { Timers } from "./Timers.ts"

/** How a dispatcher judges; times in milliseconds. */
export interface Settings {
  /** An executor that is silent for so long loses its leases. */
  readonly leaseTime: number
  /** So many executors may die while a task runs on them before it is quarantined. */
  readonly deathLimit: number
  /** How often a waiting request may be passed over before a node is kept for it. */
  readonly passLimit: number
  /** How many tasks of a window are loaded at a time. */
  readonly window: number
  /** How long a finished task with an idempotency key is remembered at least. */
  readonly keyRetention: number
  /** How long a session is remembered of which there is no task left. */
  readonly sessionRetention: number
  /** `immediate`: there is no store, a decision is final when it is made. */
  readonly commits: "awaited" | "immediate"
}

/** What a timer is for; whether it still matters is looked up when it goes off. */
export type Due =
  | { readonly _tag: "start" | "deadline"; readonly source: Source }
  | { readonly _tag: "retry" | "held" | "forget"; readonly task: number; readonly epoch: number }
  | { readonly _tag: "timeout" | "grace"; readonly task: number; readonly epoch: number }
  | { readonly _tag: "limit"; readonly limit: LimitState }
  | { readonly _tag: "session"; readonly session: SessionState }
  | { readonly _tag: "beats" }

/** What is done once its record is durable. */
export interface Decision {
  readonly sequence: number
  readonly source: Source | undefined
  readonly kind: "accepted" | "granted" | "ended"
  readonly task: number
  readonly count: number
  readonly epoch: number
  readonly outcome: Outcome | undefined
  readonly effect: (() => void) | undefined
}

/** An outcome that somebody may still ask for. */
export interface Kept {
  readonly outcome: Outcome
  /** Sources whose payloads need it. */
  holders: number
  /** Its submitter has not fetched it. */
  isKept: boolean
  /** It may be handed over again under its idempotency key, or come back with what follows it. */
  isKeyed: boolean
}

/** Mutable and synchronous; only ever used by one dispatcher. */
export class DispatchState {
  readonly settings: Settings
  readonly generation: number
  readonly positions: Positions
  readonly outbox: Outbox
  readonly tasks: TaskTable
  readonly lanes: Lanes = new Lanes(this)
  readonly sources = new Map<number, Source>()
  readonly submissions = new Map<string, SubmissionState>()
  readonly groups = new Map<string, Group>()
  readonly nodes = new Map<NodeId, NodeState>()
  readonly executors = new Map<ExecutorId, ExecutorState>()
  readonly executorAt: Array<ExecutorState | undefined> = []
  readonly timers = new Timers<Due>()
  readonly decisions = new Deque<Decision>()
  /** Sources of which nothing is left to end, though no task's end has told so. */
  readonly finished = new Deque<Source>()
  /** Sources that wait for a task to end. */
  readonly dependents = new Map<number, Set<Source>>()
  readonly results = new Map<number, Kept>()
  /** Tasks whose outcome is decided while their executor is still asked to stop. */
  readonly intended = new Map<number, Outcome>()
  readonly losses = new Map<number, ReadonlyArray<Loss>>()
  /** How many attempts at a task were given out and came back unstarted. */
  readonly unmade = new Map<number, number>()
  /** Of which generation an attempt was before it was adopted: its executor may not know yet that it was. */
  readonly adopted = new Map<number, number>()
  /** Who ran a task when the last server stopped. */
  readonly holders = new Map<number, ExecutorId>()
  /** Jobs that may make more chunks. */
  readonly jobs = new Set<Source>()
  /** Submissions whose counts changed in this turn. */
  changed: Array<SubmissionState> = []
  /** Submitters that handed over a task again under its idempotency key. */
  readonly followers = new Map<number, Array<{ readonly source: Source; readonly index: number }>>()
  readonly keys = new Keys()
  /** Lanes for which no node has room, in order, and those that have had a node reserved. */
  starved: Array<Lane> = []
  readonly reserved = new Set<Lane>()
  /** Nodes that may have room for those. */
  readonly freed = new Set<NodeState>()
  /** Something is ready that was not before. */
  hasStirred = false
  /** Executors that hold more than they have slots for, or did. */
  overfull: Array<ExecutorState> = []
  /** Executors for whose sessions something is ready, or was. */
  readonly withOwn = new Set<ExecutorState>()
  #order: Array<Source> = []
  #retired = 0
  groupOrder: ReadonlyArray<Group> = []
  placements = 0
  next: number
  sourceCount = 0
  now = 0
  /** The last record that is durable. */
  committed: number
  isDraining = false
  hasBeatTimer = false
  /** Reports that were refused, and those that had been made before. */
  refused = 0
  repeated = 0

  constructor(settings: Settings, generation: number, positions: Positions, sequence: number) {
    this.settings = settings
    this.generation = generation
    this.positions = positions
    this.next = positions.first
    this.tasks = new TaskTable(positions.first)
    this.committed = sequence
    this.outbox = new Outbox(sequence)
  }

  addSource(source: Source): void {
    this.sources.set(source.id, source)
    source.submission.sources.add(source)
    source.lane.users++
    if (source.job !== undefined) return
    if (source.first >= (this.#order.at(-1)?.first ?? 0)) this.#order.push(source)
    else this.#order.splice(this.#placeOf(source.first), 0, source)
  }

  /** Nobody can ask for any task of it again. */
  retire(source: Source): void {
    const { id, lane, submission } = source
    this.sources.delete(id)
    if (source.job === undefined) source.cursor = source.available = source.count
    else this.tasks.forgetUntouched(source.first, 1)
    for (const task of source.awaits) {
      const others = this.dependents.get(task)
      if (others?.delete(source) === true && others.size === 0) this.dependents.delete(task)
    }
    submission.sources.delete(source)
    if (submission.sources.size === 0 && submission.isEnded) this.submissions.delete(submission.id)
    this.lanes.leave(lane)
    if (source.job !== undefined || ++this.#retired < 64 || this.#retired * 2 <= this.#order.length) return
    this.#order = this.#order.filter(({ id }) => this.sources.has(id))
    this.#retired = 0
  }

  /** The source of any task that is not forgotten. */
  sourceOf(task: number): Source | undefined {
    const touched = this.tasks.source(task)
    if (touched !== undefined) return touched
    if (this.tasks.status(task) !== Status.Untouched) return undefined
    const source = this.#order[this.#placeOf(task) - 1]
    return source !== undefined && source.hasAhead(task) && this.sources.has(source.id) ? source : undefined
  }

  /** How many sources begin at or before that position. */
  #placeOf(task: number): number {
    let [low, high] = [0, this.#order.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#order[middle]?.first ?? Infinity) <= task) low = middle + 1
      else high = middle
    }
    return low
  }

  /** A status that tells the untouched from the forgotten and the unknown. */
  statusOf(task: number): Status {
    const status = this.tasks.status(task)
    if (status !== Status.Untouched) return status
    return this.sourceOf(task) === undefined ? Status.Forgotten : Status.Untouched
  }

  /** Its submitter is told at the end of the turn. */
  hasChanged(submission: SubmissionState): void {
    if (submission.hasChanged) return
    submission.hasChanged = true
    this.changed.push(submission)
  }

  /** Gives the task to the executor; an at-most-once start leaves only once it is durable. */
  lease(task: number, source: Source, executor: ExecutorState): void {
    const page = this.tasks.page(task)
    const at = this.tasks.at(task)
    const epoch = (page.epoch[at] ?? 0) + 1
    page.epoch[at] = epoch
    page.assignedAt[at] = this.now
    page.startedAt[at] = Number.NaN
    this.grant(task, source, executor)
    this.placements++
    const { limits } = source.lane.taskClass
    const { executorId } = executor.spec
    const sequence = this.outbox.record(this.now, "Assigned", task, 1, epoch, executorId, undefined)
    if (source.batch.spec.delivery === "atLeastOnce") {
      page.status[at] = Status.Assigned
      for (const limit of limits) limit.start(this.now)
      return this.outbox.assign(executor, this.assignment(task, source, false))
    }
    page.status[at] = Status.Granting
    for (const limit of limits) limit.plan()
    const effect = () => {
      if (this.tasks.status(task) !== Status.Granting || page.epoch[at] !== epoch) return
      page.status[at] = Status.Assigned
      for (const limit of limits) {
        limit.unplan()
        limit.start(this.now)
        this.lanes.wake(limit)
      }
      this.outbox.assign(executor, this.assignment(task, source, false))
    }
    this.decisions.push({ sequence, source, kind: "granted", task, count: 1, epoch, outcome: undefined, effect })
  }

  /** Books the task on the executor, its node and its limits. */
  grant(task: number, source: Source, executor: ExecutorState): void {
    const page = this.tasks.page(task)
    const at = this.tasks.at(task)
    page.executor[at] = executor.index
    page.generation[at] = this.generation
    page.place[at] = executor.leases.length
    executor.leases.push(task)
    this.hasGrown(executor)
    const { session, taskClass } = source.lane
    if (session !== undefined && session.holder === undefined && !executor.isDraining) {
      this.lanes.bind(session, executor)
    }
    if (taskClass.isPicky || executor.node.isBounded) executor.node.take(taskClass.demand)
    for (const limit of taskClass.limits) limit.take()
    source.submission.running++
    this.hasChanged(source.submission)
  }

  assignment(task: number, source: Source, isResumed: boolean): Assignment {
    const page = this.tasks.page(task)
    const at = this.tasks.at(task)
    const refs = source.refs.length === 0
      ? undefined
      : source.refs.flatMap((ref) => this.results.get(ref)?.outcome ?? [])
    return {
      task,
      epoch: page.epoch[at] ?? 0,
      retries: page.retries[at] ?? 0,
      index: page.index[at] ?? 0,
      batch: source.batch,
      refs,
      isResumed
    }
  }

  /** The attempt is over: what it held is given back. */
  release(task: number, executor: ExecutorState, source: Source): void {
    this.#takeOut(task, executor, source)
    this.giveBack(executor, source.lane.taskClass)
  }

  /** The attempt is given up, but keeps what it holds until its executor says that it is over. */
  abandon(task: number, executor: ExecutorState, source: Source): void {
    executor.abandoned.set(task, { epoch: this.tasks.epoch(task), taskClass: source.lane.taskClass })
    this.#takeOut(task, executor, source)
  }

  /** The executor says that it works no more at an attempt that was given up; false if there was none. */
  bury(task: number, epoch: number, executor: ExecutorState): boolean {
    const abandoned = executor.abandoned.get(task)
    if (abandoned?.epoch !== epoch) return false
    executor.abandoned.delete(task)
    this.giveBack(executor, abandoned.taskClass)
    return true
  }

  giveBack(executor: ExecutorState, { demand, isPicky, limits }: TaskClass): void {
    if (isPicky || executor.node.isBounded) executor.node.release(demand)
    for (const limit of limits) this.releaseLimit(limit)
    this.makeRoom(executor)
  }

  releaseLimit(limit: LimitState): void {
    limit.release()
    this.lanes.wake(limit)
    if (limit.users === 0) this.lanes.endLimit(limit)
  }

  #takeOut(task: number, executor: ExecutorState, source: Source): void {
    const page = this.tasks.page(task)
    const at = this.tasks.at(task)
    const last = executor.leases.pop()
    if (last !== undefined && last !== task) {
      const place = page.place[at] ?? 0
      executor.leases[place] = last
      this.tasks.page(last).place[this.tasks.at(last)] = place
    }
    if (page.isRecalled[at] === 1) {
      page.isRecalled[at] = 0
      executor.recalls--
    }
    if (page.status[at] === Status.Granting) { for (const limit of source.lane.taskClass.limits) limit.unplan() }
    page.executor[at] = -1
    if (this.adopted.size > 0) this.adopted.delete(task)
    source.submission.running--
    this.hasChanged(source.submission)
  }

  /** The executor may take more than a moment ago. */
  makeRoom(executor: ExecutorState): void {
    if (this.starved.length > 0) this.freed.add(executor.node)
    this.enqueue(executor)
  }

  /** The executor holds more, or has fewer slots, than a moment ago. */
  hasGrown(executor: ExecutorState): void {
    if (executor.isInOverfull || executor.load <= executor.slots) return
    executor.isInOverfull = true
    this.overfull.push(executor)
  }

  /** Lets it stand in line for work, in the right ring. */
  enqueue(executor: ExecutorState): void {
    if (executor.isDraining || executor.isGone) return
    if (executor.hasFreeSlot) {
      if (executor.isInIdle) return
      executor.isInIdle = true
      executor.group.idle.push(executor)
    } else if (executor.hasRoom && !executor.isInSpare) {
      executor.isInSpare = true
      executor.group.spare.push(executor)
    }
  }
}
