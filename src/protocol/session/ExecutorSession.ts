/**
 * An executor's end of its session with a server elsewhere: it knows what the
 * executor holds, and tells that to a server that was started anew. It knows
 * neither time nor sockets.
 *
 * @since 0.1.0
 */
import type { LeaseRef, Report } from "../../dispatch/Event.ts"
import type { ExecutorCommand, ExecutorMessage } from "../ExecutorPort.ts"
import { type ExecutorDown, type ExecutorUp, splitMessage, upSizeOf } from "./ExecutorWords.ts"
import { Link } from "./Link.ts"
import { outcomeSize } from "./SubmitterWords.ts"
import { VoidLeases } from "./VoidLeases.ts"

interface Held {
  readonly epoch: number
  readonly generation: number
}

/** What came of what came in. */
export interface Commanded {
  readonly commands: ReadonlyArray<ExecutorCommand>
  /** The server has taken note that it left. */
  readonly hasLeft?: boolean
}

/** So many of the last reports are said again to a server that was started anew: it may not have kept them. */
const remembered = 1_024
/** None that is larger: it is made again, if it comes to that. */
const memorable = 4_096

/** One executor. */
export class ExecutorSession {
  link = new Link<ExecutorUp, ExecutorDown>()
  #generation: number
  /** How many attempts the executor runs at a time, where that is known. */
  #slots: number | undefined
  readonly #held = new Map<number, Held>()
  #reports: Array<Report> = []
  readonly #void = new VoidLeases()
  #leaving: Extract<ExecutorUp, { readonly _tag: "leave" }> | undefined

  /** Of the server that it begins with. */
  constructor(generation: number, slots?: number) {
    this.#generation = generation
    this.#slots = slots
  }

  /** What it holds, with the generation that it is from. */
  get held(): ReadonlyArray<LeaseRef> {
    return [...this.#held].map(([task, { epoch, generation }]) => ({ task, epoch, generation }))
  }

  /** Tells the server; gives what the executor is to be told in turn, which is nearly never anything. */
  send(message: ExecutorMessage): ReadonlyArray<ExecutorCommand> {
    if (this.#void.isEmpty) {
      this.#send(message)
      return []
    }
    const { commands, messages } = this.#void.say(message)
    for (const message of messages) this.#send(message)
    return commands
  }

  #send(message: ExecutorMessage): void {
    switch (message._tag) {
      case "ended":
        return this.#ended(message.reports)
      case "recalled": {
        const leases = message.leases.map((lease) => this.#dated(lease))
        for (const lease of leases) this.#drop(lease)
        return this.#say({ _tag: "recalled", leases })
      }
      case "started":
        return this.#say({ _tag: "started", leases: message.leases.map((lease) => this.#dated(lease)) })
      case "progress":
      case "log":
        return this.#say({ ...message, lease: this.#dated(message.lease) })
      case "logs": {
        const entries = message.entries.map(({ lease, line }) => ({ lease: this.#dated(lease), line }))
        for (const word of splitMessage({ _tag: "logs", entries })) this.#say(word)
        return
      }
      case "beat":
        this.#slots = message.slots ?? this.#slots
        return this.#say(message)
      case "output":
      case "adopted":
        return this.#say(message)
    }
  }

  /** It goes; with a reason if it has died. */
  leave(reason: string | undefined): void {
    this.#leaving = { _tag: "leave", ...(reason !== undefined && { reason }) }
    this.#say(this.#leaving)
  }

  /** What new words mean to the executor. */
  hear(words: ReadonlyArray<ExecutorDown>): Commanded {
    const commands: Array<ExecutorCommand> = []
    const alike: Array<LeaseRef> = []
    for (const word of words) {
      if (word._tag === "left") return { commands, hasLeft: true }
      if (word._tag === "Assign") {
        for (const { assignment: { epoch, isResumed, task } } of word.attempts) {
          // A lease that is issued again is of the server that gave it out; what it was for may have ended by now.
          if (isResumed) continue
          const held = this.#held.get(task)
          // The last server gave out one that looks the same, which this one knows nothing of.
          if (held?.epoch === epoch && held.generation !== this.#generation) alike.push({ task, epoch })
          this.#held.set(task, { epoch, generation: this.#generation })
        }
      }
      commands.push(word)
    }
    const revoked = this.#void.add(alike)
    if (this.#void.isEmpty) return { commands }
    const sorted = this.#void.hear(commands)
    for (const message of sorted.messages) this.#send(message)
    return { commands: [...revoked, ...sorted.commands] }
  }

  /**
   * The server has begun anew, and has kept nothing of the one before: what the
   * executor runs is nobody's any more. Gives what it is to be told.
   */
  forsake(generation: number): ReadonlyArray<ExecutorCommand> {
    const { held } = this
    this.#held.clear()
    this.#reports = []
    this.link = new Link()
    this.#generation = generation
    this.#rejoin()
    return this.#void.add(held)
  }

  /**
   * The server has begun anew with it, maybe as another generation: a new link,
   * on which it says what it holds, what has ended and what it has given back.
   */
  restart(generation: number): void {
    const old = this.#generation
    const { unacknowledged } = this.link
    this.link = new Link()
    this.#generation = generation
    const dated = <A extends LeaseRef>(lease: A): A =>
      lease.generation === undefined ? { ...lease, generation: old } : lease
    const waiting = unacknowledged.flatMap((word) => word._tag === "ended" ? word.reports : [])
    const said = new Set(waiting.map(({ epoch, task }) => `${task}/${epoch}`))
    const again = this.#reports.filter(({ epoch, task }) => !said.has(`${task}/${epoch}`)).map(dated)
    const returned = unacknowledged.flatMap((word) => word._tag === "recalled" ? word.leases : [])
    this.#reports = this.#reports.map(dated)
    // What it does not claim is given to others before its report is read.
    const settled = [...waiting, ...again, ...returned].map(({ epoch, generation = old, task }) => ({
      task,
      epoch,
      generation
    }))
    this.#say({ _tag: "adopted", leases: [...this.held, ...settled] })
    if (again.length > 0) { for (const word of splitMessage({ _tag: "ended", reports: again })) this.#say(word) }
    for (const word of unacknowledged) {
      if (word._tag === "ended") this.#say({ ...word, reports: word.reports.map(dated) })
      else if (word._tag === "started" || word._tag === "recalled") {
        this.#say({ ...word, leases: word.leases.map(dated) })
      } else if (word._tag === "progress" || word._tag === "log") this.#say({ ...word, lease: dated(word.lease) })
      else if (word._tag === "logs") {
        this.#say({ ...word, entries: word.entries.map(({ lease, line }) => ({ lease: dated(lease), line })) })
      } else if (word._tag === "output") this.#say(word)
    }
    this.#rejoin()
  }

  /** It has come back without slots: what it is given before it has said what it holds would be taken for lost. */
  #rejoin(): void {
    if (this.#slots !== undefined && this.#slots > 0) this.#say({ _tag: "beat", slots: this.#slots })
    if (this.#leaving !== undefined) this.#say(this.#leaving)
  }

  #say(word: ExecutorUp): void {
    this.link.send(word, upSizeOf(word))
  }

  #ended(all: ReadonlyArray<Report>): void {
    const reports = all.map((report) => this.#dated(report))
    for (const report of reports) {
      this.#drop(report)
      if (outcomeSize(report.outcome) <= memorable) this.#reports.push(report)
    }
    if (this.#reports.length > 2 * remembered) this.#reports = this.#reports.slice(-remembered)
    for (const word of splitMessage({ _tag: "ended", reports })) this.#say(word)
  }

  /** With the generation of the server that gave it out, where that is not the one of now. */
  #dated<A extends LeaseRef>(lease: A): A {
    const held = this.#held.get(lease.task)
    return held === undefined || held.epoch !== lease.epoch || held.generation === this.#generation
      ? lease
      : { ...lease, generation: held.generation }
  }

  #drop({ epoch, task }: LeaseRef): void {
    if (this.#held.get(task)?.epoch === epoch) this.#held.delete(task)
  }
}
