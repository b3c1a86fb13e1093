/**
 * The shell of a dispatcher whose tasks are kept in a store: messages become
 * events, commands become messages, and nothing is acknowledged before it is
 * committed. Payloads and results that nobody needs now are in the store alone.
 *
 * @since 0.1.0
 */
import { type Cause, Deferred, Effect, Queue } from "effect"
import type { TaskStore } from "../../services/TaskStore.ts"
import type { Assignment, Commands, Notice, Transition } from "../../src/dispatch/Command.ts"
import { defaults, Dispatcher, type Options as DispatcherOptions } from "../../src/dispatch/Dispatcher.ts"
import type { Event, ExecutorSpec, LeaseRef } from "../../src/dispatch/Event.ts"
import type { Attempt, ExecutorCommand, ExecutorMessage } from "../../src/protocol/ExecutorPort.ts"
import type { SubmitterMessage } from "../../src/protocol/SubmitterPort.ts"
import type { TurnQueue } from "../../src/protocol/TurnQueue.ts"
import type { Committed } from "../../src/store/Stored.ts"
import { type ExecutorId } from "../../src/task/Attempt.ts"
import type { LogLine } from "../../src/task/LogLine.ts"
import { ConnectionLost } from "../../src/task/TaskError.ts"
import { TaskId } from "../../src/task/TaskId.ts"
import type { EventLoop, Machine, Told } from "./EventLoop.ts"
import type { Held } from "./Held.ts"
import { closedSpace, Intake } from "./Intake.ts"
import { Journal, patience } from "./Journal.ts"
import { Reading } from "./Reading.ts"
import { ResultCache } from "./ResultCache.ts"
import { type Request, Session, type Window } from "./Session.ts"
import { Submissions } from "./Submissions.ts"

/** How much a server keeps in memory, and for how long it waits. */
export interface Limits {
  /** What may be under way to a submitter that has not acknowledged it. */
  readonly window: Window
  /** Bytes of payloads in memory: what comes beyond is read from the store when it is needed. */
  readonly payloads: number
  /** Bytes of payloads in all where there is no other place for them. */
  readonly memory: number
}

/** What the defaults are. */
export const limits: Limits = {
  window: { bytes: 16 * 2 ** 20, endings: 65_536 },
  payloads: 256 * 2 ** 20,
  memory: 2 ** 30
}

/** An executor that is attached. */
export interface Attached {
  readonly spec: ExecutorSpec
  readonly commands: TurnQueue<ExecutorCommand>
  readonly joinedAt: number
  /** How many it has now, as far as it has said so. */
  slots: number
  isLeaving: boolean
}

/** What the shell is told. */
export type Message =
  | { readonly _tag: "Submitter"; readonly from: Session; readonly message: SubmitterMessage }
  | { readonly _tag: "Executor"; readonly from: ExecutorId; readonly message: ExecutorMessage }
  | { readonly _tag: "Committed"; readonly committed: Committed; readonly through: number }

type Run = (effect: Effect.Effect<void>) => void

/** The server's own memory. */
export class Shell implements Machine<Message> {
  readonly dispatcher: Dispatcher
  readonly store: TaskStore["Service"]
  readonly journal: Journal
  readonly sessions = new Map<string, Session>()
  readonly executors = new Map<ExecutorId, Attached>()
  readonly followers = new Set<Queue.Queue<Transition, Cause.Done>>()
  readonly submissions: Submissions
  /** Entries that have tasks which have not ended, as the dispatcher numbers them. */
  readonly held = new Map<number, Held>()
  /** Bytes of their payloads in memory. */
  heldBytes = 0
  readonly reading: Reading
  /** Who is told of the lines of tasks. */
  readonly lineFollowers = new Set<(lease: LeaseRef, line: LogLine) => void>()
  readonly cache: ResultCache
  readonly counts = { ended: 0, failed: 0 }
  /** The last transition that is committed. */
  committed: number
  /** Until then whoever was there before a restart may come back. */
  readonly settledAt: number
  readonly #loop: EventLoop<Message>
  readonly #intake: Intake
  readonly #limits: Limits
  #idleSince: number | undefined

  constructor(
    loop: EventLoop<Message>,
    store: TaskStore["Service"],
    settings: Partial<Omit<DispatcherOptions, "generation" | "past" | "sequence" | "commits">>,
    limits: Limits,
    run: Run
  ) {
    const { generation, nextSource, past, sequence } = store.recovered
    const commits = store.isDurable ? "awaited" : "immediate"
    this.dispatcher = new Dispatcher({ partition: 0, ...settings, generation, past, sequence, commits })
    this.store = store
    this.committed = sequence
    this.settledAt = generation === 1 ? 0 : loop.now() + (settings.leaseTime ?? defaults.leaseTime)
    this.#loop = loop
    this.#limits = limits
    this.cache = new ResultCache((value) => this.journal.value(value))
    this.submissions = new Submissions(loop.now, (value) => this.journal.value(value))
    this.journal = new Journal(
      store,
      // One that ends in no way that a store may is one that nobody knows of.
      (commit, done) => run(Effect.map(Effect.catchCause(commit, () => Effect.succeed<Committed>("unknown")), done)),
      (committed, through) => this.#hasCommitted(committed, through)
    )
    this.reading = new Reading(this, run)
    this.#intake = new Intake(this, limits, nextSource)
  }

  readonly idOf = (task: number): string => this.dispatcher.idOf(task).toString()

  /** A task that has not been forgotten. */
  positionOf(taskId: string): number | undefined {
    const id = TaskId.parse(taskId)
    return id && this.dispatcher.positionOf(id)
  }

  readonly turn = (messages: ReadonlyArray<Message | Told>, now: number): number | undefined => {
    const events: Array<Event> = []
    const back = new Set<ExecutorId>()
    for (const message of messages) {
      if (message._tag === "Executor") this.#comesBack(message.from, back, events)
      const event = this.#event(message, now)
      if (event !== undefined) events.push(event)
    }
    const commands = this.dispatcher.handle(events, now)
    this.#keep(commands, now)
    // Nothing waits for a store that does not outlive the server.
    if (!this.store.isDurable) this.committed = commands.persist.at(-1)?.sequence ?? this.committed
    this.#carryOut(commands)
    return this.#commit(commands.wake, now)
  }

  /** It was given up for its silence, and is still connected: it joins anew. */
  #comesBack(executorId: ExecutorId, back: Set<ExecutorId>, events: Array<Event>): void {
    if (this.dispatcher.has(executorId) || back.has(executorId)) return
    const attached = this.executors.get(executorId)
    if (attached === undefined || attached.isLeaving || !attached.spec.heartbeat) return
    back.add(executorId)
    events.push({ _tag: "joined", executor: { ...attached.spec, slots: attached.slots } })
  }

  readonly stopped = (reason: string): void => {
    for (const { leaving, notices } of this.sessions.values()) {
      notices?.close(new ConnectionLost({ reason }))
      if (leaving !== undefined) Deferred.doneUnsafe(leaving, Effect.void)
    }
    for (const follower of this.followers) Queue.endUnsafe(follower)
  }

  /** Commits what somebody waits for at once, and the rest in a while. */
  #commit(wake: number | undefined, now: number): number | undefined {
    const { journal } = this
    if (!this.store.isDurable || this.dispatcher.isWaiting) {
      this.#idleSince = undefined
      journal.flush()
      return wake
    }
    if (journal.isEmpty) {
      this.#idleSince = undefined
      return wake
    }
    this.#idleSince ??= now
    const due = this.#idleSince + patience
    if (now < due) return Math.min(due, wake ?? Infinity)
    this.#idleSince = undefined
    journal.flush()
    return wake
  }

  #hasCommitted(committed: Committed, through: number): void {
    if (committed === "committed") {
      if (!this.store.isDurable) return
      this.committed = through
      this.#loop.offer({ _tag: "Committed", committed, through })
      return
    }
    this.#loop.stop(
      committed === "refused"
        ? "another server has taken over its store"
        : "its store has failed: what was not acknowledged may or may not be there"
    )
  }

  #event(message: Message | Told, now: number): Event | undefined {
    switch (message._tag) {
      case "Event":
        return message.event
      case "Committed":
        return { _tag: "committed", through: message.through }
      case "Submitter":
        return this.#intake.fromSubmitter(message.from, message.message, now)
      case "Executor":
        return this.#intake.fromExecutor(message.from, message.message)
    }
  }

  /** Puts down what was decided. */
  #keep({ accept, persist }: Commands, now: number): void {
    for (const acceptance of accept) this.#intake.accepted(acceptance, now)
    this.journal.transitions(persist)
    for (const follower of this.followers) {
      if (Queue.offerAllUnsafe(follower, persist).length === 0) continue
      this.followers.delete(follower)
      Queue.endUnsafe(follower)
    }
  }

  #carryOut({ assign, load, notify, recall, revoke }: Commands): void {
    for (const { notice, submitter } of notify) this.#notify(submitter, notice)
    for (const { executorId, leases } of recall) this.command(executorId, { _tag: "Recall", leases })
    for (const { epoch, executorId, kill, reason, task } of revoke) {
      this.command(executorId, { _tag: "Revoke", task, epoch, reason, kill })
    }
    for (const { assignments, executorId } of assign) this.#assign(executorId, assignments)
    for (const { batch, count, from, source } of load) this.reading.load(source, batch, from, count)
    for (const { submitter } of notify) this.sessions.get(submitter)?.notices?.flush()
    for (const { executorId } of assign) this.executors.get(executorId)?.commands.flush()
  }

  #assign(executorId: ExecutorId, assignments: ReadonlyArray<Assignment>): void {
    const attempts: Array<Attempt> = []
    for (const assignment of assignments) {
      const attempt = this.attemptOf(assignment)
      if (attempt === undefined) this.reading.assign(executorId, assignment)
      else attempts.push(attempt)
    }
    if (attempts.length > 0) this.command(executorId, { _tag: "Assign", attempts })
  }

  /** The attempt, if its payload is here. */
  attemptOf(assignment: Assignment): Attempt | undefined {
    const { batch, index } = assignment
    const held = this.held.get(batch.source)
    if (held === undefined) return undefined
    const found = assignment.isResumed ? nothing : held.find(index)
    if (found === undefined) return undefined
    const { isFollowed, refFields } = held.stored
    const { blob, payload } = found
    return { assignment, payload, refFields, isFollowed, isLogged: true, ...(blob && { blob }) }
  }

  command(executorId: ExecutorId, command: ExecutorCommand): void {
    if (this.reading.intercept(executorId, command)) return
    this.executors.get(executorId)?.commands.offer(command)
  }

  /** What an executor would have said itself. */
  answer(from: ExecutorId, message: ExecutorMessage): void {
    this.#loop.offer({ _tag: "Executor", from, message })
  }

  /** The store cannot be read. */
  failed(message: string): void {
    this.#loop.stop(message)
  }

  tell(event: Event): void {
    this.#loop.tell(event)
  }

  #notify(submitter: string, notice: Notice): void {
    const session = this.sessions.get(submitter)
    if (notice._tag === "Ended") this.#ended(session, notice)
    else if (notice._tag === "Progress") this.#progress(session, notice)
    else if (session === undefined) return
    else if (notice._tag === "Accepted") this.#answered(session, notice)
    else {
      if (notice._tag === "Refused") this.#refused(session, notice.request)
      session.notices?.offer(notice)
    }
  }

  #answered(session: Session, notice: Extract<Notice, { readonly _tag: "Accepted" }>): void {
    const request = session.requests.get(notice.request)
    if (request !== undefined) {
      request.accepted = notice
      request.entries = []
      if (request.left === 0) session.finished(notice.request, request, this.committed)
    }
    session.notices?.offer(notice)
  }

  #refused(session: Session, number: number): void {
    const request = session.requests.get(number)
    session.requests.delete(number)
    if (request === undefined || this.dispatcher.submission(request.submission) !== undefined) return
    session.submissions.delete(request.submission)
    this.submissions.refused(request.submission)
  }

  #ended(session: Session | undefined, { endings }: Extract<Notice, { readonly _tag: "Ended" }>): void {
    const sequence = this.committed
    for (const { count, epoch, index, outcome, request, source = -1 } of endings) {
      // What was run, and not found in the cache.
      if (epoch > 0 && outcome._tag === "Succeeded") {
        this.cache.keep(this.held.get(source), index, outcome, this.#loop.now())
      }
      this.counts.ended += count
      if (outcome._tag !== "Succeeded") this.counts.failed += count
      this.#release(source, index, count)
      const left = session?.requests.get(request)
      if (left !== undefined && (left.left -= count) <= 0) session?.finished(request, left, sequence)
    }
    if (session === undefined) return
    if (session.isLive && session.hasRoom) return session.tell(endings, sequence)
    session.isLive = false
    session.hasMissed = true
    this.reading.go(session)
  }

  #release(source: number, index: number, count: number): void {
    const held = this.held.get(source)
    if (held === undefined) return
    this.heldBytes -= held.size
    held.ended(index, count)
    this.heldBytes += held.size
    if (held.left > 0) return
    this.heldBytes -= held.size
    this.held.delete(source)
    this.journal.ended(held.stored.source)
  }

  /** A piece of a window has been read. */
  loaded(held: Held, load: () => void): void {
    this.heldBytes -= held.size
    load()
    this.heldBytes += held.size
  }

  /** Also of what was left to go on without its submitter. */
  #progress(session: Session | undefined, notice: Extract<Notice, { readonly _tag: "Progress" }>): void {
    const { counts, isEnded, submission } = notice
    const isWatched = this.submissions.progressed(submission, counts, isEnded)
    if (isEnded) this.journal.value({ space: closedSpace, key: submission, value: undefined })
    if (session === undefined) return
    if (isWatched) session.notices?.offer({ ...notice, submission: session.aliases.get(submission) ?? submission })
    if (!isEnded) return
    session.submissions.delete(submission)
    session.aliases.delete(submission)
    this.leave(session)
  }

  /** One that is leaving is gone once all has ended that was to end with it. */
  leave(session: Session): void {
    if (session.leaving === undefined || [...session.submissions.values()].some(({ isDetached }) => !isDetached)) return
    if (this.sessions.get(session.submitter) === session) {
      this.sessions.delete(session.submitter)
      this.journal.departed(session.submitter)
    }
    Deferred.doneUnsafe(session.leaving, Effect.void)
  }

  /** A submitter that is new here, or was there before. */
  sessionOf(submitter: string, acknowledged: number): Session {
    const known = this.sessions.get(submitter)
    if (known !== undefined) return known
    const session = new Session(submitter, acknowledged, this.#limits.window)
    this.sessions.set(submitter, session)
    return session
  }

  /** The payloads of an entry that has tasks which have not ended. */
  hold(source: number, held: Held): void {
    this.held.set(source, held)
    this.heldBytes += held.size
  }
}

const nothing = { payload: new Uint8Array(), blob: undefined }

/** Makes what a request was into what is remembered of one that was answered. */
export const answered = (
  request: number,
  submission: string,
  left: number,
  first: ReadonlyArray<number>
): Request => ({
  entries: [],
  submission,
  isOpen: true,
  left,
  accepted: { _tag: "Accepted", request, first, known: [] },
  isRestored: true
})
