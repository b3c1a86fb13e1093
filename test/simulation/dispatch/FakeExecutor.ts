import type { Assignment, Commands } from "../../../src/dispatch/Command.ts"
import type { Event, ExecutorSpec, LeaseRef, Report } from "../../../src/dispatch/Event.ts"
import type { Outcome } from "../../../src/task/Outcome.ts"
import type { Seed } from "../../dispatch/Seed.ts"

interface Attempt {
  readonly assignment: Assignment
  generation: number
  isTold: boolean
  isRevoked: boolean
}

type Message =
  | { readonly _tag: "Assign"; readonly assignment: Assignment; readonly generation: number }
  | { readonly _tag: "Recall"; readonly leases: ReadonlyArray<LeaseRef> }
  | {
    readonly _tag: "Revoke"
    readonly task: number
    readonly epoch: number
    readonly generation: number
    readonly kill: boolean
  }

/** How an executor may treat what it is given; parts in a hundred. */
export interface Manners {
  /** It says when it starts something. */
  readonly tells: number
  /** What it runs fails for good, is to be tried again, crashes, or takes its thread with it. */
  readonly fails: number
  readonly retries: number
  readonly crashes: number
  readonly dies: number
  /** It stops when it is asked to, and when it is killed. */
  readonly yields: number
  readonly buries: number
}

/** Runs attempts on no clock at all: what it does when is up to a seed. */
export class FakeExecutor {
  readonly spec: ExecutorSpec
  readonly id: ExecutorSpec["executorId"]
  slots: number
  /** Messages reach it and its own arrive; it tells that it lives. */
  isConnected = true
  isSilent = false
  heardAt = 0
  readonly #inbox: Array<Message> = []
  #outbox: Array<Event> = []
  #waiting: Array<Attempt> = []
  readonly #running = new Map<number, Attempt>()
  readonly #starts: Map<string, number>

  constructor(spec: ExecutorSpec, starts: Map<string, number>) {
    this.spec = spec
    this.id = spec.executorId
    this.slots = spec.slots
    this.#starts = starts
  }

  get isBusy(): boolean {
    return this.#inbox.length + this.#outbox.length + this.#waiting.length + this.#running.size > 0
  }

  receive({ assign, recall, revoke }: Commands, generation: number): void {
    if (!this.isConnected) return
    for (const { assignments, executorId } of assign) {
      if (executorId !== this.id) continue
      for (const assignment of assignments) this.#inbox.push({ _tag: "Assign", assignment, generation })
    }
    for (const { executorId, leases } of recall) {
      if (executorId === this.id) this.#inbox.push({ _tag: "Recall", leases })
    }
    for (const { epoch, executorId, generation: old = generation, kill, task } of revoke) {
      if (executorId === this.id) this.#inbox.push({ _tag: "Revoke", task, epoch, generation: old, kill })
    }
  }

  /** Reads, starts and ends some of what there is. */
  work(seed: Seed, manners: Manners): void {
    for (let left = seed.below(6); left > 0; left--) {
      const message = this.#inbox.shift()
      if (message !== undefined) this.#read(message, seed, manners)
    }
    const started: Array<LeaseRef> = []
    while (this.#running.size < this.slots && this.#waiting.length > 0 && seed.chance(0.8)) {
      const attempt = this.#waiting.shift()
      if (attempt === undefined) break
      this.#start(attempt)
      attempt.isTold = seed.below(100) < manners.tells
      if (attempt.isTold) started.push(this.#leaseOf(attempt))
    }
    if (started.length > 0) this.#outbox.push({ _tag: "started", executorId: this.id, leases: started })
    const reports: Array<Report> = []
    for (const attempt of this.#running.values()) if (seed.chance(0.3)) reports.push(this.#end(attempt, seed, manners))
    if (reports.length > 0) this.#outbox.push({ _tag: "ended", executorId: this.id, reports })
  }

  /** The next of its messages to arrive; at times one arrives twice. */
  send(seed: Seed): Event | undefined {
    if (!this.isConnected) return undefined
    return seed.chance(0.05) ? this.#outbox[0] : this.#outbox.shift()
  }

  /** Runs all that it holds to a good end, at once. */
  finish(): ReadonlyArray<Event> {
    for (let message = this.#inbox.shift(); message !== undefined; message = this.#inbox.shift()) this.#read(message)
    for (const attempt of this.#waiting.splice(0)) {
      if (this.#running.size < this.slots) this.#start(attempt)
      else this.#waiting.push(attempt)
    }
    const reports = [...this.#running.values()].map((attempt) => this.#report(attempt, good(attempt)))
    this.#running.clear()
    if (reports.length > 0) this.#outbox.push({ _tag: "ended", executorId: this.id, reports })
    const events = this.#outbox
    this.#outbox = []
    return events
  }

  /** The connection breaks: what was under way is lost. */
  disconnect(): void {
    this.isConnected = false
    this.#inbox.length = 0
    this.#outbox = []
  }

  /** All that it holds, as it says when it is back. */
  get leases(): ReadonlyArray<LeaseRef> {
    return [...this.#waiting, ...this.#running.values()].map((attempt) => this.#leaseOf(attempt))
  }

  /** Gives back what it has not started, and says how the rest went. */
  leave(seed: Seed, manners: Manners): ReadonlyArray<Event> {
    const leases = this.#waiting.splice(0).map((attempt) => this.#leaseOf(attempt))
    const reports = [...this.#running.values()].map((attempt) => this.#end(attempt, seed, manners))
    const { id: executorId } = this
    return [
      ...this.#outbox.splice(0),
      ...(leases.length > 0 ? [{ _tag: "recalled", executorId, leases } as const] : []),
      ...(reports.length > 0 ? [{ _tag: "ended", executorId, reports } as const] : [])
    ]
  }

  #leaseOf({ assignment: { epoch, task }, generation }: Attempt): LeaseRef {
    return { task, epoch, generation }
  }

  #start(attempt: Attempt): void {
    const { batch: { spec }, epoch, task } = attempt.assignment
    this.#running.set(task, attempt)
    const key = `${task} of ${spec.delivery}`
    this.#starts.set(key, Math.max(this.#starts.get(key) ?? 0, 0) + 1)
    if (epoch < 1) throw new Error("an attempt without a number")
  }

  #read(message: Message, seed?: Seed, manners?: Manners): void {
    if (message._tag === "Assign") return this.#accept(message.assignment, message.generation)
    if (message._tag === "Recall") {
      const isMeant = ({ assignment: { epoch, task } }: Attempt) =>
        message.leases.some((lease) => lease.task === task && lease.epoch === epoch)
      const leases = this.#waiting.filter(isMeant).map((attempt) => this.#leaseOf(attempt))
      this.#waiting = this.#waiting.filter((attempt) => !isMeant(attempt))
      if (leases.length > 0) this.#outbox.push({ _tag: "recalled", executorId: this.id, leases })
      return
    }
    this.#revoke(message, seed, manners)
  }

  #accept(assignment: Assignment, generation: number): void {
    const known = [...this.#waiting, ...this.#running.values()].find((attempt) =>
      attempt.assignment.task === assignment.task
    )
    if (!assignment.isResumed) this.#waiting.push({ assignment, generation, isTold: false, isRevoked: false })
    else if (known !== undefined) known.generation = generation
  }

  #revoke(message: Extract<Message, { readonly _tag: "Revoke" }>, seed?: Seed, manners?: Manners): void {
    const { epoch, kill, task } = message
    const isMeant = ({ assignment, generation }: Attempt) =>
      assignment.task === task && assignment.epoch === epoch && generation === message.generation
    const waiting = this.#waiting.find(isMeant)
    const attempt = waiting ?? this.#running.get(task)
    if (attempt === undefined || !isMeant(attempt)) return
    const chance = kill ? manners?.buries : manners?.yields
    if (waiting === undefined && seed !== undefined && chance !== undefined && seed.below(100) >= chance) return
    this.#waiting = this.#waiting.filter((other) => other !== attempt)
    if (waiting === undefined) this.#running.delete(task)
    const outcome: Outcome = { _tag: "Interrupted", by: "the server", cleanly: !kill }
    this.#outbox.push({ _tag: "ended", executorId: this.id, reports: [this.#report(attempt, outcome)] })
  }

  #report(attempt: Attempt, outcome: Outcome): Report {
    const { epoch, task } = attempt.assignment
    return { ...this.#leaseOf(attempt), outcome, hash: task * 1_000 + epoch }
  }

  #end(attempt: Attempt, seed: Seed, { crashes, dies, fails, retries }: Manners): Report {
    const { epoch, task } = attempt.assignment
    this.#running.delete(task)
    const startedAt = seed.maybe(0.5, () => seed.below(1_000))
    const report = (outcome: Outcome, more: Partial<Report> = {}): Report => ({
      ...this.#report(attempt, outcome),
      ...(startedAt !== undefined && { startedAt }),
      ...more
    })
    let luck = seed.below(100)
    if ((luck -= fails) < 0) return report({ _tag: "Failed", error: bytes(task, epoch) })
    if ((luck -= retries) < 0) {
      return report({ _tag: "Failed", error: bytes(task, epoch) }, { retryAfter: seed.below(100) })
    }
    if ((luck -= crashes) < 0) return report({ _tag: "Crashed", defect: { name: "Error", message: `${task}` } })
    if ((luck -= dies) >= 0) return report(good(attempt))
    const outcome: Outcome = { _tag: "Lost", executors: [{ executorId: this.id, reason: "its thread was killed" }] }
    return report(outcome, { isDeath: seed.chance(0.7) })
  }
}

const bytes = (task: number, epoch: number) => ({ encoding: "raw", bytes: Uint8Array.of(task, epoch) } as const)

const good = ({ assignment: { epoch, task } }: Attempt): Outcome => ({ _tag: "Succeeded", value: bytes(task, epoch) })
