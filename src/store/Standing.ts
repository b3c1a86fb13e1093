/**
 * What a store keeps in mind between two commits: how far it is, and the entries
 * that something may still happen to.
 *
 * @since 0.1.0
 */
import type { Transition } from "../dispatch/Command.ts"
import { isAskedFor, spanOf } from "./EntryTasks.ts"
import { PositionIndex } from "./PositionIndex.ts"
import type { Commit, StoredEntry } from "./Stored.ts"

/** An entry that has not ended, or of which somebody may still ask for an outcome. */
export interface StandingEntry {
  readonly source: number
  readonly first: number
  readonly span: number
  readonly submitter: string
  readonly submission: string
  /** How many of its outcomes may still be asked for; 0 where nobody ever will. */
  asked: number
  isEnded: boolean
  /** The last transition that ended one of its tasks. */
  lastEnded: number
}

/** Tasks in a row. */
export interface PositionRange {
  readonly first: number
  readonly count: number
}

/** What the transitions of a commit are about, so that they are found again. */
export interface Summary {
  readonly first: number
  readonly last: number
  /** The least and the greatest position; the greatest is -1 where there is none. */
  readonly low: number
  readonly high: number
  /** The same of those that have ended. */
  readonly endedLow: number
  readonly endedHigh: number
  /** Who has endings in it. */
  readonly submitters: ReadonlySet<string>
  readonly submissions: ReadonlySet<string>
  /** Those that ended without success. */
  readonly failed: ReadonlyArray<PositionRange>
  /** Entries that ended with it. */
  readonly finished: ReadonlyArray<StandingEntry>
  /** Those of them, or of earlier ones, of which nobody will ask for an outcome any more. */
  readonly unasked: ReadonlyArray<number>
}

/** Whether these follow that transition, each the one before. */
export const isNext = (transitions: ReadonlyArray<Transition>, sequence: number): boolean => {
  for (let index = 0; index < transitions.length; index++) {
    if (transitions[index]!.sequence !== sequence + 1 + index) return false
  }
  return true
}

interface Failed extends PositionRange {
  readonly entry: StandingEntry | undefined
}

/** Joins what touches, of one entry each: they go with it. */
const merged = (ranges: ReadonlyArray<Failed>): ReadonlyArray<PositionRange> => {
  const all: Array<Failed> = []
  for (const range of ranges.toSorted((left, right) => left.first - right.first)) {
    const last = all.at(-1)
    if (last === undefined || last.first + last.count < range.first || last.entry !== range.entry) all.push(range)
    else all[all.length - 1] = { ...last, count: Math.max(last.count, range.first + range.count - last.first) }
  }
  return all
}

/** Changes with each commit, once that is known to be there. */
export class Standing {
  readonly #index = new PositionIndex<StandingEntry>()
  readonly #entries = new Map<number, StandingEntry>()
  /** The last transition, and when it was; the next position and the next `source`. */
  sequence: number
  at = 0
  next: number
  nextSource: number

  constructor(sequence: number, next: number, nextSource: number) {
    this.sequence = sequence
    this.next = next
    this.nextSource = nextSource
  }

  /** An entry from before; `asked` as it is by now. */
  recall(stored: StoredEntry, asked: number, isEnded: boolean, lastEnded: number): void {
    this.#add(stored, asked, isEnded, lastEnded)
  }

  /** Takes in a commit, and tells what it is about. */
  advance({ ended, entries, transitions }: Commit): Summary {
    for (const { entry } of entries) {
      this.#add(entry, isAskedFor(entry) ? entry.entry.count : 0, false, 0)
      this.next = Math.max(this.next, entry.first + spanOf(entry))
      this.nextSource = Math.max(this.nextSource, entry.source + 1)
    }
    const unasked: Array<number> = []
    const summary = this.#summarize(transitions, unasked)
    const finished: Array<StandingEntry> = []
    for (const source of ended) {
      const entry = this.#entries.get(source)
      if (entry === undefined || entry.isEnded) continue
      entry.isEnded = true
      finished.push(entry)
      if (entry.asked === 0) this.#remove(entry, unasked)
    }
    this.sequence += transitions.length
    this.at = transitions.at(-1)?.at ?? this.at
    return { ...summary, finished, unasked }
  }

  #add(stored: StoredEntry, asked: number, isEnded: boolean, lastEnded: number): void {
    const { first, source, submission, submitter } = stored
    const entry = { source, first, span: spanOf(stored), submitter, submission, asked, isEnded, lastEnded }
    this.#entries.set(source, entry)
    this.#index.add(entry)
  }

  #remove(entry: StandingEntry, unasked: Array<number>): void {
    unasked.push(entry.source)
    this.#entries.delete(entry.source)
    this.#index.remove(entry)
  }

  /** Somebody who might have asked is gone, or has all there was. */
  forget(source: number): void {
    const entry = this.#entries.get(source)
    if (entry !== undefined) this.#remove(entry, [])
  }

  /** What has not ended, or may be asked for. */
  get entries(): Iterable<StandingEntry> {
    return this.#entries.values()
  }

  #summarize(transitions: ReadonlyArray<Transition>, unasked: Array<number>): Omit<Summary, "finished" | "unasked"> {
    let [low, high] = [Infinity, -1]
    let [endedLow, endedHigh] = [Infinity, -1]
    const submitters = new Set<string>()
    const submissions = new Set<string>()
    const failed: Array<Failed> = []
    let last: StandingEntry | undefined
    for (const { count, detail, kind, sequence, task } of transitions) {
      if (task < 0) continue
      if (task < low) low = task
      const end = task + (count > 1 ? count : 1) - 1
      if (end > high) high = end
      if (kind === "Accepted") {
        // An entry without tasks has no position.
        if (task + count > this.next) this.next = task + count
      } else if (kind === "Ended") {
        if (task < endedLow) endedLow = task
        if (end > endedHigh) endedHigh = end
        const entry = this.#index.find(task)
        if (typeof detail === "object" && detail._tag !== "Succeeded") failed.push({ first: task, count, entry })
        if (entry === undefined) continue
        entry.lastEnded = sequence
        if (entry === last) continue
        last = entry
        submitters.add(entry.submitter)
        submissions.add(entry.submission)
      } else if (kind === "Forgotten") {
        const entry = this.#index.find(task)
        if (entry === undefined || entry.asked === 0 || --entry.asked > 0 || !entry.isEnded) continue
        this.#remove(entry, unasked)
      }
    }
    const first = this.sequence + 1
    return {
      first,
      last: this.sequence + transitions.length,
      low: high < 0 ? -1 : low,
      high,
      endedLow: endedHigh < 0 ? -1 : endedLow,
      endedHigh,
      submitters,
      submissions,
      failed: failed.length === 0 ? failed : merged(failed)
    }
  }
}
