/**
 * What becomes of an attempt: it starts, ends, is lost or given back. Only who
 * holds the current lease is believed.
 *
 * @since 0.1.0
 */
import type { ExecutorId } from "../task/Attempt.ts"
import type { Outcome } from "../task/Outcome.ts"
import type { RevokeReason } from "./Command.ts"
import type { DispatchState } from "./DispatchState.ts"
import { settle } from "./Ending.ts"
import type { LeaseRef, Report } from "./Event.ts"
import type { ExecutorState } from "./ExecutorState.ts"
import type { Source } from "./Source.ts"
import { Status } from "./TaskTable.ts"

/** So many losses of one task are remembered. */
const most = 16

/** Whether the executor holds exactly that lease now. */
export const isCurrent = (state: DispatchState, executor: ExecutorState, lease: LeaseRef): boolean => {
  const { generation = state.generation, task } = lease
  const page = state.tasks.find(task)
  if (page === undefined) return false
  const at = state.tasks.at(task)
  const status = page.status[at] ?? Status.Untouched
  if (status < Status.Assigned || status > Status.Stopping) return false
  if (page.epoch[at] !== lease.epoch || page.executor[at] !== executor.index) return false
  return generation === page.generation[at] || (state.adopted.size > 0 && state.adopted.get(task) === generation)
}

/** Tells an executor to stop an attempt. */
export const revoke = (
  state: DispatchState,
  executor: ExecutorState,
  { epoch, generation = state.generation, task }: LeaseRef,
  reason: RevokeReason,
  kill = false
): void => {
  const { executorId } = executor.spec
  const isOld = generation !== state.generation
  state.outbox.revoke({ executorId, task, epoch, reason, kill, ...(isOld && { generation }) })
}

/** The handler runs: from now on the executor's death may be the task's fault, and its timeout counts. */
export const start = (state: DispatchState, executor: ExecutorState, lease: LeaseRef): void => {
  const { epoch, task } = lease
  if (!isCurrent(state, executor, lease)) {
    state.refused++
    return revoke(state, executor, lease, "stale")
  }
  const page = state.tasks.page(task)
  const at = state.tasks.at(task)
  if (page.status[at] !== Status.Assigned) return
  if (page.isRecalled[at] === 1) {
    // It was asked back too late; others may still be.
    page.isRecalled[at] = 0
    executor.recalls--
  }
  page.status[at] = Status.Running
  page.startedAt[at] = state.now
  state.outbox.record(state.now, "Started", task, 1, epoch, executor.spec.executorId, undefined)
  const timeout = page.source[at]?.batch.spec.timeout
  if (timeout !== undefined) state.timers.add(state.now + timeout, { _tag: "timeout", task, epoch })
}

/** An executor says how an attempt ended. */
export const report = (state: DispatchState, executor: ExecutorState, report: Report): void => {
  const { task } = report
  if (!isCurrent(state, executor, report)) return refuse(state, executor, report)
  const page = state.tasks.page(task)
  const at = state.tasks.at(task)
  const source = page.source[at]
  if (source === undefined) return
  if (report.startedAt !== undefined) {
    page.startedAt[at] = report.startedAt
    if (page.status[at] === Status.Assigned) page.status[at] = Status.Running
  }
  const { outcome, retryAfter } = report
  const status = page.status[at]
  state.release(task, executor, source)
  if (status === Status.Stopping) {
    return settle(state, task, source, stopped(state, report), report.hash, executor.spec.executorId)
  }
  if (outcome._tag === "Lost") {
    const { lines, reason = "lost" } = outcome.executors[0] ?? {}
    return lose(state, task, source, executor.spec.executorId, reason, report.isDeath === true, lines)
  }
  if (outcome._tag === "Failed" && retryAfter !== undefined && source.batch.spec.delivery === "atLeastOnce") {
    page.status[at] = Status.Delayed
    page.retries[at] = (page.retries[at] ?? 0) + 1
    const epoch = page.epoch[at] ?? 0
    state.outbox.record(state.now, "Retrying", task, 1, epoch, executor.spec.executorId, retryAfter)
    return state.timers.add(state.now + retryAfter, { _tag: "retry", task, epoch })
  }
  settle(state, task, source, outcome, report.hash, executor.spec.executorId)
}

/** A cancelled task that came to its end by itself has won the race; one that took too long has not. */
const stopped = (state: DispatchState, { outcome, retryAfter, task }: Report): Outcome => {
  const intended = state.intended.get(task)
  if (intended === undefined) return outcome
  if (intended._tag !== "Interrupted") return intended
  if (outcome._tag === "Lost") return { ...intended, cleanly: false }
  if (outcome._tag === "Interrupted") return { ...intended, cleanly: outcome.cleanly }
  return retryAfter === undefined ? outcome : intended
}

/** A report that does not count: of an abandoned attempt, for the second time, or by somebody else. */
const refuse = (state: DispatchState, executor: ExecutorState, report: Report): void => {
  const { epoch, task } = report
  if (state.bury(task, epoch, executor)) {
    state.refused++
    return
  }
  const status = state.tasks.status(task)
  const isEnded = status === Status.Committing || status === Status.Done
  const page = isEnded ? state.tasks.page(task) : undefined
  const at = state.tasks.at(task)
  if (page !== undefined && page.epoch[at] === epoch && page.hash[at] === (report.hash ?? 0)) {
    state.repeated++
    return
  }
  state.refused++
  revoke(state, executor, report, "stale")
}

/** The attempt is gone with its executor, or with the thread that it ran in. */
export const lose = (
  state: DispatchState,
  task: number,
  source: Source,
  executorId: ExecutorId,
  reason: string,
  isDeath: boolean,
  lines?: ReadonlyArray<string>
): void => {
  const page = state.tasks.page(task)
  const at = state.tasks.at(task)
  const status = page.status[at]
  const { attempts, delivery } = source.batch.spec
  if (status === Status.Stopping) return settle(state, task, source, unclean(state.intended.get(task)))
  const isStarted = status === Status.Running
  if (delivery === "atMostOnce" && (status === Status.Assigned || isStarted)) {
    return settle(state, task, source, { _tag: "MaybeExecuted", executorId, reason })
  }
  const loss = { executorId, reason, ...(lines && { lines }) }
  const losses = [...(state.losses.get(task) ?? []).slice(1 - most), loss]
  state.losses.set(task, losses)
  if (isDeath && isStarted) page.deaths[at] = (page.deaths[at] ?? 0) + 1
  const deaths = page.deaths[at] ?? 0
  if (deaths >= state.settings.deathLimit) {
    return settle(state, task, source, { _tag: "Quarantined", deaths, executors: losses })
  }
  const made = (page.epoch[at] ?? 0) - (state.unmade.get(task) ?? 0)
  if (attempts !== undefined && made >= attempts) {
    return settle(state, task, source, { _tag: "Lost", executors: losses })
  }
  giveBack(state, task, source)
}

const unclean = (intended: Outcome | undefined): Outcome =>
  intended === undefined || intended._tag === "Interrupted"
    ? { _tag: "Interrupted", by: intended?.by ?? "", cleanly: false }
    : intended

/** Back into its lane: its lease was released. */
const giveBack = (state: DispatchState, task: number, source: Source): void => {
  const deaths = state.tasks.page(task).deaths[state.tasks.at(task)] ?? 0
  state.outbox.record(state.now, "Released", task, 1, state.tasks.epoch(task), undefined, deaths)
  state.lanes.requeue(task, source.lane)
}

/** An attempt that was given out and never started: it counts as none. */
export const giveBackUnstarted = (
  state: DispatchState,
  task: number,
  source: Source,
  executor: ExecutorState
): void => {
  state.release(task, executor, source)
  if (source.batch.spec.attempts !== undefined) state.unmade.set(task, (state.unmade.get(task) ?? 0) + 1)
  giveBack(state, task, source)
}

/** Attempts that had not started and come back as they were asked to. */
export const recall = (state: DispatchState, executor: ExecutorState, leases: ReadonlyArray<LeaseRef>): void => {
  for (const lease of leases) {
    const { epoch, task } = lease
    const source = state.tasks.source(task)
    if (source === undefined || !isCurrent(state, executor, lease)) {
      state.bury(task, epoch, executor)
      continue
    }
    const status = state.tasks.status(task)
    const intended = state.intended.get(task)
    if (status === Status.Assigned) {
      giveBackUnstarted(state, task, source, executor)
      continue
    }
    state.release(task, executor, source)
    if (status === Status.Stopping && intended !== undefined) settle(state, task, source, intended)
    else lose(state, task, source, executor.spec.executorId, "was given back", false)
  }
}
