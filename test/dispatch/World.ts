import type { Assignment, Commands, Notice, Transition } from "../../src/dispatch/Command.ts"
import { Dispatcher, type Options } from "../../src/dispatch/Dispatcher.ts"
import type { Entry, Event, LeaseRef, Report } from "../../src/dispatch/Event.ts"
import { ExecutorId } from "../../src/task/Attempt.ts"
import type { Outcome } from "../../src/task/Outcome.ts"
import { Judge } from "./Judge.ts"
import { Ledger } from "./Ledger.ts"
import { restorable, restoredOf } from "./Recovery.ts"
import { executorOf, type ExecutorOptions, succeeded } from "./Specs.ts"
import { keyRetention, leaseTime } from "./Witness.ts"

/** How a dispatcher is made; a copy of the sources makes its own. */
export type Make = (options: Options) => Dispatcher

/** What a request is made of; one entry and one submitter unless said otherwise. */
export interface Submission {
  readonly entries: ReadonlyArray<Entry>
  readonly submitter?: string
  readonly submission?: string
  readonly whenUnmet?: "fail" | "wait"
  readonly isOpen?: boolean
}

/** What happened in one turn, and what was decided. */
export interface Turn {
  readonly events: ReadonlyArray<Event>
  readonly now: number
  readonly commands: Commands
}

/** A dispatcher, the time, a store, and a judge that looks at every turn. */
export class World {
  dispatcher: Dispatcher
  readonly judge: Judge
  options: Options
  readonly make: Make
  now = 0
  /** All that was recorded, and all that was told to submitters. */
  records: Array<Transition> = []
  readonly notices: Array<Notice> = []
  /** The last turn's. */
  commands!: Commands
  /** Every turn of every server there was, for a replay. */
  readonly lives: Array<{ readonly options: Options; readonly turns: Array<Turn> }> = []
  /** What a new server wants loaded. */
  readonly loads: Array<Commands["load"][number]> = []
  /** The last records of the servers before. */
  readonly #boundaries: Array<number> = []
  #requests = 0

  constructor(options: Partial<Options> = {}, make: Make = (options) => new Dispatcher(options)) {
    this.options = { partition: 0, generation: 1, commits: "immediate", leaseTime, keyRetention, ...options }
    this.make = make
    this.dispatcher = make(this.options)
    this.lives.push({ options: this.options, turns: [] })
    this.judge = new Judge(this.options.commits === "immediate")
  }

  handle(...events: ReadonlyArray<Event>): Commands {
    const commands = this.dispatcher.handle(events, this.now)
    this.commands = commands
    this.lives.at(-1)?.turns.push({ events, now: this.now, commands })
    this.records.push(...commands.persist)
    this.notices.push(...commands.notify.map(({ notice }) => notice))
    this.judge.observe(events, this.now, commands, this.dispatcher)
    return commands
  }

  /** Lets so much time pass. */
  wait(milliseconds: number): Commands {
    this.now += milliseconds
    return this.handle({ _tag: "tick" })
  }

  /** The store has everything up to that record, or all. */
  commit(through = this.records.at(-1)?.sequence ?? 0): Commands {
    return this.handle({ _tag: "committed", through })
  }

  join(id: string, options: ExecutorOptions = {}): Commands {
    return this.handle({ _tag: "joined", executor: executorOf(id, options) })
  }

  leave(id: string, isClean = false): Commands {
    return this.handle({ _tag: "left", executorId: ExecutorId.make(id), reason: "SIGKILL", isClean })
  }

  /** The number of the next request. */
  request(): number {
    return this.#requests++
  }

  /** Hands over entries; answers the number of the request. */
  submit({ entries, isOpen = false, submission = "set", submitter = "ada", whenUnmet = "wait" }: Submission): number {
    const request = this.request()
    this.handle({ _tag: "submitted", request, entries, isOpen, submission, submitter, whenUnmet, isWatched: true })
    return request
  }

  start(id: string, ...leases: ReadonlyArray<LeaseRef>): Commands {
    return this.handle({ _tag: "started", executorId: ExecutorId.make(id), leases })
  }

  end(id: string, leases: ReadonlyArray<LeaseRef>, outcome: Outcome = succeeded, more: Partial<Report> = {}): Commands {
    const reports = leases.map(({ epoch, task }) => ({ task, epoch, outcome, ...more }))
    return this.handle({ _tag: "ended", executorId: ExecutorId.make(id), reports })
  }

  recalled(id: string, ...leases: ReadonlyArray<LeaseRef>): Commands {
    return this.handle({ _tag: "recalled", executorId: ExecutorId.make(id), leases })
  }

  cancel(target: Extract<Event, { readonly _tag: "cancelled" }>["target"], by = "ada"): Commands {
    return this.handle({ _tag: "cancelled", target, by })
  }

  fetch(...tasks: ReadonlyArray<number>): Commands {
    return this.handle({ _tag: "fetched", tasks })
  }

  drain(id?: string): Commands {
    return this.handle(id === undefined ? { _tag: "drain" } : { _tag: "drain", executorId: ExecutorId.make(id) })
  }

  /** The server dies, and starts again with what was recorded up to there. */
  restart(through = this.records.at(-1)?.sequence ?? 0): void {
    this.records = this.records.filter(({ sequence }) => sequence <= through)
    const ledger = new Ledger()
    for (const record of this.records) {
      if (this.#boundaries.includes(ledger.sequence)) ledger.restart()
      ledger.apply(record)
    }
    const { generation, past = [] } = this.options
    const count = ledger.next - past.reduce((sum, { count }) => sum + count, 0)
    this.options = {
      ...this.options,
      past: [...past, { generation, count }],
      generation: generation + 1,
      sequence: through
    }
    this.lives.push({ options: this.options, turns: [] })
    this.dispatcher = this.make(this.options)
    this.loads.length = 0
    const requests = restorable([...this.judge.requests.values()], ledger)
    this.judge.restart(ledger)
    for (const { entries, request, submission, submitter } of requests) {
      this.judge.isRecovering = request !== requests.at(-1)?.request
      const restored: Array<Entry> = []
      for (const view of entries) restored.push({ ...view.entry, restored: restoredOf(view, ledger, this.#boundaries) })
      for (const { tasks } of entries) {
        for (const task of tasks) if (ledger.story(task).end !== undefined) this.judge.remembered.add(task)
      }
      const { load } = this.handle({
        _tag: "submitted",
        request,
        submitter,
        submission,
        whenUnmet: "wait",
        isOpen: false,
        isWatched: true,
        entries: restored
      })
      this.loads.push(...load)
    }
    this.#boundaries.push(through)
  }

  /** What the last turn gave out, as `executor: task, task`. */
  get given(): ReadonlyArray<string> {
    return this.commands.assign.map(({ assignments, executorId }) =>
      `${executorId}: ${assignments.map(({ task }) => task).join(", ")}`
    )
  }

  /** The assignments of the last turn to that executor, or to all. */
  assigned(id?: string): ReadonlyArray<Assignment> {
    return this.commands.assign.flatMap(({ assignments, executorId }) =>
      id === undefined || id === executorId ? assignments : []
    )
  }

  /** How the task ended, as its submitter was told. */
  outcome(task: number): Outcome["_tag"] | undefined {
    return this.judge.told.get(task)?._tag
  }
}
