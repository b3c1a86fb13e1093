/**
 * How tasks end: decided here, told to anybody only once that is durable.
 *
 * @since 0.1.0
 */
import type { ExecutorId } from "../task/Attempt.ts"
import type { Outcome } from "../task/Outcome.ts"
import type { Times } from "./Command.ts"
import type { Decision, DispatchState, Kept } from "./DispatchState.ts"
import type { Source } from "./Source.ts"
import { Status } from "./TaskTable.ts"

/** The task has ended so; it holds no lease any more. */
export const settle = (
  state: DispatchState,
  task: number,
  source: Source,
  outcome: Outcome,
  hash = 0,
  executorId?: ExecutorId
): void => {
  const page = state.tasks.page(task)
  const at = state.tasks.at(task)
  page.status[at] = Status.Committing
  page.hash[at] = hash
  source.submission.committing++
  if (state.intended.size > 0) state.intended.delete(task)
  if (state.losses.size > 0) state.losses.delete(task)
  if (state.unmade.size > 0) state.unmade.delete(task)
  const epoch = page.epoch[at] ?? 0
  const sequence = state.outbox.record(state.now, "Ended", task, 1, epoch, executorId, outcome)
  state.decisions.push({ sequence, source, kind: "ended", task, count: 1, epoch, outcome, effect: undefined })
}

/** All that the source has not given out ends so. */
export const settleUntouched = (state: DispatchState, source: Source, outcome: Outcome): void => {
  if (source.job !== undefined) return
  const [from, to] = [source.first + source.cursor, source.first + source.count]
  source.cursor = source.available = source.count
  if (source.isQueued) dropStale(state, source)
  // Somebody may ask for each of them later; otherwise a million tasks end as one.
  const { keep, keys, restored } = source.entry
  const isSingle = keep === true || keys !== undefined || restored !== undefined || source.isTouchedAhead ||
    isAwaited(state, from, to)
  if (!isSingle && to > from) {
    const count = to - from
    source.submission.committing += count
    const sequence = state.outbox.record(state.now, "Ended", from, count, 0, undefined, outcome)
    state.decisions.push({ sequence, source, kind: "ended", task: from, count, epoch: 0, outcome, effect: undefined })
    return
  }
  for (let task = from; task < to; task++) {
    if (state.tasks.status(task) !== Status.Untouched) continue
    state.tasks.touch(task, source, task - source.first, Status.Queued, state.now)
    settle(state, task, source, outcome)
  }
}

/** Whether somebody waits for one of these tasks by itself; it takes no longer than the fewer of both are many. */
const isAwaited = ({ dependents }: DispatchState, from: number, to: number): boolean => {
  if (dependents.size < to - from) return dependents.keys().some((task) => task >= from && task < to)
  for (let task = from; task < to; task++) if (dependents.has(task)) return true
  return false
}

/** Sources that have ended leave their lane when they are met there; should nobody come by, they must not pile up. */
const dropStale = (state: DispatchState, { lane }: Source): void => {
  if (++lane.stale * 2 < lane.sources.length || lane.stale < 8) return
  lane.stale = 0
  lane.sources.filter((source) => {
    if (source.cursor < source.available) return true
    return source.isQueued = false
  })
  if (lane.isEmpty) state.lanes.wakeOthers(lane)
}

/** Carries out what was decided up to that record, and what comes of it. */
export const conclude = (state: DispatchState, through: number): void => {
  while (true) {
    const decision = state.decisions.peek()
    if (decision !== undefined && decision.sequence <= through) {
      state.decisions.shift()
      if (decision.outcome === undefined) decision.effect?.()
      else end(state, decision, decision.outcome)
      continue
    }
    const source = state.finished.shift()
    if (source === undefined) return
    finish(state, source)
  }
}

/** Counts tasks that ended so. */
export const tally = (source: Source, task: number, outcome: Outcome, count: number): void => {
  const { submission } = source
  source.ended += count
  if (outcome._tag === "Succeeded") {
    submission.succeeded += count
    return
  }
  source.failedTask ??= task
  if (outcome._tag === "Interrupted") submission.cancelled += count
  else submission.failed += count
}

const end = (state: DispatchState, { count, epoch, source, task }: Decision, outcome: Outcome): void => {
  if (source === undefined) return
  const { batch, submission } = source
  submission.committing -= count
  tally(source, task, outcome, count)
  state.hasChanged(submission)
  const hasSucceeded = outcome._tag === "Succeeded"
  let index = task - source.first
  let times: Times | undefined
  const page = count === 1 ? state.tasks.find(task) : undefined
  const at = state.tasks.at(task)
  if (page?.status[at] === Status.Committing) {
    page.status[at] = Status.Done
    page.hasSucceeded[at] = hasSucceeded ? 1 : 0
    index = page.index[at] ?? index
    times = {
      queued: page.queuedAt[at] ?? Number.NaN,
      assigned: page.assignedAt[at] ?? Number.NaN,
      started: page.startedAt[at] ?? Number.NaN,
      finished: state.now
    }
  }
  const { entry, request, submitter } = batch
  state.outbox.ended(submitter, { source: source.id, request, entry, index, count, task, epoch, outcome, times })
  if (state.followers.size > 0) tellFollowers(state, task, outcome)
  const kept = hold(state, source, task, outcome)
  if (state.dependents.size > 0) unblock(state, task, hasSucceeded)
  if (times === undefined) {
    state.tasks.forgetUntouched(task, count)
    source.live -= count
  } else if (kept === undefined || !isAsked(kept)) forget(state, task, source)
  else if (kept.isKeyed) forgetLater(state, task, source)
  finish(state, source)
}

/** Those that handed over the same task again get the same outcome. */
const tellFollowers = (state: DispatchState, task: number, outcome: Outcome): void => {
  for (const { index, source } of state.followers.get(task) ?? []) {
    const follower = source.first + index
    if (state.tasks.status(follower) === Status.Following) settle(state, follower, source, outcome)
  }
  state.followers.delete(task)
}

const isAsked = ({ isKept, isKeyed }: Kept): boolean => isKept || isKeyed

/** Keeps the outcome for those who may ask for it. */
const hold = (state: DispatchState, source: Source, task: number, outcome: Outcome): Kept | undefined => {
  const { batch: { submitter }, entry: { keep, keys } } = source
  const key = keys?.[task - source.first]
  const isFirst = key === undefined || state.keys.find(submitter, key)?.task === task
  // One that was handed over again is asked for under the name of the first.
  const isKept = keep === true && isFirst
  const isKeyed = (key !== undefined && isFirst) || source.knownUntil > state.now
  let holders = 0
  if (state.dependents.size > 0) {
    for (const dependent of state.dependents.get(task) ?? []) if (dependent.refs.includes(task)) holders++
  }
  for (const dependent of source.dependents ?? []) if (dependent.refs.includes(task)) holders++
  if (holders === 0 && !isKept && !isKeyed) return undefined
  const kept = { outcome, holders, isKept, isKeyed }
  state.results.set(task, kept)
  return kept
}

const unblock = (state: DispatchState, task: number, hasSucceeded: boolean): void => {
  const sources = state.dependents.get(task)
  if (sources === undefined) return
  state.dependents.delete(task)
  for (const source of sources) {
    source.blockers--
    if (hasSucceeded || source.entry.onDependencyFailure === "run") releaseSource(state, source)
    else failDependent(state, source, task)
  }
}

/** The last task of a source: whoever waits for all of it may go on, and what it needed is let go. */
export const finish = (state: DispatchState, source: Source): void => {
  if (source.ended < source.count || source.isProducing) return
  const { dependents } = source
  source.dependents = undefined
  // Without tasks of its own, it fails as what it was to follow.
  const failed = source.failedTask ?? (source.count === 0 ? source.failedDependency : undefined)
  for (const dependent of dependents ?? []) {
    dependent.blockers--
    if (failed === undefined || dependent.entry.onDependencyFailure === "run") releaseSource(state, dependent)
    else failDependent(state, dependent, failed)
  }
  for (const task of source.refs) letGo(state, task)
  source.refs = []
  if (source.live === 0 && state.sources.has(source.id)) state.retire(source)
}

/** A source without tasks ends too, in its turn: chains of such may be long. */
export const finishLater = (state: DispatchState, source: Source): void => {
  if (source.ended === source.count && !source.isProducing) state.finished.push(source)
}

/** A task that it was to follow did not succeed. */
export const failDependent = (state: DispatchState, source: Source, dependency: number): void => {
  if (source.isClosed) return
  source.isClosed = true
  source.failedDependency = dependency
  settleUntouched(state, source, { _tag: "DependencyFailed", dependency: state.positions.idOf(dependency) })
  if (source.job === undefined) finishLater(state, source)
  else closeProducer(state, source)
}

/** A job that will make no more chunks. */
export const closeProducer = (state: DispatchState, source: Source): void => {
  const { job, lane, submission } = source
  if (!source.isProducing || job === undefined) return
  source.isProducing = false
  state.jobs.delete(source)
  const place = lane.jobs.indexOf(source)
  if (place >= 0) lane.jobs.splice(place, 1)
  for (const executor of job.asked) {
    executor.asked--
    state.makeRoom(executor)
  }
  job.asked.clear()
  job.waiting.clear()
  submission.producing--
  state.hasChanged(submission)
  finishLater(state, source)
}

/** Lets the tasks of a source be given out, if nothing holds them any more. */
export const releaseSource = (state: DispatchState, source: Source): void => {
  if (source.blockers > 0 || source.isClosed) return
  if (source.job !== undefined) {
    if (!source.isProducing || source.lane.jobs.includes(source)) return
    source.lane.jobs.push(source)
    return state.lanes.activate(source.lane)
  }
  if (source.ended === source.count) return finishLater(state, source)
  load(state, source)
  if (source.isQueued || source.cursor >= source.available) return
  source.isQueued = true
  source.lane.sources.push(source)
  state.lanes.activate(source.lane)
}

/** Asks for more of a window in good time. */
export const load = (state: DispatchState, source: Source): void => {
  if (source.entry.kind !== "window" || source.isLoading || source.available === source.count) return
  const { window } = state.settings
  if (source.available - source.cursor > window / 2) return
  source.isLoading = true
  state.outbox.load(source.batch, source.available, Math.min(window, source.count - source.available))
}

/** One of those who might have asked for the outcome will not. */
const letGo = (state: DispatchState, task: number): void => {
  const kept = state.results.get(task)
  if (kept !== undefined && --kept.holders <= 0 && !isAsked(kept)) state.results.delete(task)
}

/** Its idempotency key is remembered for a while. */
export const forgetLater = (state: DispatchState, task: number, source: Source): void => {
  const { entry: { keys }, knownUntil } = source
  const until = keys === undefined ? knownUntil : Math.max(knownUntil, state.now + state.settings.keyRetention)
  state.timers.add(until, { _tag: "forget", task, epoch: state.tasks.epoch(task) })
}

const forget = (state: DispatchState, task: number, source: Source): void => {
  source.job?.members.delete(task)
  state.tasks.forget(task)
  source.live--
}

/** Nobody will ask for that kept task again, unless for one of the reasons that are left. */
const forgetUnasked = (state: DispatchState, task: number, kept: Kept): void => {
  const source = state.tasks.source(task)
  if (source === undefined || isAsked(kept)) return
  if (kept.holders <= 0) state.results.delete(task)
  state.outbox.record(state.now, "Forgotten", task, 1, state.tasks.epoch(task), undefined, undefined)
  forget(state, task, source)
  finish(state, source)
}

/** Whoever might have asked for it has been served. */
export const fetched = (state: DispatchState, task: number, from: string | undefined): void => {
  const kept = state.results.get(task)
  if (kept === undefined || !kept.isKept) return
  // What others wait for is not theirs to give up.
  if (from !== undefined && state.tasks.source(task)?.batch.submitter !== from) return
  kept.isKept = false
  forgetUnasked(state, task, kept)
}

/** The task's idempotency key was remembered for long enough. */
export const expireKey = (state: DispatchState, task: number): void => {
  const kept = state.results.get(task)
  const source = state.tasks.source(task)
  if (kept === undefined || source === undefined || !kept.isKeyed) return
  const { batch: { submitter }, entry: { keys } } = source
  const key = keys?.[task - source.first]
  if (key !== undefined && state.keys.find(submitter, key)?.task === task) state.keys.remove(submitter, key)
  kept.isKeyed = false
  forgetUnasked(state, task, kept)
}
