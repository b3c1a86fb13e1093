/**
 * How tasks are stopped: cancelled, too slow, too late. Whoever runs one is
 * asked to, has a time of grace to acknowledge, and is then told to kill it.
 *
 * @since 0.1.0
 */
import type { Outcome } from "../task/Outcome.ts"
import { revoke } from "./Attempts.ts"
import type { RevokeReason } from "./Command.ts"
import type { DispatchState } from "./DispatchState.ts"
import { closeProducer, finishLater, settle, settleUntouched } from "./Ending.ts"
import type { Event } from "./Event.ts"
import { endHolding } from "./Holding.ts"
import type { Source } from "./Source.ts"
import type { SubmissionState } from "./SubmissionState.ts"
import { Status } from "./TaskTable.ts"

/** Ends a task so, at once if nobody runs it. */
export const stop = (state: DispatchState, task: number, outcome: Outcome): void => {
  const source = state.sourceOf(task)
  if (source === undefined) return
  const status = state.tasks.status(task)
  if (status === Status.Untouched) {
    state.tasks.touch(task, source, task - source.first, Status.Queued, state.now)
    source.isTouchedAhead = true
    return settle(state, task, source, outcome)
  }
  const page = state.tasks.page(task)
  const at = state.tasks.at(task)
  const executor = state.executorAt[page.executor[at] ?? -1]
  if (status === Status.Granting && executor !== undefined) {
    state.release(task, executor, source)
    return settle(state, task, source, outcome)
  }
  if ((status === Status.Assigned || status === Status.Running) && executor !== undefined) {
    const epoch = page.epoch[at] ?? 0
    const reason = reasonOf(outcome)
    page.status[at] = Status.Stopping
    state.intended.set(task, outcome)
    state.outbox.record(state.now, "Stopping", task, 1, epoch, executor.spec.executorId, reason)
    revoke(state, executor, { task, epoch }, reason)
    return state.timers.add(state.now + source.batch.spec.grace, { _tag: "grace", task, epoch })
  }
  if (status === Status.Held) {
    // Nobody knows whether it runs: should its executor come back, it is told to stop.
    endHolding(state, task, source)
    return settle(state, task, source, outcome._tag === "Interrupted" ? { ...outcome, cleanly: false } : outcome)
  }
  if (status === Status.Queued || status === Status.Delayed || status === Status.Following) {
    settle(state, task, source, outcome)
  }
}

/** The time of grace is over: it ends without an acknowledgement, and its slot is free once it is dead. */
export const kill = (state: DispatchState, task: number, epoch: number): void => {
  const source = state.tasks.source(task)
  if (source === undefined || state.tasks.status(task) !== Status.Stopping || state.tasks.epoch(task) !== epoch) return
  const executor = state.executorAt[state.tasks.page(task).executor[state.tasks.at(task)] ?? -1]
  if (executor === undefined) return
  const outcome = state.intended.get(task) ?? { _tag: "Interrupted", by: "", cleanly: false }
  state.abandon(task, executor, source)
  revoke(state, executor, { task, epoch }, reasonOf(outcome), true)
  settle(state, task, source, outcome._tag === "Interrupted" ? { ...outcome, cleanly: false } : outcome)
}

/** Why an attempt is to be stopped that is to end so. */
export const reasonOf = ({ _tag }: Outcome): RevokeReason =>
  _tag === "TimedOut" ? "timedOut" : _tag === "Expired" ? "expired" : "cancelled"

/** One attempt took too long. */
export const timeOut = (state: DispatchState, task: number, epoch: number): void => {
  if (state.tasks.status(task) !== Status.Running || state.tasks.epoch(task) !== epoch) return
  const after = state.tasks.source(task)?.batch.spec.timeout ?? 0
  stop(state, task, { _tag: "TimedOut", after })
}

/** Everything of the source that has not ended is to end so. */
export const stopSource = (state: DispatchState, source: Source, outcome: Outcome): void => {
  if (source.isClosed) return
  source.isClosed = true
  if (source.job !== undefined) {
    for (const task of source.job.members) stop(state, task, outcome)
    // Whoever was to follow it is told of a task; of the job itself, if there is no other.
    source.failedTask ??= source.first
    return closeProducer(state, source)
  }
  const given = source.first + (source.isTouchedAhead ? source.count : source.cursor)
  settleUntouched(state, source, outcome)
  for (let task = source.first; task < given; task++) {
    if (state.tasks.source(task) === source) stop(state, task, outcome)
  }
  finishLater(state, source)
}

/** Whether all of it has ended; one without tasks has when it is gone. */
export const isOver = ({ count, ended, isProducing }: Source): boolean => count > 0 && ended === count && !isProducing

/** The deadline of a source has come. */
export const expire = (state: DispatchState, source: Source): void => {
  if (isOver(source)) return
  stopSource(state, source, { _tag: "Expired", deadline: source.entry.deadline ?? state.now })
}

const cancelSubmission = (state: DispatchState, submission: SubmissionState, by: string): void => {
  submission.isOpen = false
  state.hasChanged(submission)
  for (const source of submission.sources) {
    stopSource(state, source, { _tag: "Interrupted", by, cleanly: true })
  }
}

/** Somebody wants a task, a submission, or all of a submitter's to end. What has ended stays as it is. */
export const cancel = (
  state: DispatchState,
  { by, from, target }: Extract<Event, { readonly _tag: "cancelled" }>
): void => {
  if ("task" in target) {
    if (from !== undefined && state.sourceOf(target.task)?.batch.submitter !== from) return
    return stop(state, target.task, { _tag: "Interrupted", by, cleanly: true })
  }
  if ("submission" in target) {
    const submission = state.submissions.get(target.submission)
    if (submission === undefined || (from !== undefined && submission.submitter !== from)) return
    return cancelSubmission(state, submission, by)
  }
  for (const submission of state.submissions.values()) {
    if (submission.submitter === target.submitter) cancelSubmission(state, submission, by)
  }
  state.lanes.dropOf(target.submitter)
}
