/**
 * A worker thread's end of its line to the program: commands come in, reports
 * go out together. While the thread has nothing at all to do it stops until the
 * doorbell rings, which wakes it sooner than its event loop would.
 *
 * @since 0.1.0
 */
import { performance } from "node:perf_hooks"
import process from "node:process"
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads"
import type { ExecutorPort, SubmitterPort } from "../../services/Server.ts"
import type { Report } from "../../src/dispatch/Event.ts"
import { AttemptReader } from "../../src/protocol/AttemptFrame.ts"
import type { Claims } from "../../src/protocol/Claims.ts"
import { arrived, compact } from "../../src/protocol/CrossingOutcome.ts"
import type { Attempt, ExecutorCommand, ExecutorMessage } from "../../src/protocol/ExecutorPort.ts"
import { write } from "../../src/protocol/ReportFrame.ts"
import type { SubmitterMessage, SubmitterNotice } from "../../src/protocol/SubmitterPort.ts"
import { TurnQueue } from "../../src/protocol/TurnQueue.ts"
import type { ConnectionLost } from "../../src/task/TaskError.ts"
import type { FromThread, Opening, ToThread } from "./Messages.ts"

/** How long the thread stops at a time, and how long after the last attempt it goes on doing so; milliseconds. */
const stop = 1
const patience = 20

/** What the thread does with what is not for its executor or its submitter. */
export interface Listener {
  readonly opened: (opening: Opening) => void
  readonly closed: () => void
}

/** The line. */
export class ThreadPort {
  readonly #port: MessagePort
  readonly #claims: Claims
  readonly #listener: Listener
  readonly #commands: TurnQueue<ExecutorCommand>
  readonly #notices: TurnQueue<SubmitterNotice, ConnectionLost>
  readonly #attempts = new AttemptReader()
  #taskPrefix = ""
  #takesOutput = false
  #started: Array<number> = []
  #discarded: Array<number> = []
  #ended: Array<Report> = []
  #submits: Array<SubmitterMessage> = []
  /** Claims of which nothing has been said that ends them. */
  #held = 0
  #isPosting = false
  #isAttending = false
  #workedAt = 0
  #resources = 0
  /** Milliseconds that the executor was busy. */
  busy: () => number = () => 0

  constructor(port: MessagePort, claims: Claims, later: (run: () => void) => void, listener: Listener) {
    this.#port = port
    this.#claims = claims
    this.#listener = listener
    this.#commands = new TurnQueue<ExecutorCommand>(later)
    this.#notices = new TurnQueue<SubmitterNotice, ConnectionLost>(later)
    port.on("message", (message: ToThread) => {
      this.#hear(message)
      this.#attend()
    })
  }

  /** What an executor talks to. In here attempts go by their claims. */
  get executor(): ExecutorPort {
    return {
      commands: this.#commands,
      send: (message) => this.#send(message),
      idOf: (claim) => `${this.#taskPrefix}${this.#attempts.positions[claim]}`,
      takesOutput: this.#takesOutput
    }
  }

  /** What the submitter of its handlers talks to. */
  get submitter(): SubmitterPort {
    return {
      notices: this.#notices,
      send: (message) => {
        this.#submits.push(message)
        this.#postSoon()
      },
      flush: () => this.#post(),
      idOf: (task) => `${this.#taskPrefix}${task}`,
      // The server says whether it still knows it.
      positionOf: (taskId) => {
        const task = Number(taskId.slice(this.#taskPrefix.length))
        return taskId.startsWith(this.#taskPrefix) && Number.isSafeInteger(task) ? task : undefined
      }
    }
  }

  readonly claim = ({ assignment: { task: claim } }: Attempt): boolean => {
    if (this.#claims.claim(claim)) return true
    this.#discarded.push(claim)
    this.#held--
    this.#postSoon()
    return false
  }

  tell(message: FromThread): void {
    this.#port.postMessage(message, [])
  }

  /** From now on nothing more is open than what the module has opened. */
  settle(): void {
    this.#resources = process.getActiveResourcesInfo().length
  }

  #hear(message: ToThread): void {
    switch (message._tag) {
      case "Assign": {
        const attempts = this.#attempts.read(message.frame)
        this.#held += attempts.length
        this.#commands.offer({ _tag: "Assign", attempts })
        this.#commands.flush()
        return this.#post()
      }
      case "Revoke": {
        const { claim, epoch, reason } = message
        return this.#commands.offer({ _tag: "Revoke", task: claim, epoch, reason, kill: false })
      }
      case "Notices":
        for (const notice of message.notices) this.#notices.offer(crossed(notice))
        return this.#notices.flush()
      case "Open":
        this.#taskPrefix = message.taskPrefix
        this.#takesOutput = message.takesOutput
        return this.#listener.opened(message)
      case "Close":
        return this.#listener.closed()
    }
  }

  #send(message: ExecutorMessage): void {
    switch (message._tag) {
      case "started":
        for (const { task } of message.leases) this.#started.push(task)
        return this.#postSoon()
      case "ended":
        for (const report of message.reports) this.#ended.push(report)
        this.#held -= message.reports.length
        return this.#postSoon()
      case "beat":
      case "log":
      case "logs":
      case "output":
        return this.tell({ _tag: "Says", message })
      case "progress":
        return this.tell({ _tag: "Says", message: { ...message, value: compact(message.value) } })
      // What is taken back is seen by its claim, and nothing is resumed in here.
      case "recalled":
      case "adopted":
    }
  }

  #postSoon(): void {
    if (this.#isPosting) return
    this.#isPosting = true
    queueMicrotask(this.#post)
  }

  readonly #post = (): void => {
    this.#isPosting = false
    if (this.#submits.length > 0) {
      const messages = this.#submits
      this.#submits = []
      this.tell({ _tag: "Submits", messages })
    }
    if (this.#started.length === 0 && this.#discarded.length === 0 && this.#ended.length === 0) return
    const { frame, transfer } = write({ started: this.#started, discarded: this.#discarded, ended: this.#ended })
    this.#started = []
    this.#discarded = []
    this.#ended = []
    this.#claims.tell(this.busy(), performance.now() + performance.timeOrigin)
    this.#port.postMessage({ _tag: "Reports", frame } satisfies FromThread, [...transfer])
    this.#attend()
  }

  /** Looks, once this turn of the event loop is over, whether there is nothing to do. */
  #attend(): void {
    this.#workedAt = performance.now()
    if (this.#isAttending || this.#held > 0) return
    this.#isAttending = true
    setImmediate(this.#attended)
  }

  // The event loop has its turn after each stop: whatever else the thread may be at waits no longer than that.
  readonly #attended = (): void => {
    this.#isAttending = false
    const now = performance.now()
    if (this.#held > 0 || now - this.#workedAt > patience) return
    if (process.getActiveResourcesInfo().length > this.#resources) return
    const until = now + stop
    do {
      const rings = this.#claims.rings
      let received = receiveMessageOnPort(this.#port)
      if (received === undefined && this.#claims.wait(rings, stop)) received = receiveMessageOnPort(this.#port)
      if (received === undefined) break
      this.#hear(received.message as ToThread)
      // What does not end at once needs the event loop.
    } while (this.#held === 0 && performance.now() < until)
    if (this.#held > 0 || this.#isAttending) return
    this.#isAttending = true
    setImmediate(this.#attended)
  }
}

const crossed = (notice: SubmitterNotice): SubmitterNotice =>
  notice._tag === "Ended"
    ? { ...notice, endings: notice.endings.map((ending) => ({ ...ending, outcome: arrived(ending.outcome) })) }
    : notice
