/**
 * Decides who runs what: events and the time go in, commands come out. There is
 * no effect, clock or randomness inside, so a replay, a simulation and a
 * property test see what production sees. It is the only scheduler there is:
 * jobs, processes, partitions and servers behind servers go through it.
 *
 * @since 0.1.0
 */
import type { ExecutorId } from "../task/Attempt.ts"
import type { TaskId } from "../task/TaskId.ts"
import { ring } from "./Alarms.ts"
import { isCurrent, recall, report, start } from "./Attempts.ts"
import type { Batch, Commands } from "./Command.ts"
import { DispatchState, type Settings } from "./DispatchState.ts"
import { conclude, fetched, releaseSource } from "./Ending.ts"
import type { Event, LeaseRef } from "./Event.ts"
import { describeUnmet, explain, type Explanation } from "./Explaining.ts"
import { adopt, beat, drain, join, leave } from "./Membership.ts"
import { place } from "./Placing.ts"
import { type PastGeneration, Positions } from "./Positions.ts"
import { produce } from "./Producing.ts"
import { cancel } from "./Stopping.ts"
import { submit } from "./Submitting.ts"
import { Status } from "./TaskTable.ts"
import { type Glance, glance } from "./Viewing.ts"

/** What a dispatcher is made of; times in milliseconds. */
export interface Options extends Partial<Settings> {
  readonly partition: number
  readonly generation: number
  readonly past?: ReadonlyArray<PastGeneration>
  /** The number of the last transition that was recorded before. */
  readonly sequence?: number
}

/** The defaults of `Settings`. */
export const defaults: Settings = {
  leaseTime: 30_000,
  deathLimit: 3,
  passLimit: 64,
  window: 4_096,
  keyRetention: 3_600_000,
  sessionRetention: 3_600_000,
  commits: "awaited"
}

/** What a task costs here does not grow with the number of tasks or executors. */
export class Dispatcher {
  readonly #state: DispatchState

  constructor({ generation, partition, past = [], sequence = 0, ...settings }: Options) {
    const positions = new Positions(partition, generation, past)
    this.#state = new DispatchState({ ...defaults, ...settings }, generation, positions, sequence)
  }

  /** `now` is in milliseconds, on a clock that never goes back. */
  handle(events: ReadonlyArray<Event>, now: number): Commands {
    const state = this.#state
    state.now = Math.max(state.now, now)
    for (const event of events) this.#apply(event)
    // Timers come last: after a stall, the beats that waited to be heard count before the silence.
    ring(state)
    this.#settle()
    return state.outbox.take(state.timers.next)
  }

  /** The name of the task at that position, and the other way round. */
  idOf(task: number): TaskId {
    return this.#state.positions.idOf(task)
  }

  /** Where a task of that name is or was. */
  placeOf(id: TaskId): number | undefined {
    return this.#state.positions.positionOf(id)
  }

  positionOf(id: TaskId): number | undefined {
    const task = this.#state.positions.positionOf(id)
    return task !== undefined && this.#state.statusOf(task) !== Status.Forgotten ? task : undefined
  }

  /** Whether what an executor says of an attempt still concerns anybody: its progress, its logs, its channels. */
  holds(executorId: ExecutorId, lease: LeaseRef): boolean {
    const executor = this.#state.executors.get(executorId)
    return executor !== undefined && isCurrent(this.#state, executor, lease)
  }

  /** Whose task it is, for what an executor reports of an attempt that it still holds the lease of. */
  origin(executorId: ExecutorId, lease: LeaseRef): { readonly batch: Batch; readonly index: number } | undefined {
    const executor = this.#state.executors.get(executorId)
    const source = this.#state.tasks.source(lease.task)
    if (executor === undefined || source === undefined || !isCurrent(this.#state, executor, lease)) return undefined
    const { index } = this.#state.tasks.page(lease.task)
    return { batch: source.batch, index: index[this.#state.tasks.at(lease.task)] ?? 0 }
  }

  explain(task: number): Explanation {
    return explain(this.#state, task)
  }

  /** A task that has not been forgotten. */
  glance(task: number): Glance | undefined {
    return glance(this.#state, task)
  }

  /** The position of the next task that is accepted, and whether any is. */
  get next(): number {
    return this.#state.next
  }

  /** Something was decided that is told to somebody once it is committed. */
  get isWaiting(): boolean {
    return this.#state.decisions.length > 0
  }

  get isDraining(): boolean {
    return this.#state.isDraining
  }

  /** How far each submission is that has not ended. */
  get submissions() {
    return [...this.#state.submissions.values()].map(({ counts, id, submitter }) => ({ id, submitter, counts }))
  }

  submission(id: string) {
    const submission = this.#state.submissions.get(id)
    return submission && { id, submitter: submission.submitter, counts: submission.counts, isEnded: submission.isEnded }
  }

  /** What is in here at the moment, for status, tests and tuning. */
  get statistics() {
    const state = this.#state
    return {
      refused: state.refused,
      repeated: state.repeated,
      sources: state.sources.size,
      submissions: state.submissions.size,
      executors: state.executors.size,
      results: state.results.size,
      dependents: state.dependents.size,
      followers: state.followers.size,
      keys: state.keys.size,
      jobs: state.jobs.size,
      held: state.holders.size + state.adopted.size,
      stopping: state.intended.size,
      losses: state.losses.size + state.unmade.size,
      starved: state.starved.length,
      reserved: state.reserved.size,
      undecided: state.decisions.length + state.finished.length,
      timers: state.timers.length,
      pages: state.tasks.pages,
      ...state.lanes.statistics
    }
  }

  /** What each node has given out, and what it has. */
  get nodes() {
    return [...this.#state.nodes.values()].map(({ bytes, capacity, cpu, id, reservedFor, slots }) => ({
      nodeId: id,
      capacity,
      allocated: { cpu, bytes, slots },
      isReserved: reservedFor !== undefined
    }))
  }

  /** Tasks that executors have, by position. */
  get leased(): ReadonlyArray<number> {
    return [...this.#state.executors.values()].flatMap(({ leases }) => leases).toSorted((left, right) => left - right)
  }

  /** How many tasks run on an executor, of those that it has. */
  runningOn(executorId: ExecutorId): number {
    const { executors, tasks } = this.#state
    const leases = executors.get(executorId)?.leases ?? []
    return leases.reduce((count, task) => tasks.status(task) >= Status.Running ? count + 1 : count, 0)
  }

  /** Kinds of task that wait for an executor such as is not there, each once. */
  get unmet(): ReadonlyArray<{ readonly taskName: string; readonly missing: ReadonlyArray<string> }> {
    const state = this.#state
    return [...state.lanes.classes].flatMap(({ groups, requirement }) =>
      groups.size > 0 ? [] : [{ taskName: requirement.taskName, missing: describeUnmet(state, requirement) }]
    )
  }

  /** What each executor holds. */
  /** Whether it has that executor: one that was silent for too long it has not. */
  has(executorId: ExecutorId): boolean {
    return this.#state.executors.has(executorId)
  }

  get executors() {
    return [...this.#state.executors.values()].map(({ abandoned, isDraining, leases, slots, spec }) => ({
      executorId: spec.executorId,
      slots,
      leases: leases.length,
      abandoned: abandoned.size,
      isDraining
    }))
  }

  #settle(): void {
    const state = this.#state
    const isImmediate = state.settings.commits === "immediate"
    conclude(state, isImmediate ? Infinity : state.committed)
    place(state)
    if (isImmediate) {
      // What was given out or has ended by being given out is final too, and may make room for more.
      while (state.decisions.length > 0) {
        conclude(state, Infinity)
        place(state)
      }
    }
    for (const submission of state.changed.splice(0)) {
      const { counts, id, isAccepted, isEnded, isWatched, submitter } = submission
      submission.hasChanged = false
      if (isWatched && isAccepted) state.outbox.notify(submitter, { _tag: "Progress", submission: id, counts, isEnded })
      if (isEnded && submission.sources.size === 0) state.submissions.delete(id)
    }
  }

  #apply(event: Event): void {
    const state = this.#state
    switch (event._tag) {
      case "submitted":
        return submit(state, event)
      case "joined":
        return join(state, event.executor)
      case "left":
        return leave(state, event.executorId, event.reason, event.isClean)
      case "cancelled":
        return cancel(state, event)
      case "committed":
        state.committed = Math.max(state.committed, event.through)
        return conclude(state, state.committed)
      case "loaded":
      case "produced":
        return this.#supply(event)
      case "closed": {
        const submission = state.submissions.get(event.submission)
        if (submission === undefined) return
        submission.isOpen = false
        return state.hasChanged(submission)
      }
      case "fetched":
        for (const task of event.tasks) fetched(state, task, event.from)
        return
      case "drain":
        return drain(state, event)
      case "tick":
        return
      default:
        return this.#hear(event)
    }
  }

  /** From an executor; of one that is not known every lease is void. */
  #hear(event: Extract<Event, { readonly _tag: "beat" | "started" | "ended" | "recalled" | "adopted" }>): void {
    const state = this.#state
    const { executorId } = event
    const executor = state.executors.get(executorId)
    if (executor === undefined) {
      const leases = event._tag === "ended" ? event.reports : event._tag === "beat" ? [] : event.leases
      state.refused += leases.length
      for (const { epoch, generation, task } of leases) {
        const isOld = generation !== undefined && generation !== state.generation
        state.outbox.revoke({ executorId, task, epoch, reason: "stale", kill: false, ...(isOld && { generation }) })
      }
      return
    }
    executor.seenAt = state.now
    if (event._tag === "beat") beat(state, executor, event.slots)
    else if (event._tag === "recalled") recall(state, executor, event.leases)
    else if (event._tag === "adopted") adopt(state, executor, event.leases)
    else if (event._tag === "started") { for (const lease of event.leases) start(state, executor, lease) }
    else for (const ended of event.reports) report(state, executor, ended)
  }

  #supply(event: Extract<Event, { readonly _tag: "loaded" | "produced" }>): void {
    const state = this.#state
    const source = state.sources.get(event.source)
    if (event._tag === "produced") return produce(state, source, event)
    if (source === undefined || source.isClosed) return
    source.isLoading = false
    source.available = Math.min(source.count, source.available + event.count)
    releaseSource(state, source)
  }
}
