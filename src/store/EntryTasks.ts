/**
 * Where the tasks of one entry are, told by their transitions alone. One byte a
 * task that has ended, and more only for what is in between.
 *
 * @since 0.1.0
 */
import type { Transition } from "../dispatch/Command.ts"
import type { EndedRange, Restored } from "../dispatch/Event.ts"
import type { ExecutorId } from "../task/Attempt.ts"
import type { Outcome } from "../task/Outcome.ts"
import type { StoredEntry } from "./Stored.ts"

type RestoredTask = Restored["tasks"][number]

interface Task {
  epoch: number
  deaths: number
  retries: number
  generation: number
  executorId: ExecutorId | undefined
  isStarted: boolean
  retryAt: number | undefined
  outcome: Outcome | undefined
}

const statuses: ReadonlyArray<EndedRange["status"]> = ["succeeded", "failed", "cancelled"]

/** Counts from 1, as 0 is for what has not ended. */
const endedAs = ({ _tag }: Outcome): number => _tag === "Succeeded" ? 1 : _tag === "Interrupted" ? 3 : 2

/** How many positions an entry has of its own; a job has one, and its chunks have others. */
export const spanOf = ({ entry: { count, kind } }: StoredEntry): number => kind === "producer" ? 1 : count

/** Whether outcomes of it may be asked for after it has ended. */
export const isAskedFor = ({ entry: { keep, keys } }: StoredEntry): boolean => keep === true || keys !== undefined

// Most entries of a long queue never had another.
const untouched: Map<number, Task> = new Map()

/** Takes in transitions one by one. */
export class EntryTasks {
  readonly stored: StoredEntry
  readonly #isAsked: boolean
  readonly #needed: ReadonlySet<number>
  #tasks: Map<number, Task> = untouched
  #ends: Uint8Array | undefined
  #endCount = 0
  /** The last transition that ended one of them. */
  lastEnded = 0

  /** `needed` are positions whose outcomes others wait for. */
  constructor(stored: StoredEntry, needed: ReadonlySet<number>) {
    this.stored = stored
    this.#isAsked = isAskedFor(stored)
    this.#needed = needed
  }

  /** All of its tasks have ended; that of a job is known only to who ran it. */
  get isEnded(): boolean {
    const { count, kind } = this.stored.entry
    return kind !== "producer" && count > 0 && this.#endCount === count
  }

  /** How many outcomes somebody may still ask for, with those that are to come. */
  get askedCount(): number {
    if (!this.#isAsked) return 0
    const open = this.stored.entry.count - this.#endCount
    return open + this.#tasks.values().filter(({ outcome }) => outcome !== undefined).toArray().length
  }

  /** What was known of it at some transition, before any that is applied. */
  restore({ ended = [], tasks }: Restored): void {
    for (const { from, status, to } of ended) {
      for (let index = from; index < to; index++) this.#end(index, 1 + statuses.indexOf(status))
    }
    for (
      const { deaths, epoch, executorId, generation, index, isStarted = false, outcome, retries = 0, retryAt } of tasks
    ) {
      this.#put(index, { epoch, deaths, retries, generation, executorId, isStarted, retryAt, outcome })
      if (outcome !== undefined) this.#end(index, endedAs(outcome))
    }
  }

  /** One transition of its tasks, that was recorded by the server of that generation. */
  apply(transition: Transition, generation: number): void {
    const { at, count, detail, epoch, executorId, kind, task: position } = transition
    const from = position - this.stored.first
    switch (kind) {
      case "Assigned":
      case "Adopted": {
        const task = this.#touch(from)
        task.epoch = epoch
        // It stays an attempt of the server that gave it out: its executor may not hear of this one before the next.
        if (kind === "Assigned") task.generation = generation
        task.executorId = executorId
        task.isStarted = kind === "Adopted"
        task.retryAt = undefined
        return
      }
      case "Started":
        this.#touch(from).isStarted = true
        return
      case "Released":
      case "Retrying": {
        const task = this.#touch(from)
        task.executorId = undefined
        task.isStarted = false
        if (kind === "Released") task.deaths = Number(detail)
        else {
          task.retries++
          task.retryAt = at + Number(detail)
        }
        return
      }
      case "Ended": {
        if (typeof detail !== "object") return
        this.lastEnded = transition.sequence
        const status = endedAs(detail)
        // More at once were never assigned, and are asked for by nobody but who waits for one.
        for (let index = from; index < from + count; index++) this.#finish(index, status, detail, epoch, generation)
        return
      }
      case "Forgotten":
        if (!this.#needed.has(position)) this.#tasks.delete(from)
    }
  }

  #touch(index: number): Task {
    const known = this.#tasks.get(index)
    if (known !== undefined) return known
    const task: Task = {
      epoch: 0,
      deaths: 0,
      retries: 0,
      generation: this.stored.generation,
      executorId: undefined,
      isStarted: false,
      retryAt: undefined,
      outcome: undefined
    }
    this.#put(index, task)
    return task
  }

  #put(index: number, task: Task): void {
    if (this.#tasks === untouched) this.#tasks = new Map()
    this.#tasks.set(index, task)
  }

  #finish(index: number, status: number, outcome: Outcome, epoch: number, generation: number): void {
    this.#end(index, status)
    if (!this.#isAsked && !this.#needed.has(this.stored.first + index)) {
      this.#tasks.delete(index)
      return
    }
    const task = this.#touch(index)
    if (epoch === 0) task.generation = generation
    task.epoch = epoch
    task.executorId = undefined
    task.isStarted = false
    task.retryAt = undefined
    task.outcome = outcome
  }

  #end(index: number, status: number): void {
    this.#ends ??= new Uint8Array(this.stored.entry.count)
    if (this.#ends[index] === 0) this.#endCount++
    this.#ends[index] = status
  }

  /** What is known of it now. */
  get restored(): Restored {
    const { first, generation } = this.stored
    const tasks = [...this.#tasks].toSorted(([left], [right]) => left - right).map(([index, task]) =>
      restoredTask(index, task)
    )
    const ended = this.#ranges()
    return { generation, first, tasks, ...(ended.length > 0 && { ended }) }
  }

  #ranges(): ReadonlyArray<EndedRange> {
    const ends = this.#ends
    if (ends === undefined) return []
    const ranges: Array<EndedRange> = []
    // An outcome says it already.
    const statusAt = (index: number) => this.#tasks.has(index) ? 0 : ends[index]!
    let from = 0
    while (from < ends.length) {
      const status = statusAt(from)
      let to = from + 1
      while (to < ends.length && statusAt(to) === status) to++
      if (status > 0) ranges.push({ from, to, status: statuses[status - 1]! })
      from = to
    }
    return ranges
  }
}

const restoredTask = (index: number, task: Task): RestoredTask => {
  const { deaths, epoch, executorId, generation, isStarted, outcome, retries, retryAt } = task
  return {
    index,
    epoch,
    deaths,
    generation,
    ...(retries > 0 && { retries }),
    ...(executorId !== undefined && { executorId, isStarted }),
    ...(retryAt !== undefined && { retryAt }),
    ...(outcome !== undefined && { outcome })
  }
}
