/**
 * Which lanes there are, which executors may serve them, and whether they may
 * be served now.
 *
 * @since 0.1.0
 */
import type { Limit, TaskSpec } from "../task/TaskSpec.ts"
import type { DispatchState } from "./DispatchState.ts"
import type { ExecutorState } from "./ExecutorState.ts"
import type { Group } from "./Group.ts"
import { Lane, TaskClass } from "./Lane.ts"
import { LimitState } from "./Limits.ts"
import { Ready } from "./Ready.ts"
import { missing, requirementKey } from "./Requirements.ts"
import { SessionState } from "./SessionState.ts"
import { Status } from "./TaskTable.ts"

/** Kept for as long as a source names them; those of a submitter that asks for nothing special until it is gone. */
export class Lanes {
  readonly #state: DispatchState
  readonly #classes = new Map<string, TaskClass>()
  readonly #classOf = new WeakMap<TaskSpec, TaskClass>()
  readonly #limits = new Map<string, LimitState>()
  readonly #sessions = new Map<string, SessionState>()

  constructor(state: DispatchState) {
    this.#state = state
  }

  get classes(): Iterable<TaskClass> {
    return this.#classes.values()
  }

  get statistics() {
    const lanes = this.#classes.values().reduce((count, { lanes }) => count + lanes.size, 0)
    return { classes: this.#classes.size, lanes, limits: this.#limits.size, sessions: this.#sessions.size }
  }

  /** Whether the limit of that name has another size. */
  isLimitMismatch(limit: Limit): boolean {
    return this.#limits.get(limit.name)?.isSame(limit) === false
  }

  /** Whether there is an executor that can run such tasks. */
  isMet(spec: TaskSpec): boolean {
    const cached = this.#classOf.get(spec)
    const known = cached?.isRetired === false ? cached : this.#classes.get(classKey(spec))
    if (known !== undefined) return known.groups.size > 0
    const asked = new TaskClass("", spec.requirement, [])
    return this.#state.groups.values().some((group) => this.#canServe(asked, group))
  }

  /** The lane for such tasks of that submitter. */
  laneOf(spec: TaskSpec, priority: number, submitter: string, session: string | undefined): Lane {
    const taskClass = this.#classFor(spec)
    const key = session === undefined ? `${priority} ${submitter}` : JSON.stringify([priority, submitter, session])
    const known = taskClass.lanes.get(key)
    if (known !== undefined) {
      known.isOrphan = false
      return known
    }
    const shared = session === undefined ? undefined : this.#session(submitter, session)
    const lane = new Lane(key, taskClass, priority, submitter, shared)
    taskClass.lanes.set(key, lane)
    if (shared !== undefined) {
      shared.lanes.add(lane)
      settleHome(lane)
    }
    return lane
  }

  /** Finds out whether the group meets the requirement, on some node that is there. */
  match(taskClass: TaskClass, group: Group): void {
    if (!this.#canServe(taskClass, group)) {
      taskClass.groups.delete(group)
    } else if (!taskClass.groups.has(group)) {
      taskClass.groups.add(group)
      for (const lane of taskClass.lanes.values()) this.activate(lane)
      for (const limit of taskClass.limits) this.wake(limit)
    }
  }

  /** The lane has something ready, and may have been empty. */
  activate(lane: Lane): void {
    if (lane.isParked || lane.isEmpty) return
    this.#state.hasStirred = true
    const holder = lane.home === undefined ? undefined : lane.session?.holder
    if (holder === undefined) {
      for (const group of lane.taskClass.groups) group.ready.add(lane)
    } else {
      holder.own?.add(lane)
      this.#state.withOwn.add(holder)
    }
  }

  /** Puts a task back into its lane, ahead of what was never given out. */
  requeue(task: number, lane: Lane): void {
    const { tasks } = this.#state
    tasks.page(task).status[tasks.at(task)] = Status.Queued
    lane.returned.push(task)
    this.activate(lane)
  }

  /** The lane stands aside until the limit has room. */
  park(lane: Lane, limit: LimitState): void {
    lane.isParked = true
    limit.park(lane)
    this.wake(limit)
  }

  /** If the limit has room, those that wait for it may try again; else later. */
  wake(limit: LimitState): void {
    const limits = [limit]
    for (let next = limits.pop(); next !== undefined; next = limits.pop()) {
      if (!next.isAwaited) continue
      const at = next.nextAt
      if (at > this.#state.now) this.callAt(next, at)
      else for (const lane of next.wake()) limits.push(...this.#unpark(lane))
    }
  }

  /** The lane may try again, for itself and for its class. */
  unpark(lane: Lane): void {
    for (const limit of this.#unpark(lane)) this.wake(limit)
  }

  /** The lane has run empty: others of its class may be waiting for it to try. */
  wakeOthers({ taskClass }: Lane): void {
    for (const limit of taskClass.limits) this.wake(limit)
  }

  /** Where it has run empty meanwhile, others of its class must try: the limits that they wait for. */
  #unpark(lane: Lane): ReadonlyArray<LimitState> {
    lane.isParked = lane.isStarved = false
    if (lane.isEmpty) return lane.taskClass.limits
    this.activate(lane)
    return []
  }

  /** The limit is looked at again when it has room by itself. */
  callAt(limit: LimitState, at: number): void {
    if (at === Infinity || limit.isTimed) return
    limit.isTimed = true
    this.#state.timers.add(at, { _tag: "limit", limit })
  }

  /** From its first task on, a session belongs to the executor that has it. */
  bind(session: SessionState, holder: ExecutorState): void {
    session.holder = holder
    holder.sessions.add(session)
    holder.own ??= new Ready()
    for (const lane of session.lanes) {
      settleHome(lane)
      this.activate(lane)
    }
  }

  /** The executor is leaving: its sessions may go on elsewhere. */
  unbind(executor: ExecutorState): void {
    const sessions = [...executor.sessions]
    executor.sessions.clear()
    executor.own?.clear()
    this.#state.withOwn.delete(executor)
    for (const session of sessions) {
      session.holder = undefined
      for (const lane of session.lanes) {
        settleHome(lane)
        // Where it found no room was there alone.
        if (lane.isStarved) this.unpark(lane)
        else this.activate(lane)
      }
    }
    if (sessions.length > 0) this.#state.starved = this.#state.starved.filter(({ isStarved }) => isStarved)
  }

  /** A source of the lane is done. */
  leave(lane: Lane): void {
    if (--lane.users > 0) return
    if (lane.taskClass.isPicky || lane.session !== undefined || lane.isOrphan) this.#drop(lane)
  }

  /** The submitter is gone: its lanes and sessions need not be kept for it. */
  dropOf(submitter: string): void {
    for (const { lanes } of this.#classes.values()) {
      for (const lane of lanes.values()) {
        if (lane.submitter !== submitter) continue
        lane.isOrphan = true
        if (lane.users === 0) this.#drop(lane)
      }
    }
    for (const session of this.#sessions.values()) {
      if (session.submitter !== submitter) continue
      session.keptUntil = this.#state.now
      this.endSession(session)
    }
  }

  /** Nobody speaks of the session any more. */
  endSession(session: SessionState): void {
    if (session.lanes.size > 0 || session.keptUntil > this.#state.now) return
    if (this.#sessions.get(session.key) !== session) return
    this.#sessions.delete(session.key)
    session.holder?.sessions.delete(session)
  }

  /** Nobody names the limit any more: it goes once nothing counts that was done under it. */
  endLimit(limit: LimitState): void {
    if (limit.users > 0 || this.#limits.get(limit.limit.name) !== limit) return
    if (limit.idleAt > this.#state.now) return this.callAt(limit, limit.idleAt)
    this.#limits.delete(limit.limit.name)
  }

  #canServe(taskClass: TaskClass, group: Group): boolean {
    if (missing(taskClass.requirement, group.capability).length > 0) return false
    return !taskClass.isPicky ||
      this.#state.executors.values().some((executor) => executor.group === group && taskClass.canRunOn(executor.node))
  }

  #classFor(spec: TaskSpec): TaskClass {
    const cached = this.#classOf.get(spec)
    if (cached?.isRetired === false) return cached
    const key = classKey(spec)
    let taskClass = this.#classes.get(key)
    if (taskClass === undefined) {
      const limits = spec.limits.map((limit) => {
        const known = this.#limits.get(limit.name) ?? new LimitState(limit)
        known.users++
        this.#limits.set(limit.name, known)
        return known
      })
      taskClass = new TaskClass(key, spec.requirement, limits)
      this.#classes.set(key, taskClass)
      for (const group of this.#state.groups.values()) this.match(taskClass, group)
    }
    this.#classOf.set(spec, taskClass)
    return taskClass
  }

  #session(submitter: string, name: string): SessionState {
    const key = JSON.stringify([submitter, name])
    const known = this.#sessions.get(key)
    if (known !== undefined) return known
    const session = new SessionState(key, submitter)
    this.#sessions.set(key, session)
    return session
  }

  #drop(lane: Lane): void {
    const { isParked, key, session, taskClass } = lane
    taskClass.lanes.delete(key)
    if (isParked) {
      for (const limit of taskClass.limits) limit.forget(lane)
      this.#state.starved = this.#state.starved.filter((other) => other !== lane)
    }
    // It may have been the one that tried for others of its class.
    this.wakeOthers(lane)
    if (session?.lanes.delete(lane) === true && session.lanes.size === 0) {
      session.keptUntil = this.#state.now + (lane.isOrphan ? 0 : this.#state.settings.sessionRetention)
      this.#state.timers.add(session.keptUntil, { _tag: "session", session })
    }
    if (taskClass.lanes.size > 0) return
    taskClass.isRetired = true
    this.#classes.delete(taskClass.key)
    for (const limit of taskClass.limits) {
      limit.users--
      this.endLimit(limit)
    }
  }
}

const classKey = ({ limits, requirement }: TaskSpec): string =>
  limits.length === 0
    ? requirementKey(requirement)
    : JSON.stringify([requirementKey(requirement), limits.map(({ name }) => name)])

/** Its executor's place, if that can run its tasks; else anywhere. */
const settleHome = (lane: Lane): void => {
  const holder = lane.session?.holder
  const { taskClass } = lane
  const isBound = holder !== undefined && taskClass.groups.has(holder.group) && taskClass.canRunOn(holder.node)
  lane.home = isBound ? holder.own : undefined
}
