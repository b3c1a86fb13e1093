/**
 * A server in this process that keeps its tasks in memory: the shell of the
 * dispatcher. Messages become events, commands become messages; every decision
 * is the dispatcher's.
 *
 * @since 0.1.0
 */
import { type Cause, Clock, Deferred, Effect, Layer, Queue, Random, Stream } from "effect"
import { Server, type SubmitterPort } from "../services/Server.ts"
import type { Assignment, Batch, Commands, Ending, Notice, Transition } from "../src/dispatch/Command.ts"
import { Dispatcher, type Options as DispatcherOptions } from "../src/dispatch/Dispatcher.ts"
import type { Event } from "../src/dispatch/Event.ts"
import type { Attempt, ExecutorCommand, ExecutorMessage } from "../src/protocol/ExecutorPort.ts"
import type { Submitted, SubmitterMessage, SubmitterNotice } from "../src/protocol/SubmitterPort.ts"
import { TurnQueue } from "../src/protocol/TurnQueue.ts"
import { ExecutorId } from "../src/task/Attempt.ts"
import { ConnectionLost } from "../src/task/TaskError.ts"
import { attaching, type Joined } from "./server/Attaching.ts"
import * as EventLoop from "./server/EventLoop.ts"
import { arrived, fromExecutor, payloadAt } from "./server/Messages.ts"

/** What the dispatcher is told of this server; the defaults suit one process. */
export type Options = Partial<Omit<DispatcherOptions, "commits" | "past" | "sequence">>

/** What one request handed over, until all of it has ended. */
interface Request {
  readonly entries: ReadonlyArray<Submitted>
  left: number
}

interface SubmitterState {
  readonly submitter: string
  readonly notices: TurnQueue<SubmitterNotice, ConnectionLost>
  /** By the submitter's own numbers, which are small and used again. */
  readonly requests: Array<Request | undefined>
  /** How many of them there are. */
  open: number
  /** Done, once it is leaving, when the last of its tasks has ended. */
  leaving: Deferred.Deferred<void> | undefined
}

type Message =
  | { readonly _tag: "Submitter"; readonly from: SubmitterState; readonly message: SubmitterMessage }
  | { readonly _tag: "Executor"; readonly from: ExecutorId; readonly message: ExecutorMessage }
  | EventLoop.Told

/** The shell's own memory: who is connected, and the bytes that the dispatcher never sees. */
class Shell {
  readonly dispatcher: Dispatcher
  readonly submitters = new Map<string, SubmitterState>()
  readonly executors = new Map<ExecutorId, Joined>()
  readonly followers = new Set<Queue.Queue<Transition, Cause.Done>>()
  readonly idOf: (task: number) => string
  isStopped = false

  constructor({ generation = 1, partition = 0, ...settings }: Options) {
    this.dispatcher = new Dispatcher({ partition, generation, commits: "immediate", ...settings })
    const prefix = `${partition}.${generation}.`
    this.idOf = (task) => prefix + task
  }

  /** What the dispatcher is told of a message, if anything. */
  event(message: Message, now: number): Event | undefined {
    if (message._tag === "Event") return message.event
    return message._tag === "Submitter"
      ? this.#fromSubmitter(message.from, message.message, now)
      : this.#fromExecutor(message.from, message.message)
  }

  #fromSubmitter(from: SubmitterState, message: SubmitterMessage, now: number): Event | undefined {
    const { submitter } = from
    // It has left: what it says now would be done for nobody.
    if (this.submitters.get(submitter) !== from) return undefined
    switch (message._tag) {
      case "submit": {
        const { entries, isOpen, isWatched, request, submission, whenUnmet } = message
        const left = entries.reduce((count, { entry }) => count + entry.count, 0)
        from.requests[request] = { entries, left }
        from.open++
        const at = entries.map((entry) => arrived(entry, now))
        return { _tag: "submitted", submitter, request, submission, whenUnmet, isOpen, isWatched, entries: at }
      }
      case "close":
        return { _tag: "closed", submission: message.submission }
      case "fetched":
        return { ...message, from: submitter }
      case "cancel":
        return { _tag: "cancelled", target: message.target, by: message.by, from: submitter }
    }
  }

  #fromExecutor(executorId: ExecutorId, message: ExecutorMessage): Event | undefined {
    if (message._tag === "progress" || message._tag === "log") return this.#forward(executorId, message)
    if (message._tag !== "logs") return fromExecutor(executorId, message)
    for (const entry of message.entries) this.#forward(executorId, { _tag: "log", ...entry })
    return undefined
  }

  /** To whoever follows the task, unless the attempt is void by now. */
  #forward(
    executorId: ExecutorId,
    message: Extract<ExecutorMessage, { readonly _tag: "progress" | "log" }>
  ): undefined {
    const origin = this.dispatcher.origin(executorId, message.lease)
    const to = origin && this.submitters.get(origin.batch.submitter)
    if (origin === undefined || to === undefined) return
    const { batch: { entry, request }, index } = origin
    const about = { request, entry, index }
    const notice: SubmitterNotice = message._tag === "log"
      ? { _tag: "TaskLog", ...about, line: message.line }
      : { _tag: "TaskProgress", ...about, value: message.value }
    to.notices.offer(notice)
  }

  carryOut({ assign, notify, persist, recall, revoke }: Commands): void {
    for (const follower of this.followers) {
      if (Queue.offerAllUnsafe(follower, persist).length === 0) continue
      this.followers.delete(follower)
      Queue.endUnsafe(follower)
    }
    for (const { notice, submitter } of notify) this.#notify(submitter, notice)
    for (const { executorId, leases } of recall) this.#command(executorId, { _tag: "Recall", leases })
    for (const { epoch, executorId, kill, reason, task } of revoke) {
      this.#command(executorId, { _tag: "Revoke", task, epoch, reason, kill })
    }
    for (const { assignments, executorId } of assign) {
      this.#command(executorId, { _tag: "Assign", attempts: this.#attempts(assignments) })
    }
    // Wakes them here and now, where the scheduler would take a turn for each.
    for (const { submitter } of notify) this.submitters.get(submitter)?.notices.flush()
    for (const { executorId } of assign) this.executors.get(executorId)?.commands.flush()
  }

  /** Nothing will be decided any more: whoever waits hears of it. */
  stop(reason: string): void {
    this.isStopped = true
    for (const { leaving, notices } of this.submitters.values()) {
      notices.close(new ConnectionLost({ reason }))
      if (leaving !== undefined) Deferred.doneUnsafe(leaving, Effect.void)
    }
    for (const follower of this.followers) Queue.endUnsafe(follower)
  }

  #attempts(assignments: ReadonlyArray<Assignment>): ReadonlyArray<Attempt> {
    let last: Batch | undefined
    let submitted: Submitted | undefined
    return assignments.map((assignment) => {
      const { batch, index } = assignment
      if (batch !== last) {
        submitted = this.submitters.get(batch.submitter)?.requests[batch.request]?.entries[batch.entry]
        last = batch
      }
      if (submitted === undefined) throw new Error(`Task ${this.idOf(assignment.task)} was assigned after it had ended`)
      const { blobs, isFollowed, payloads, refFields } = submitted
      const blob = blobs?.find(([at]) => at === index)?.[1]
      return { assignment, payload: payloadAt(payloads, index), refFields, isFollowed, ...(blob && { blob }) }
    })
  }

  #command(executorId: ExecutorId, command: ExecutorCommand): void {
    const executor = this.executors.get(executorId)
    executor?.commands.offer(command)
  }

  #notify(submitter: string, notice: Notice): void {
    const state = this.submitters.get(submitter)
    if (state === undefined) return
    if (notice._tag === "Ended") this.#settle(state, notice.endings)
    else if (notice._tag === "Refused") this.#forget(state, notice.request)
    else if (notice._tag === "Accepted" && state.requests[notice.request]?.left === 0) {
      this.#forget(state, notice.request)
    }
    state.notices.offer(notice)
    if (state.leaving !== undefined && state.open === 0) Deferred.doneUnsafe(state.leaving, Effect.void)
  }

  #forget(state: SubmitterState, request: number): void {
    if (state.requests[request] === undefined) return
    state.requests[request] = undefined
    state.open--
  }

  #settle(state: SubmitterState, endings: ReadonlyArray<Ending>): void {
    let current = -1
    let request: Request | undefined
    for (const ending of endings) {
      if (ending.request !== current) request = state.requests[current = ending.request]
      if (request === undefined) continue
      request.left -= ending.count
      if (request.left <= 0) this.#forget(state, current)
    }
  }
}

const make = Effect.fnUntraced(function*(options: Options) {
  const clock = yield* Clock.Clock
  const shell = new Shell(options)
  const turn = (messages: ReadonlyArray<Message>, now: number) => {
    const events: Array<Event> = []
    for (const message of messages) {
      const event = shell.event(message, now)
      if (event !== undefined) events.push(event)
    }
    const commands = shell.dispatcher.handle(events, now)
    shell.carryOut(commands)
    return commands.wake
  }
  const loop = yield* EventLoop.make<Message>(() => ({ turn, stopped: (reason) => shell.stop(reason) }), "monotonic")
  const { ask, later, now } = loop

  const connect = Effect.fnUntraced(function*(submitter: string) {
    const state: SubmitterState = {
      submitter,
      notices: new TurnQueue<SubmitterNotice, ConnectionLost>(later),
      requests: [],
      open: 0,
      leaving: undefined
    }
    shell.submitters.set(submitter, state)
    const leave = Effect.gen(function*() {
      state.leaving = yield* Deferred.make<void>()
      yield* ask({ _tag: "cancelled", target: { submitter }, by: `the end of ${submitter}` })
      if (state.open > 0 && !shell.isStopped) yield* Deferred.await(state.leaving)
      shell.submitters.delete(submitter)
      state.notices.read(undefined)
    })
    yield* Effect.addFinalizer(() => leave)
    const port: SubmitterPort = {
      send: (message) => loop.offer({ _tag: "Submitter", from: state, message }),
      flush: () => loop.flush(),
      notices: state.notices,
      idOf: shell.idOf,
      positionOf: (taskId) => positionOf(shell, taskId),
      isKnown: false
    }
    return port
  })

  const attach = attaching(loop, shell.executors, shell.idOf, (_, commands) => ({ commands, isLeaving: false }))

  const records = (capacity = 65_536) =>
    Stream.unwrap(Effect.gen(function*() {
      const queue = yield* Queue.dropping<Transition, Cause.Done>(capacity)
      shell.followers.add(queue)
      yield* Effect.addFinalizer(() => Effect.sync(() => shell.followers.delete(queue)))
      return Stream.fromQueue(queue)
    }))

  return Server.of({
    info: {
      partition: options.partition ?? 0,
      generation: options.generation ?? 1,
      incarnation: yield* Random.nextInt.pipe(Effect.map((number) => (number >>> 0).toString(16))),
      past: [],
      isDurable: false,
      wallOffset: clock.currentTimeMillisUnsafe() - now()
    },
    connect,
    attach,
    records,
    drain: (executorId) =>
      ask(executorId === undefined ? { _tag: "drain" } : { _tag: "drain", executorId: ExecutorId.make(executorId) }),
    status: Effect.sync(() => {
      const { refused, repeated, submissions } = shell.dispatcher.statistics
      return { executors: shell.dispatcher.executors, submissions, refused, repeated }
    }),
    explain: (taskId) => Effect.sync(() => shell.dispatcher.explain(positionOf(shell, taskId) ?? -1))
  })
})

const positionOf = ({ dispatcher, idOf }: Shell, taskId: string): number | undefined => {
  const task = Number(taskId.slice(taskId.lastIndexOf(".") + 1))
  return Number.isSafeInteger(task) && idOf(task) === taskId && dispatcher.explain(task)._tag !== "Unknown"
    ? task
    : undefined
}

/** Keeps nothing: when it ends, whatever has not been fetched is gone. */
export const layer = (options: Options = {}): Layer.Layer<Server> => Layer.effect(Server, make(options))
