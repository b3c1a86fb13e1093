/**
 * How far submissions are, as their dispatcher says; and what is left to say of
 * those that have ended.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import type { Counts } from "../../src/dispatch/Command.ts"
import { SubmissionRow } from "../../src/operate/View.ts"
import type { SubmitterMessage } from "../../src/protocol/SubmitterPort.ts"
import type { StoredEntry, StoredValue } from "../../src/store/Stored.ts"

interface Live {
  readonly submitter: string
  readonly submittedAt: number
  readonly taskNames: Set<string>
  isWatched: boolean
  counts: Counts
}

/** Milliseconds for which one that has ended is in lists. */
const keptFor = 7 * 86_400_000

/** Where the store keeps them. */
export const space = "submission"

const none: Counts = { total: 0, queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0 }
const json = Schema.fromJsonString(SubmissionRow)
const encode = Schema.encodeSync(json)
const decode = Schema.decodeUnknownSync(json)

/** So many that have ended are remembered until the store surely has them. */
const mostRecent = 1_000

/** A submission that has ended, as the store has it. */
export const rowOf = (value: Uint8Array): SubmissionRow => decode(new TextDecoder().decode(value))

/** Those of one server. */
export class Submissions {
  readonly #live = new Map<string, Live>()
  /** Those that have ended a moment ago, oldest first: the store may not have them yet. */
  readonly #recent = new Map<string, SubmissionRow>()
  readonly #now: () => number
  readonly #keep: (value: StoredValue) => void
  readonly #watchers = new Set<(row: SubmissionRow) => void>()

  constructor(now: () => number, keep: (value: StoredValue) => void) {
    this.#now = now
    this.#keep = keep
  }

  submitted(
    submitter: string,
    { entries, submission }: Extract<SubmitterMessage, { readonly _tag: "submit" }>,
    isWatched: boolean
  ): void {
    const live = this.#live.get(submission) ?? this.#add(submission, submitter, this.#now())
    for (const { entry } of entries) live.taskNames.add(entry.spec.requirement.taskName)
    live.isWatched ||= isWatched
  }

  restored({ acceptedAt, entry, submission, submitter }: StoredEntry): void {
    const live = this.#live.get(submission) ?? this.#add(submission, submitter, acceptedAt)
    live.taskNames.add(entry.spec.requirement.taskName)
    live.isWatched = true
  }

  #add(id: string, submitter: string, submittedAt: number): Live {
    const live = { submitter, submittedAt, taskNames: new Set<string>(), isWatched: false, counts: none }
    this.#live.set(id, live)
    return live
  }

  refused(id: string): void {
    this.#live.delete(id)
  }

  /** Whether its submitter wants to hear of that. */
  progressed(id: string, counts: Counts, isEnded: boolean): boolean {
    const live = this.#live.get(id)
    if (live === undefined) return false
    live.counts = counts
    const row = this.#watchers.size > 0 || isEnded ? rowFor(id, live, isEnded) : undefined
    if (row !== undefined) { for (const watcher of this.#watchers) watcher(row) }
    if (row === undefined || !isEnded) return live.isWatched
    this.#live.delete(id)
    this.#recent.set(id, row)
    if (this.#recent.size > mostRecent) this.#recent.delete(this.#recent.keys().next().value ?? id)
    this.#keep({ space, key: id, value: new TextEncoder().encode(encode(row)), until: this.#now() + keptFor })
    return live.isWatched
  }

  /** Tells of each change until what it gives back is called. */
  watch(watcher: (row: SubmissionRow) => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** One that has not ended. */
  find(id: string): SubmissionRow | undefined {
    const live = this.#live.get(id)
    return live && rowFor(id, live, false)
  }

  /** One that has ended a moment ago. */
  recent(id: string): SubmissionRow | undefined {
    return this.#recent.get(id)
  }

  /** Those that have not ended, the newest first. */
  get rows(): ReadonlyArray<SubmissionRow> {
    return [...this.#live].map(([id, live]) => rowFor(id, live, false)).toReversed()
  }

  get size(): number {
    return this.#live.size
  }
}

const rowFor = (id: string, { counts, submittedAt, submitter, taskNames }: Live, isEnded: boolean): SubmissionRow => ({
  id,
  submitter,
  submittedAt,
  taskNames: [...taskNames],
  ...counts,
  isEnded
})
