/**
 * A dispatcher and all around it, played by hand: one call is one thing that
 * happens, and answers what the dispatcher wants done about it.
 *
 * @since 0.1.0
 */
import type { Commands, Ending, Notice, Transition } from "../../../src/dispatch/Command.ts"
import { Dispatcher, type Options } from "../../../src/dispatch/Dispatcher.ts"
import type { Event, LeaseRef, Report } from "../../../src/dispatch/Event.ts"
import { ExecutorId } from "../../../src/task/Attempt.ts"
import type { Outcome } from "../../../src/task/Outcome.ts"
import { entryOf, executorOf, type ExecutorOptions, succeeded } from "../Specs.ts"

export { crashed, entryOf, executorOf, failed, interrupted, succeeded } from "../Specs.ts"

/** What is left out of an entry is as plain as can be. */
export type EntryOptions = NonNullable<Parameters<typeof entryOf>[0]>

/** How a request is handed over. */
export type SubmitOptions = Partial<Omit<Extract<Event, { readonly _tag: "submitted" }>, "_tag" | "entries">>

const isList = (entries: EntryOptions | ReadonlyArray<EntryOptions>): entries is ReadonlyArray<EntryOptions> =>
  Array.isArray(entries)

/** Remembers what was given to whom; where nothing else is said, decisions are final at once. */
export class Play {
  readonly dispatcher: Dispatcher
  readonly records: Array<Transition> = []
  now = 0
  readonly #epochs = new Map<number, number>()
  readonly #held = new Map<string, Array<number>>()
  #requests = 0

  constructor(options: Partial<Options> = {}) {
    this.dispatcher = new Dispatcher({ partition: 0, generation: 1, commits: "immediate", ...options })
  }

  tell(...events: ReadonlyArray<Event>): Commands {
    const commands = this.dispatcher.handle(events, this.now)
    this.records.push(...commands.persist)
    for (const { assignments, executorId } of commands.assign) {
      for (const { epoch, task } of assignments) {
        this.#epochs.set(task, epoch)
        const held = this.#held.get(executorId) ?? []
        held.push(task)
        this.#held.set(executorId, held)
      }
    }
    return commands
  }

  /** The last attempt at the task that was given out. */
  lease(task: number): LeaseRef {
    return { task, epoch: this.#epochs.get(task) ?? 0 }
  }

  join(id: string, options: ExecutorOptions = {}): Commands {
    this.#held.delete(id)
    return this.tell({ _tag: "joined", executor: executorOf(id, options) })
  }

  leave(id: string, isClean = false): Commands {
    return this.tell({ _tag: "left", executorId: ExecutorId.make(id), reason: "out of memory", isClean })
  }

  submit(entries: EntryOptions | ReadonlyArray<EntryOptions> = {}, options: SubmitOptions = {}): Commands {
    const request = this.#requests++
    return this.tell({
      _tag: "submitted",
      request,
      submitter: "alice",
      submission: `submission ${request}`,
      whenUnmet: "wait",
      isOpen: false,
      isWatched: false,
      ...options,
      entries: (isList(entries) ? entries : [entries]).map((entry) => entryOf(entry))
    })
  }

  start(id: string, ...tasks: ReadonlyArray<number>): Commands {
    return this.tell({
      _tag: "started",
      executorId: ExecutorId.make(id),
      leases: tasks.map((task) => this.lease(task))
    })
  }

  end(id: string, task: number, outcome: Outcome = succeeded, more: Partial<Report> = {}): Commands {
    const held = this.#held.get(id) ?? []
    this.#held.set(id, held.filter((other) => other !== task))
    return this.tell({
      _tag: "ended",
      executorId: ExecutorId.make(id),
      reports: [{ ...this.lease(task), outcome, ...more }]
    })
  }

  recalled(id: string, ...tasks: ReadonlyArray<number>): Commands {
    return this.tell({
      _tag: "recalled",
      executorId: ExecutorId.make(id),
      leases: tasks.map((task) => this.lease(task))
    })
  }

  adopted(id: string, ...leases: ReadonlyArray<LeaseRef>): Commands {
    return this.tell({ _tag: "adopted", executorId: ExecutorId.make(id), leases })
  }

  cancel(target: Extract<Event, { readonly _tag: "cancelled" }>["target"], by = "bob"): Commands {
    return this.tell({ _tag: "cancelled", target, by })
  }

  /** All that was recorded is durable. */
  commit(): Commands {
    return this.tell({ _tag: "committed", through: this.records.at(-1)?.sequence ?? 0 })
  }

  fetch(...tasks: ReadonlyArray<number>): Commands {
    return this.tell({ _tag: "fetched", tasks })
  }

  drain(id?: string): Commands {
    return this.tell({ _tag: "drain", ...(id !== undefined && { executorId: ExecutorId.make(id) }) })
  }

  wait(milliseconds: number): Commands {
    this.now += milliseconds
    return this.tell({ _tag: "tick" })
  }

  /** Lets the executor succeed with all that it is given, one after the other; answers in which order. */
  work(id: string): ReadonlyArray<number> {
    const order: Array<number> = []
    while (true) {
      const [task] = this.#held.get(id) ?? []
      if (task === undefined) return order
      order.push(task)
      this.end(id, task)
    }
  }

  explain(task: number) {
    return this.dispatcher.explain(task)
  }

  get statistics() {
    return this.dispatcher.statistics
  }
}

/** Who is given what: `a: 0` for task 0 and executor `a`. */
export const given = ({ assign }: Commands): ReadonlyArray<string> =>
  assign.flatMap(({ assignments, executorId }) => assignments.map(({ task }) => `${executorId}: ${task}`))

/** What is asked back of whom, in the same words. */
export const asked = ({ recall }: Commands): ReadonlyArray<string> =>
  recall.flatMap(({ executorId, leases }) => leases.map(({ task }) => `${executorId}: ${task}`))

/** Who is told to stop what and why: `a: 0 cancelled`, with `kill` where it is not asked. */
export const revoked = ({ revoke }: Commands): ReadonlyArray<string> =>
  revoke.map(({ executorId, kill, reason, task }) => `${executorId}: ${task} ${reason}${kill ? " kill" : ""}`)

/** The first assignment. */
export const assignment = ({ assign }: Commands) => assign[0]?.assignments[0]

/** What submitters are told, of one kind. */
export const told = <Tag extends Notice["_tag"]>(
  { notify }: Commands,
  tag: Tag
): ReadonlyArray<Extract<Notice, { readonly _tag: Tag }>> =>
  notify.flatMap(({ notice }) =>
    // The tag was compared, which narrows a type that is given but not one that is a parameter.
    notice._tag === tag ? [notice as Extract<Notice, { readonly _tag: Tag }>] : []
  )

/** All endings that submitters are told. */
export const endings = (commands: Commands): ReadonlyArray<Ending> =>
  told(commands, "Ended").flatMap(({ endings }) => endings)

/** How which task ended: `0 Succeeded`, with as many as ended in a row where that is more than one. */
export const ended = (commands: Commands): ReadonlyArray<string> =>
  endings(commands).map(({ count, outcome: { _tag }, task }) => `${task} ${_tag}${count > 1 ? ` (${count})` : ""}`)

/** The outcomes that submitters are told. */
export const outcomes = (commands: Commands): ReadonlyArray<Outcome> => endings(commands).map(({ outcome }) => outcome)

/** Why a request was refused. */
export const refusal = (commands: Commands) => told(commands, "Refused")[0]?.reason
