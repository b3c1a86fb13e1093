/**
 * What a server keeps of its tasks so that it can stop at any moment: the
 * entries that it accepted with their payloads, and the numbered transitions.
 * All else can be made from these. Times are in milliseconds since 1970: the
 * server's own clock begins anew with each start.
 *
 * @since 0.1.0
 */
import type { Ending, Transition } from "../dispatch/Command.ts"
import type { Entry, Restored } from "../dispatch/Event.ts"
import type { LogLine } from "../task/LogLine.ts"
import type { BlobRef } from "../task/Payload.ts"

/** Payloads of tasks in a row; those of blobs are empty here. */
export interface StoredPayloads {
  readonly bytes: Uint8Array
  /** Payload `i` goes from `offsets[i]` to `offsets[i + 1]`. */
  readonly offsets: Uint32Array
  readonly blobs?: ReadonlyArray<readonly [index: number, blob: BlobRef]>
}

/** Tasks of one kind that were handed over together, without their payloads. */
export interface StoredEntry {
  /** Numbers the entries of a partition over all generations; it grows. */
  readonly source: number
  /** Position of its first task (see `Positions`). */
  readonly first: number
  readonly generation: number
  readonly submitter: string
  readonly submission: string
  readonly request: number
  /** Which of its request it is, and how many that has. */
  readonly index: number
  readonly siblings: number
  readonly acceptedAt: number
  /** The transition with which it was accepted. */
  readonly sequence: number
  /** As it was handed over, with `startAt` and `deadline` since 1970. */
  readonly entry: Omit<Entry, "restored">
  readonly refFields: ReadonlyArray<string> | undefined
  readonly isFollowed: boolean
  readonly isOpen: boolean
  readonly whenUnmet: "fail" | "wait"
  /** It is nobody's to cancel when its submitter leaves. */
  readonly isDetached: boolean
}

/** A line that an attempt wrote; `dropped` stands where so many bytes were cut. */
export interface StoredLine {
  readonly task: number
  readonly epoch: number
  readonly line: LogLine
}

/**
 * Where the tasks of an entry are, after the transition `sequence`: what came
 * before need not be read again. It has every outcome that the dispatcher still
 * knows; what was recovered at a start, and is committed then, does.
 */
export interface StoredState {
  readonly source: number
  readonly sequence: number
  readonly restored: Restored
}

/** Small things by name: schedules, cached results. An absent value is removed. */
export interface StoredValue {
  readonly space: string
  readonly key: string
  readonly value: Uint8Array | undefined
  /** When it may be forgotten. */
  readonly until?: number
}

/** All that is made durable together, or not at all. */
export interface Commit {
  readonly entries: ReadonlyArray<{ readonly entry: StoredEntry; readonly payloads: StoredPayloads }>
  /** In order and without a gap after those of the commit before; `at` since 1970. */
  readonly transitions: ReadonlyArray<Transition>
  /** Entries all of whose tasks have ended. */
  readonly ended: ReadonlyArray<number>
  /** Submitters that have the outcomes of all transitions up to that. */
  readonly acknowledged: ReadonlyArray<{ readonly submitter: string; readonly through: number }>
  /** Submitters that are gone for good. */
  readonly departed: ReadonlyArray<string>
  readonly states: ReadonlyArray<StoredState>
  readonly lines: ReadonlyArray<StoredLine>
  readonly values: ReadonlyArray<StoredValue>
}

/** `unknown`: it may be there or not; whoever reads next will see. `refused`: another server has taken over. */
export type Committed = "committed" | "refused" | "unknown"

/**
 * An entry with tasks that had not all ended when the last server stopped, or
 * of which somebody may still ask for an outcome. Times are since 1970.
 */
export interface RecoveredEntry {
  readonly stored: StoredEntry
  readonly restored: Restored
}

/** What a server starts with. */
export interface Recovered {
  /** The new one: above all before it. */
  readonly generation: number
  /** Random; a restored backup has another one than its continuation. */
  readonly incarnation: string
  readonly past: ReadonlyArray<{ readonly generation: number; readonly count: number }>
  /** The last transition, and the next `source`. */
  readonly sequence: number
  readonly nextSource: number
  /**
   * In the order of `source`: those with tasks that have not ended; those that are kept or have keys, until all of
   * their tasks were forgotten; those with a task that one that has not ended follows; and all of the request of one
   * that follows another of the same request.
   */
  readonly entries: ReadonlyArray<RecoveredEntry>
  readonly submitters: ReadonlyArray<{ readonly submitter: string; readonly acknowledged: number }>
}

/** An ending with the transition that says so; its `times` are absent, as other transitions have them. */
export interface StoredEnding extends Ending {
  readonly sequence: number
  readonly at: number
  readonly submission: string
}

/** One page; `next` is where the following one begins, absent after the last. */
export interface Page<out A> {
  readonly items: ReadonlyArray<A>
  readonly next: number | undefined
}

/** What is kept of tasks that have ended and been fetched; whichever is reached first. */
export interface Retention {
  /** Milliseconds. */
  readonly age: number
  /** Bytes. */
  readonly size: number
}
