/**
 * An executor's port that can be left in good order: what has not started goes
 * back, what runs is finished, and nothing new comes in. That needs the port
 * alone, so it works whatever the executor is and however far the server.
 *
 * @since 0.1.0
 */
import type { ExecutorPort } from "../../services/Server.ts"
import type { LeaseRef } from "../../src/dispatch/Event.ts"
import type { ExecutorCommand, ExecutorMessage } from "../../src/protocol/ExecutorPort.ts"

type Reader = Parameters<ExecutorPort["commands"]["read"]>[0]

/** What there is to hear of it. */
export interface Listener {
  /** The server wants the executor to end. */
  readonly stopped: () => void
  /** It is leaving, and holds nothing any more. */
  readonly emptied: () => void
}

const leaseOf = (
  { assignment: { epoch, task } }: Extract<ExecutorCommand, { _tag: "Assign" }>["attempts"][number]
) => ({
  task,
  epoch
})

/** Stands between an executor and its port. */
export class LeavingPort {
  readonly #port: ExecutorPort
  readonly #listener: Listener
  /** What the executor was given and has neither reported nor given back. */
  readonly #held = new Map<number, LeaseRef>()
  #reader: Reader
  #isLeaving = false
  #isEmptied = false

  constructor(port: ExecutorPort, listener: Listener) {
    this.#port = port
    this.#listener = listener
  }

  /** What the executor is given in place of the port. */
  get port(): ExecutorPort {
    return {
      ...this.#port,
      send: this.#send,
      commands: {
        read: (reader) => {
          this.#reader = reader
          this.#port.commands.read(reader === undefined ? undefined : { ...reader, take: this.#take })
        }
      }
    }
  }

  /** How many attempts it holds. */
  get held(): number {
    return this.#held.size
  }

  /** Begins to leave. */
  leave(): void {
    if (this.#isLeaving) return
    this.#isLeaving = true
    this.#port.send({ _tag: "beat", slots: 0 })
    if (this.#held.size > 0) this.#reader?.take([{ _tag: "Recall", leases: [...this.#held.values()] }])
    this.#look()
  }

  readonly #take = (commands: ReadonlyArray<ExecutorCommand>): void => {
    const passed: Array<ExecutorCommand> = []
    let isStopped = false
    for (const command of commands) {
      if (command._tag === "Stop") isStopped = true
      else if (command._tag === "Assign") {
        // What it is said to run already it has, or has reported by now.
        const fresh = command.attempts.filter(({ assignment }) => !assignment.isResumed)
        if (!this.#isLeaving) { for (const attempt of fresh) this.#held.set(attempt.assignment.task, leaseOf(attempt)) }
        else if (fresh.length > 0) this.#port.send({ _tag: "recalled", leases: fresh.map(leaseOf) })
        const attempts = this.#isLeaving
          ? command.attempts.filter(({ assignment }) => assignment.isResumed)
          : command.attempts
        if (attempts.length > 0) passed.push({ _tag: "Assign", attempts })
      } else passed.push(command)
    }
    if (passed.length > 0) this.#reader?.take(passed)
    if (isStopped) this.#listener.stopped()
  }

  readonly #send = (message: ExecutorMessage): void => {
    if (message._tag === "beat" && this.#isLeaving) {
      // However many slots it has now, they are not to be filled.
      if (message.slots === undefined) this.#port.send(message)
      return
    }
    this.#port.send(message)
    if (message._tag === "ended") { for (const { epoch, task } of message.reports) this.#drop(task, epoch) }
    else if (message._tag === "recalled") { for (const { epoch, task } of message.leases) this.#drop(task, epoch) }
    this.#look()
  }

  #drop(task: number, epoch: number): void {
    if (this.#held.get(task)?.epoch === epoch) this.#held.delete(task)
  }

  #look(): void {
    if (!this.#isLeaving || this.#isEmptied || this.#held.size > 0) return
    this.#isEmptied = true
    this.#listener.emptied()
  }
}
