/**
 * Leases of a server that is gone for good, while the executor still runs what
 * they were for. The next server may give out leases that look the same: what
 * the executor says of the old ones must not be taken for the new ones.
 *
 * @since 0.1.0
 */
import type { LeaseRef } from "../../dispatch/Event.ts"
import type { Attempt, ExecutorCommand, ExecutorMessage } from "../ExecutorPort.ts"

/** What is to be said to the executor, and to the server in its stead. */
export interface Sorted {
  readonly commands: ReadonlyArray<ExecutorCommand>
  readonly messages: ReadonlyArray<ExecutorMessage>
}

const keyOf = ({ epoch, task }: LeaseRef): string => `${task}/${epoch}`
const refOf = ({ assignment: { epoch, task } }: Attempt): LeaseRef => ({ task, epoch })
const revoke = ({ epoch, task }: LeaseRef, kill: boolean): ExecutorCommand => ({
  _tag: "Revoke",
  task,
  epoch,
  reason: "stale",
  kill
})

/** Those of one executor. */
export class VoidLeases {
  readonly #void = new Set<string>()
  /** New attempts that wait until the executor is done with those that look the same. */
  #waiting: Array<Attempt> = []

  get isEmpty(): boolean {
    return this.#void.size === 0
  }

  /** These hold no longer: the executor is to stop what they were for. New ones that wait are the old server's, too. */
  add(leases: ReadonlyArray<LeaseRef>): ReadonlyArray<ExecutorCommand> {
    const waiting = new Set(this.#waiting.map((attempt) => keyOf(refOf(attempt))))
    this.#waiting = []
    const fresh = leases.filter((lease) => !waiting.has(keyOf(lease)))
    for (const lease of fresh) this.#void.add(keyOf(lease))
    return fresh.map((lease) => revoke(lease, false))
  }

  /** What the server says, as far as the executor may hear it now. */
  hear(commands: ReadonlyArray<ExecutorCommand>): Sorted {
    if (this.isEmpty) return { commands, messages: [] }
    const out: Array<ExecutorCommand> = []
    const messages: Array<ExecutorMessage> = []
    for (const command of commands) {
      if (command._tag === "Assign") {
        const waiting = command.attempts.filter((attempt) => this.#void.has(keyOf(refOf(attempt))))
        this.#waiting.push(...waiting)
        const attempts = waiting.length === 0
          ? command.attempts
          : command.attempts.filter((one) => !waiting.includes(one))
        if (attempts.length > 0) out.push({ _tag: "Assign", attempts })
        // It has been asked to stop before, and is waited for now.
        for (const attempt of waiting) out.push(revoke(refOf(attempt), true))
      } else if (command._tag === "Recall") {
        const back = command.leases.filter((lease) => this.#take(lease))
        if (back.length > 0) messages.push({ _tag: "recalled", leases: back })
        const leases = command.leases.filter((lease) => !back.includes(lease) && !this.#void.has(keyOf(lease)))
        if (leases.length > 0) out.push({ _tag: "Recall", leases })
      } else if (command._tag === "Revoke" && this.#void.has(keyOf(command))) {
        const { epoch, task } = command
        if (!this.#take(command)) continue
        const outcome = { _tag: "Interrupted", by: "the server", cleanly: true } as const
        messages.push({ _tag: "ended", reports: [{ task, epoch, outcome }] })
      } else out.push(command)
    }
    return { commands: out, messages }
  }

  /** What the executor says, less what is about what was; new attempts that had to wait for that may begin. */
  say(message: ExecutorMessage): Sorted {
    if (this.isEmpty) return { commands: [], messages: [message] }
    switch (message._tag) {
      case "started":
      case "adopted":
        return this.#rest(message.leases, (leases) => ({ _tag: message._tag, leases }), [])
      case "recalled":
        return this.#rest(message.leases, (leases) => ({ _tag: "recalled", leases }), message.leases)
      case "ended":
        return this.#rest(message.reports, (reports) => ({ _tag: "ended", reports }), message.reports)
      case "logs":
        return {
          commands: [],
          messages: [{ ...message, entries: message.entries.filter(({ lease }) => !this.#void.has(keyOf(lease))) }]
        }
      case "progress":
      case "log":
        return { commands: [], messages: this.#void.has(keyOf(message.lease)) ? [] : [message] }
      default:
        return { commands: [], messages: [message] }
    }
  }

  /** Those that are not void make up a message; those of `done` that are, are void no longer. */
  #rest<A extends LeaseRef>(
    all: ReadonlyArray<A>,
    messageOf: (rest: ReadonlyArray<A>) => ExecutorMessage,
    done: ReadonlyArray<LeaseRef>
  ): Sorted {
    const rest = all.filter((lease) => !this.#void.has(keyOf(lease)))
    for (const lease of done) this.#void.delete(keyOf(lease))
    const attempts = this.#waiting.filter((attempt) => !this.#void.has(keyOf(refOf(attempt))))
    if (attempts.length > 0) this.#waiting = this.#waiting.filter((attempt) => !attempts.includes(attempt))
    return {
      commands: attempts.length === 0 ? [] : [{ _tag: "Assign", attempts }],
      messages: rest.length === 0 ? [] : [messageOf(rest)]
    }
  }

  /** Takes a new attempt out that waits. */
  #take(lease: LeaseRef): boolean {
    const before = this.#waiting.length
    this.#waiting = this.#waiting.filter((attempt) => keyOf(refOf(attempt)) !== keyOf(lease))
    return this.#waiting.length < before
  }
}
