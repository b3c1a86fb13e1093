import type { Transition } from "../../src/dispatch/Command.ts"
import type { Entry } from "../../src/dispatch/Event.ts"
import { spanOf } from "../../src/store/EntryTasks.ts"
import type { Commit, StoredEntry, StoredPayloads } from "../../src/store/Stored.ts"
import { ExecutorId } from "../../src/task/Attempt.ts"
import type { Outcome } from "../../src/task/Outcome.ts"
import { entryOf } from "../dispatch/Specs.ts"

/** What is said of an entry; the rest is as plain as can be. */
export interface EntryOptions {
  readonly submitter?: string
  readonly submission?: string
  readonly entry?: Partial<Omit<Entry, "spec" | "restored">>
  readonly index?: number
  readonly siblings?: number
  /** Bytes of each payload. */
  readonly size?: number
}

/** An outcome with these bytes. */
export const succeeded = (...bytes: ReadonlyArray<number>): Outcome => ({
  _tag: "Succeeded",
  value: { encoding: "raw", bytes: Uint8Array.from(bytes) }
})

/** An outcome that is no success. */
export const crashed: Outcome = { _tag: "Crashed", defect: { name: "Error", message: "no" } }

/** Payloads of that size, each of which tells its index. */
export const payloadsOf = (count: number, size = 4): StoredPayloads => {
  const bytes = new Uint8Array(count * size)
  const offsets = Uint32Array.from({ length: count + 1 }, (_, index) => index * size)
  for (let index = 0; index < count; index++) bytes.fill(index % 251, index * size, (index + 1) * size)
  return { bytes, offsets }
}

/** Writes commits as a server would: numbers without a gap, positions without one. */
export class Book {
  sequence: number
  next: number
  nextSource: number
  now = 1_000
  generation: number
  #transitions: Array<Transition> = []
  #entries: Array<Commit["entries"][number]> = []
  #requests = 0

  constructor({ generation = 1, next = 0, nextSource = 0, sequence = 0 } = {}) {
    this.generation = generation
    this.next = next
    this.nextSource = nextSource
    this.sequence = sequence
  }

  record(
    kind: Transition["kind"],
    task: number,
    more: Partial<Omit<Transition, "executorId">> & { by?: string } = {}
  ): void {
    const { by, ...rest } = more
    this.#transitions.push({
      sequence: ++this.sequence,
      at: this.now++,
      kind,
      task,
      count: 1,
      epoch: 1,
      executorId: by === undefined ? undefined : ExecutorId.make(by),
      detail: undefined,
      ...rest
    })
  }

  accept(
    { entry = {}, index = 0, siblings = 1, size, submission = "set", submitter = "ada" }: EntryOptions = {}
  ): StoredEntry {
    const own = entryOf(entry)
    const stored: StoredEntry = {
      source: this.nextSource++,
      first: this.next,
      generation: this.generation,
      submitter,
      submission,
      request: index === 0 ? ++this.#requests : this.#requests,
      index,
      siblings,
      acceptedAt: this.now,
      sequence: this.sequence + 1,
      entry: own,
      refFields: undefined,
      isFollowed: false,
      isOpen: false,
      whenUnmet: "wait",
      isDetached: false
    }
    this.record("Accepted", stored.first, { count: own.count, epoch: 0, detail: "add" })
    this.next += spanOf(stored)
    this.#entries.push({ entry: stored, payloads: payloadsOf(own.count, size) })
    return stored
  }

  assign(task: number, by = "e", epoch = 1): void {
    this.record("Assigned", task, { epoch, by })
  }

  end(task: number, outcome: Outcome = succeeded(1), more: Partial<Omit<Transition, "executorId">> = {}): void {
    this.record("Ended", task, { detail: outcome, ...more })
  }

  take(more: Partial<Commit> = {}): Commit {
    const commit = {
      entries: this.#entries,
      transitions: this.#transitions,
      ended: [],
      acknowledged: [],
      departed: [],
      states: [],
      lines: [],
      values: [],
      ...more
    }
    this.#entries = []
    this.#transitions = []
    return commit
  }
}
