/**
 * What the dispatcher knows of each task that it has touched, in columns. A
 * task's position counts from 0 over all generations of the partition, so that
 * every lookup is an index; a task that still waits untouched in its source has
 * no entry here and costs nothing.
 *
 * @since 0.1.0
 */
import type { Source } from "./Source.ts"

/** Where a task is on its way. `Untouched` is any that has no entry. */
export const Status = {
  Untouched: 0,
  /** In a ready queue, once more or on its own. */
  Queued: 1,
  /** Waits for the time of its next attempt. */
  Delayed: 2,
  /** Has an executor, but an at-most-once start must be durable first. */
  Granting: 3,
  Assigned: 4,
  Running: 5,
  /** Asked to stop; its executor has not acknowledged it. */
  Stopping: 6,
  /** Ended; the outcome is not durable yet. */
  Committing: 7,
  Done: 8,
  /** Was assigned when the last server stopped; its executor may come back. */
  Held: 9,
  /** Was handed over before under the same idempotency key; ends with that task. */
  Following: 10,
  Forgotten: 11
} as const
export type Status = (typeof Status)[keyof typeof Status]

const size = 1_024
const mask = size - 1
const shift = 10
/** Below it, a position fits the 32 bits that a shift works on. */
const small = 2 ** 30

/** The page that a position is on. */
const pageOf = (task: number): number => task >= 0 && task < small ? task >> shift : Math.floor(task / size)

/** Columns for 1,024 tasks in a row. */
class Page {
  readonly status = new Uint8Array(size)
  readonly deaths = new Uint8Array(size)
  readonly isRecalled = new Uint8Array(size)
  readonly hasSucceeded = new Uint8Array(size)
  readonly epoch = new Uint32Array(size)
  /** Attempts that failed and were followed by another. */
  readonly retries = new Uint32Array(size)
  readonly generation = new Uint32Array(size)
  readonly executor = new Int32Array(size)
  /** Where in its executor's list of leases it stands. */
  readonly place = new Int32Array(size)
  readonly index = new Int32Array(size)
  readonly hash = new Float64Array(size)
  readonly queuedAt = new Float64Array(size)
  readonly assignedAt = new Float64Array(size)
  readonly startedAt = new Float64Array(size)
  readonly source: Array<Source | undefined> = Array.from({ length: size })

  /** For other tasks; what is set with their first step may stay. */
  clear(): void {
    for (const column of [this.status, this.deaths, this.isRecalled, this.hasSucceeded, this.epoch, this.retries]) {
      column.fill(0)
    }
  }
}

/** So many pages that have come and gone are used again. */
const spares = 32

/** A page with tasks of earlier generations: how many there are, and how many of them are gone. */
interface PastPage {
  page: Page | undefined
  known: number
  gone: number
}

/**
 * Pages appear with the first task that is touched and go with the last that is
 * forgotten. Those of this generation follow each other in an array; of those
 * before few are left, if any.
 */
export class TaskTable {
  readonly #pages: Array<Page | undefined> = []
  #gone = new Uint16Array(16)
  /** The first page that belongs to this generation alone. */
  readonly #base: number
  readonly #first: number
  readonly #past = new Map<number, PastPage>()
  readonly #spares: Array<Page> = []

  constructor(first = 0) {
    this.#first = first
    this.#base = Math.ceil(first / size)
    if (first < this.#base * size) this.#pastOf(this.#base - 1).known = this.#base * size - first
  }

  /** The page of a task, for those who have just found its status to be anything but `Untouched`. */
  page(task: number): Page {
    return this.find(task) ?? this.#create(task)
  }

  /** The page of any task; there is none where none of its tasks was touched, or all are gone. */
  find(task: number): Page | undefined {
    const place = pageOf(task) - this.#base
    return place < 0 ? this.#past.get(place + this.#base)?.page : this.#pages[place]
  }

  at(task: number): number {
    return task & mask
  }

  status(task: number): Status {
    const page = this.find(task)
    if (page === undefined) return this.#isGone(task) ? Status.Forgotten : Status.Untouched
    // A column of numbers holds nothing but statuses.
    return (page.status[task & mask] ?? Status.Untouched) as Status
  }

  source(task: number): Source | undefined {
    return this.find(task)?.source[task & mask]
  }

  epoch(task: number): number {
    return this.find(task)?.epoch[task & mask] ?? 0
  }

  touch(task: number, source: Source, index: number, status: Status, now: number): void {
    const page = this.page(task)
    const at = task & mask
    page.status[at] = status
    page.source[at] = source
    page.index[at] = index
    page.executor[at] = -1
    page.queuedAt[at] = now
    page.assignedAt[at] = page.startedAt[at] = Number.NaN
  }

  forget(task: number): void {
    const page = this.page(task)
    page.status[task & mask] = Status.Forgotten
    page.source[task & mask] = undefined
    this.forgetUntouched(task, 1)
  }

  /** Tasks of an earlier generation are still known, `count` in a row. */
  expect(first: number, count: number): void {
    for (let task = first; task < Math.min(first + count, this.#first);) {
      const number = pageOf(task)
      const next = Math.min(first + count, this.#first, (number + 1) * size)
      this.#pastOf(number).known += next - task
      task = next
    }
  }

  /** Counts tasks as gone that have no entry here, `count` in a row. */
  forgetUntouched(first: number, count: number): void {
    for (let task = first; task < first + count;) {
      const number = pageOf(task)
      const next = Math.min(first + count, (number + 1) * size)
      const place = number - this.#base
      if (place < 0) {
        const past = this.#pastOf(number)
        past.gone += next - task
        if (past.gone >= past.known) past.page = undefined
      } else {
        this.#grow(place)
        const gone = this.#gone[place] = (this.#gone[place] ?? 0) + next - task
        if (gone === size) this.#drop(place)
      }
      task = next
    }
  }

  get pages(): number {
    const past = this.#past.values().reduce((count, { page }) => page === undefined ? count : count + 1, 0)
    return this.#pages.reduce((count, page) => page === undefined ? count : count + 1, past)
  }

  /** Whether all tasks of that page have come and gone. */
  #isGone(task: number): boolean {
    const place = pageOf(task) - this.#base
    if (place >= 0) return this.#gone[place] === size
    const past = this.#past.get(place + this.#base)
    return past === undefined || past.gone >= past.known
  }

  #create(task: number): Page {
    const number = pageOf(task)
    const page = this.#spares.pop() ?? new Page()
    if (number < this.#base) this.#pastOf(number).page = page
    else this.#pages[number - this.#base] = page
    return page
  }

  #drop(place: number): void {
    const page = this.#pages[place]
    this.#pages[place] = undefined
    if (page === undefined || this.#spares.length === spares) return
    page.clear()
    this.#spares.push(page)
  }

  #pastOf(number: number): PastPage {
    const known = this.#past.get(number)
    if (known !== undefined) return known
    const past = { page: undefined, known: 0, gone: 0 }
    this.#past.set(number, past)
    return past
  }

  #grow(place: number): void {
    if (place < this.#gone.length) return
    const gone = new Uint16Array(Math.max(place + 1, this.#gone.length * 2))
    gone.set(this.#gone)
    this.#gone = gone
  }
}
