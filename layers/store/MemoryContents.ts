/**
 * All that a store in memory holds. It may outlive whoever has it open.
 *
 * @since 0.1.0
 */
import type { Transition } from "../../src/dispatch/Command.ts"
import { spanOf } from "../../src/store/EntryTasks.ts"
import { PositionIndex } from "../../src/store/PositionIndex.ts"
import type { SegmentQuery } from "../../src/store/Reading.ts"
import type { PositionRange, Summary } from "../../src/store/Standing.ts"
import type {
  Commit,
  StoredEntry,
  StoredLine,
  StoredPayloads,
  StoredState,
  StoredValue
} from "../../src/store/Stored.ts"

/** One commit's transitions, and what they are about. */
export interface KeptCommit extends Pick<Summary, "first" | "last" | "low" | "high" | "endedLow" | "endedHigh"> {
  readonly generation: number
  readonly submitters: ReadonlySet<string>
  readonly submissions: ReadonlySet<string>
  readonly transitions: ReadonlyArray<Transition>
  readonly size: number
}

/** One entry; `ended` is the last transition that ended a task of it, once all have. */
export interface KeptEntry {
  readonly stored: StoredEntry
  readonly payloads: StoredPayloads
  readonly size: number
  readonly first: number
  readonly span: number
  ended: number | undefined
  endedAt: number
  isAsked: boolean
}

// About what they take, with the objects around them.
const transitionSize = 120
const entrySize = 600

const sizeOf = (transitions: ReadonlyArray<Transition>): number => {
  let size = transitions.length * transitionSize
  for (const { detail } of transitions) {
    if (typeof detail !== "object") continue
    if (detail._tag === "Succeeded") size += detail.value.bytes.length
    else if (detail._tag === "Failed") size += detail.error.bytes.length
  }
  return size
}

/** Changes with each commit, and with what is removed. */
export class MemoryContents {
  readonly generations: Array<{ readonly generation: number; readonly first: number }> = []
  commits: Array<KeptCommit> = []
  readonly entries = new Map<number, KeptEntry>()
  readonly places = new PositionIndex<KeptEntry>()
  readonly submitters = new Map<string, { acknowledged: number; isDeparted: boolean }>()
  readonly states = new Map<number, StoredState>()
  readonly lines = new Map<number, Array<StoredLine>>()
  readonly values = new Map<string, Map<string, StoredValue>>()
  failed: Array<PositionRange> = []
  sequence = 0
  next = 0
  nextSource = 0
  size = 0
  #isSorted = true

  keep(commit: Commit, summary: Summary, generation: number, at: number): void {
    for (const { entry, payloads } of commit.entries) this.#add(entry, payloads)
    const { transitions } = commit
    if (transitions.length > 0) {
      const { endedHigh, endedLow, first, high, last, low, submissions, submitters } = summary
      const size = sizeOf(transitions)
      this.size += size
      this.commits.push({
        generation,
        transitions,
        size,
        first,
        last,
        low,
        high,
        endedLow,
        endedHigh,
        submitters,
        submissions
      })
    }
    if (summary.failed.length > 0) {
      this.failed.push(...summary.failed)
      this.#isSorted = false
    }
    for (const { lastEnded, source } of summary.finished) this.end(source, lastEnded, at)
    for (const source of summary.unasked) {
      const entry = this.entries.get(source)
      if (entry !== undefined) entry.isAsked = false
    }
    for (const { submitter, through } of commit.acknowledged) {
      const known = this.submitters.get(submitter)
      if (known !== undefined) known.acknowledged = Math.max(known.acknowledged, through)
    }
    for (const submitter of commit.departed) {
      const known = this.submitters.get(submitter)
      if (known !== undefined) known.isDeparted = true
    }
    for (const state of commit.states) this.states.set(state.source, state)
    for (const line of commit.lines) this.#write(line)
    for (const value of commit.values) this.#set(value)
  }

  end(source: number, lastEnded: number, at: number): void {
    const entry = this.entries.get(source)
    if (entry === undefined || entry.ended !== undefined) return
    entry.ended = lastEnded
    entry.endedAt = at
    this.states.delete(source)
  }

  #add(stored: StoredEntry, payloads: StoredPayloads): void {
    const { entry: { keep, keys }, first, source, submitter } = stored
    const size = entrySize + payloads.bytes.length + payloads.offsets.byteLength
    const isAsked = keep === true || keys !== undefined
    const kept = {
      stored,
      payloads,
      size,
      first,
      span: spanOf(stored),
      ended: undefined,
      endedAt: 0,
      isAsked
    }
    this.entries.set(source, kept)
    this.places.add(kept)
    this.size += size
    const known = this.submitters.get(submitter)
    if (known === undefined) this.submitters.set(submitter, { acknowledged: 0, isDeparted: false })
    // It is there again.
    else known.isDeparted = false
  }

  #write(line: StoredLine): void {
    const lines = this.lines.get(line.task)
    if (lines === undefined) this.lines.set(line.task, [line])
    else lines.push(line)
    this.size += entrySize + line.line.message.length
  }

  #set(value: StoredValue): void {
    const { key, space } = value
    const values = this.values.get(space) ?? new Map<string, StoredValue>()
    this.values.set(space, values)
    this.size += (value.value?.length ?? 0) - (values.get(key)?.value?.length ?? 0)
    if (value.value === undefined) values.delete(key)
    else values.set(key, value)
  }

  remove(source: number): void {
    const entry = this.entries.get(source)
    if (entry === undefined) return
    this.entries.delete(source)
    this.places.remove(entry)
    this.states.delete(source)
    this.size -= entry.size
    for (let task = entry.first; this.lines.size > 0 && task < entry.first + entry.span; task++) {
      for (const { line: { message } } of this.lines.get(task) ?? []) this.size -= entrySize + message.length
      this.lines.delete(task)
    }
  }

  /** Those that ended without success, the greatest position first. */
  get failures(): Iterable<PositionRange> {
    if (!this.#isSorted) this.failed.sort((left, right) => left.first - right.first)
    this.#isSorted = true
    return this.failed.values().toArray().toReversed()
  }

  *segments(query: SegmentQuery): Iterable<KeptCommit> {
    const { after, high = Infinity, isEnding = false, low = 0, submission, submitter, through = Infinity } = query
    for (let place = this.#placeAfter(after); place < this.commits.length; place++) {
      const commit = this.commits[place]!
      if (commit.first > through) return
      const [least, greatest] = isEnding ? [commit.endedLow, commit.endedHigh] : [commit.low, commit.high]
      const isAll = !isEnding && query.low === undefined
      if (!isAll && (greatest < low || least > high || greatest < 0)) continue
      if (submission !== undefined && !commit.submissions.has(submission)) continue
      if (submitter !== undefined && !commit.submitters.has(submitter)) continue
      yield commit
    }
  }

  /** How many commits have nothing after that transition. */
  #placeAfter(sequence: number): number {
    let [low, high] = [0, this.commits.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.commits[middle]!.last <= sequence) low = middle + 1
      else high = middle
    }
    return low
  }
}
