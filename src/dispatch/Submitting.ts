/**
 * How submissions begin: checked whole, then accepted whole.
 *
 * @since 0.1.0
 */
import type { Outcome } from "../task/Outcome.ts"
import type { Notice, Refusal } from "./Command.ts"
import { findCycle } from "./Cycles.ts"
import type { DispatchState } from "./DispatchState.ts"
import { failDependent, finishLater, forgetLater, releaseSource, settle, tally } from "./Ending.ts"
import type { Dependency, EndedRange, Entry, Event } from "./Event.ts"
import { describeUnmet } from "./Explaining.ts"
import { hold } from "./Holding.ts"
import { Source } from "./Source.ts"
import { SubmissionState } from "./SubmissionState.ts"
import { Status } from "./TaskTable.ts"

type Submitted = Extract<Event, { readonly _tag: "submitted" }>

const isEntry = (dependency: Dependency): dependency is { readonly entry: number } => typeof dependency !== "number"

/** The first reason to refuse the request, before anything was changed. */
const refuse = (state: DispatchState, { entries, submitter, whenUnmet }: Submitted): Refusal | undefined => {
  // What was accepted once is not refused. Where a task is gone that it was to follow, that had ended.
  if (entries.some(({ restored }) => restored !== undefined)) return undefined
  if (state.isDraining) return { _tag: "Draining" }
  const seen = new Map<string, number>()
  const sizes = new Map<string, Entry["spec"]["limits"][number]>()
  for (const [index, { after = [], hashes = [], keys = [], refs = [], spec }] of entries.entries()) {
    for (const dependency of [...after, ...refs]) {
      const isKnown = isEntry(dependency)
        ? entries[dependency.entry] !== undefined
        : Number.isSafeInteger(dependency) && state.statusOf(dependency) !== Status.Forgotten
      if (!isKnown) {
        return { _tag: "UnknownDependency", entry: index, task: isEntry(dependency) ? dependency.entry : dependency }
      }
    }
    for (const limit of spec.limits) {
      const other = sizes.get(limit.name)
      sizes.set(limit.name, limit)
      if (
        state.lanes.isLimitMismatch(limit) || (other !== undefined && JSON.stringify(other) !== JSON.stringify(limit))
      ) {
        return { _tag: "LimitMismatch", entry: index, limit: limit.name }
      }
    }
    for (const [at, key] of keys.entries()) {
      const known = state.keys.find(submitter, key)?.hash ?? seen.get(key)
      const hash = hashes[at] ?? 0
      if (known !== undefined && known !== hash) return { _tag: "Conflict", entry: index, key }
      seen.set(key, hash)
    }
    if (whenUnmet === "fail" && !state.lanes.isMet(spec)) {
      return { _tag: "Unmet", entry: index, missing: describeUnmet(state, spec.requirement) }
    }
  }
  if (entries.every(({ after, refs }) => after === undefined && refs === undefined)) return undefined
  const cycle = findCycle(
    entries.map(({ after = [], refs = [] }) => [...after, ...refs].filter(isEntry).map(({ entry }) => entry))
  )
  return cycle === undefined ? undefined : { _tag: "Cycle", entries: cycle }
}

/** Takes in a request, or refuses it with nothing changed. */
export const submit = (state: DispatchState, event: Submitted): void => {
  const { entries, request, submitter } = event
  const reason = refuse(state, event)
  if (reason !== undefined) return state.outbox.notify(submitter, { _tag: "Refused", request, reason })
  const submission = state.submissions.get(event.submission) ?? new SubmissionState(event.submission, submitter)
  state.submissions.set(event.submission, submission)
  submission.isOpen = event.isOpen
  submission.isWatched ||= event.isWatched
  state.hasChanged(submission)

  const known: Array<{ entry: number; index: number; task: number }> = []
  submission.accepting++
  const sources = entries.map((entry, index) => accept(state, event, submission, entry, index))
  const first = sources.map((source) => source.first)
  acknowledge(state, event, submission, { _tag: "Accepted", request, first, known })
  for (const source of sources) {
    if (source.entry.restored !== undefined) restore(state, source, source.entry.restored)
    if (source.entry.keys !== undefined) deduplicate(state, source, source.entry.keys, known)
    for (const [index, outcome] of source.entry.cached ?? []) answer(state, source, index, outcome)
    connect(state, source, sources)
  }
  for (const source of sources) {
    begin(state, source)
    if (source.lane.taskClass.groups.size > 0) continue
    const { requirement } = source.batch.spec
    state.outbox.notify(submitter, {
      _tag: "Unmet",
      submission: submission.id,
      taskName: requirement.taskName,
      missing: describeUnmet(state, requirement)
    })
  }
}

/** Tells the submitter once all of the request is durable. */
const acknowledge = (
  state: DispatchState,
  { submitter }: Submitted,
  submission: SubmissionState,
  notice: Extract<Notice, { readonly _tag: "Accepted" }>
): void => {
  const { sequence } = state.outbox
  const effect = () => {
    submission.accepting--
    submission.isAccepted = true
    state.hasChanged(submission)
    state.outbox.notify(submitter, notice)
  }
  state.decisions.push({
    sequence,
    source: undefined,
    kind: "accepted",
    task: -1,
    count: 0,
    epoch: 0,
    outcome: undefined,
    effect
  })
}

const accept = (
  state: DispatchState,
  { request, submitter }: Submitted,
  submission: SubmissionState,
  entry: Entry,
  index: number
): Source => {
  const { count, deadline, kind, priority, restored, session, spec, trace } = entry
  const id = state.sourceCount++
  const batch = {
    source: id,
    submitter,
    submission: submission.id,
    request,
    entry: index,
    spec,
    priority,
    deadline,
    trace
  }
  const lane = state.lanes.laneOf(spec, priority, submitter, session)
  const first = restored?.first ?? state.next
  // A job has a position of its own, as its chunks are not known yet.
  if (restored === undefined) state.next += kind === "producer" ? 1 : count
  else state.tasks.expect(first, kind === "producer" ? 1 : count)
  const source = new Source(id, batch, entry, submission, lane, first)
  if (restored !== undefined) source.knownUntil = state.now + state.settings.leaseTime
  state.addSource(source)
  submission.total += count
  if (kind === "producer") {
    source.isProducing = true
    state.jobs.add(source)
    submission.producing++
  }
  if (restored === undefined) {
    const { taskName } = spec.requirement
    const sequence = state.outbox.record(state.now, "Accepted", first, count, 0, undefined, taskName)
    state.outbox.accept({ batch, first, count, sequence })
  }
  return source
}

/** Tasks whose key is known are not run again: they end with the other one. */
const deduplicate = (
  state: DispatchState,
  source: Source,
  keys: ReadonlyArray<string>,
  known: Array<{ entry: number; index: number; task: number }>
): void => {
  const { entry: index, submitter } = source.batch
  for (const [at, key] of keys.entries()) {
    const earlier = state.keys.find(submitter, key)
    const task = source.first + at
    const hash = source.entry.hashes?.[at] ?? 0
    // With another payload it was accepted when the first was forgotten, be that before the server's restart.
    if (earlier === undefined || earlier.hash !== hash) {
      state.keys.remove(submitter, key)
      state.keys.add(submitter, key, { task, hash })
      continue
    }
    known.push({ entry: index, index: at, task: earlier.task })
    // What the last server knew of it counts for more.
    if (state.tasks.status(task) !== Status.Untouched) continue
    state.tasks.touch(task, source, at, Status.Following, state.now)
    source.isTouchedAhead = true
    const outcome = state.results.get(earlier.task)?.outcome
    if (outcome !== undefined) {
      settle(state, task, source, outcome)
      continue
    }
    const others = state.followers.get(earlier.task) ?? []
    others.push({ source, index: at })
    state.followers.set(earlier.task, others)
  }
}

/** The result of a task that need not run is there. */
const answer = (state: DispatchState, source: Source, index: number, outcome: Outcome): void => {
  const task = source.first + index
  if (state.tasks.status(task) !== Status.Untouched) return
  state.tasks.touch(task, source, index, Status.Following, state.now)
  source.isTouchedAhead = true
  settle(state, task, source, outcome)
}

/** Its first task; of an entry that is empty or a job there is none to speak of. */
const firstOf = (source: Source | undefined): number => source === undefined || source.count === 0 ? -1 : source.first

/** Finds out what the source must wait for. */
const connect = (state: DispatchState, source: Source, sources: ReadonlyArray<Source>): void => {
  const { after = [], onDependencyFailure, refs = [] } = source.entry
  if (after.length === 0 && refs.length === 0) return
  const resolve = (dependency: Dependency): number =>
    isEntry(dependency) ? firstOf(sources[dependency.entry]) : dependency
  source.refs = [...new Set(refs.map(resolve))]
  const awaits: Array<number> = []
  const others = new Set(
    [...after, ...refs].map((dependency) => isEntry(dependency) ? sources[dependency.entry] : dependency)
  )
  for (const other of others) {
    if (other === undefined) continue
    // What is known of its result already, be it from before the server's restart.
    const task = typeof other === "number" ? other : firstOf(other)
    const kept = source.refs.includes(task) ? state.results.get(task) : undefined
    if (kept !== undefined) kept.holders++
    if (typeof other === "object") {
      other.dependents ??= new Set()
      other.dependents.add(source)
      source.blockers++
      continue
    }
    const status = state.statusOf(other)
    if (status === Status.Forgotten) continue
    if (status !== Status.Done) {
      awaits.push(other)
      continue
    }
    const hasSucceeded = state.tasks.page(other).hasSucceeded[state.tasks.at(other)] === 1
    if (!hasSucceeded && onDependencyFailure !== "run") source.failedDependency = other
  }
  source.awaits = awaits
  source.blockers += awaits.length
  for (const task of awaits) {
    const waiting = state.dependents.get(task)
    if (waiting === undefined) state.dependents.set(task, new Set([source]))
    else waiting.add(source)
  }
}

const begin = (state: DispatchState, source: Source): void => {
  const { deadline, startAt } = source.entry
  if (deadline !== undefined) state.timers.add(deadline, { _tag: "deadline", source })
  if (startAt !== undefined && startAt > state.now) {
    source.blockers++
    state.timers.add(startAt, { _tag: "start", source })
  }
  if (source.failedDependency !== undefined) return failDependent(state, source, source.failedDependency)
  releaseSource(state, source)
  if (source.entry.restored !== undefined && source.count > 0) finishLater(state, source)
}

/** Puts back what the last server knew; tasks that an executor may still run are held for it. */
const restore = (
  state: DispatchState,
  source: Source,
  { ended = [], tasks }: NonNullable<Entry["restored"]>
): void => {
  for (const range of ended) forgetEnded(state, source, range)
  for (const restored of tasks) {
    const { deaths, epoch, executorId, generation, index, isStarted, outcome, retries = 0, retryAt = -Infinity } =
      restored
    const task = source.first + index
    // It has never been given out: it waits with the others.
    if (outcome === undefined && executorId === undefined && epoch === 0) continue
    state.tasks.touch(task, source, index, Status.Queued, state.now)
    source.isTouchedAhead = true
    const page = state.tasks.page(task)
    const at = state.tasks.at(task)
    page.epoch[at] = epoch
    page.deaths[at] = deaths
    page.retries[at] = retries
    page.generation[at] = generation
    if (outcome !== undefined) remember(state, task, source, outcome)
    else if (executorId === undefined && retryAt > state.now) {
      page.status[at] = Status.Delayed
      state.timers.add(retryAt, { _tag: "retry", task, epoch })
    } else if (executorId === undefined) state.lanes.requeue(task, source.lane)
    else {
      if (isStarted === true) page.startedAt[at] = state.now
      hold(state, task, source, executorId)
    }
  }
}

/** They had ended before, and nobody will ask how: they are counted, and gone. */
const forgetEnded = (state: DispatchState, source: Source, { from, status, to }: EndedRange): void => {
  const { submission } = source
  const count = to - from
  source.ended += count
  source.live -= count
  if (status === "succeeded") submission.succeeded += count
  else if (status === "cancelled") submission.cancelled += count
  else submission.failed += count
  if (status !== "succeeded") source.failedTask ??= source.first + from
  // The first of them need no entry of their own: the cursor is past them.
  if (from === source.cursor) {
    source.cursor = to
    source.available = Math.max(source.available, to)
    state.tasks.forgetUntouched(source.first + from, count)
    return
  }
  source.isTouchedAhead = true
  for (let index = from; index < to; index++) {
    state.tasks.touch(source.first + index, source, index, Status.Done, state.now)
    state.tasks.forget(source.first + index)
  }
}

/** It had ended before, and somebody may still ask how: its submitter, or a task that follows it. */
const remember = (state: DispatchState, task: number, source: Source, outcome: Outcome): void => {
  const page = state.tasks.page(task)
  const at = state.tasks.at(task)
  page.status[at] = Status.Done
  page.hasSucceeded[at] = outcome._tag === "Succeeded" ? 1 : 0
  tally(source, task, outcome, 1)
  state.results.set(task, { outcome, holders: 0, isKept: source.entry.keep === true, isKeyed: true })
  forgetLater(state, task, source)
}
