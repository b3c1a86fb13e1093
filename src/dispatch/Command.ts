/**
 * What the dispatcher wants done. Nothing that a record of `persist` says may be
 * acknowledged before it is committed; the dispatcher itself keeps to that.
 *
 * @since 0.1.0
 */
import type { ExecutorId } from "../task/Attempt.ts"
import type { Outcome } from "../task/Outcome.ts"
import type { TaskSpec } from "../task/TaskSpec.ts"
import type { LeaseRef, Trace } from "./Event.ts"

/** What all tasks of one entry share; `request` and `entry` lead the shell to their payloads. */
export interface Batch {
  readonly source: number
  readonly submitter: string
  readonly submission: string
  readonly request: number
  readonly entry: number
  readonly spec: TaskSpec
  readonly priority: number
  readonly deadline: number | undefined
  readonly trace: Trace | undefined
}

/**
 * One attempt to be made. `retries` counts the failures before it, not the
 * attempts that were lost with their executors; `refs` are the outcomes that
 * the payload needs; `isResumed` if it is running already.
 */
export interface Assignment {
  readonly task: number
  readonly epoch: number
  readonly retries: number
  /** Of the task in its entry; for a producer the number of the chunk. */
  readonly index: number
  readonly batch: Batch
  readonly refs: ReadonlyArray<Outcome> | undefined
  readonly isResumed: boolean
}

/** Why an executor must stop an attempt: it interrupts the handler, or kills what would not be interrupted. */
export type RevokeReason = "cancelled" | "timedOut" | "expired" | "stale"

/** A lease that holds no longer, or will not once its executor has acknowledged. */
export interface Revocation {
  readonly executorId: ExecutorId
  readonly task: number
  readonly epoch: number
  readonly reason: RevokeReason
  readonly kill: boolean
  /** Of the server that gave it out, if that was not this one: its epoch may have been given out again. */
  readonly generation?: number
}

/** When a task passed which station, in milliseconds; `NaN` where it never did. */
export interface Times {
  readonly queued: number
  readonly assigned: number
  readonly started: number
  readonly finished: number
}

/** A committed outcome; with `count` above 1 that of as many tasks in a row, none of which was ever assigned. */
export interface Ending {
  /** The entry, as this run of the server numbers it; not told to others. */
  readonly source?: number
  readonly request: number
  readonly entry: number
  readonly index: number
  readonly count: number
  readonly task: number
  readonly epoch: number
  readonly outcome: Outcome
  readonly times: Times | undefined
}

/** How far a submission is, in tasks; `failed` is all that ended in any other way. */
export interface Counts {
  readonly total: number
  readonly queued: number
  readonly running: number
  readonly succeeded: number
  readonly failed: number
  readonly cancelled: number
}

/** Why a request was refused whole, with the entry that is to blame. */
export type Refusal =
  | { readonly _tag: "Draining" }
  /** The server keeps as much as it may. */
  | { readonly _tag: "Full"; readonly reason: string }
  | { readonly _tag: "Unmet"; readonly entry: number; readonly missing: ReadonlyArray<string> }
  | { readonly _tag: "Conflict"; readonly entry: number; readonly key: string }
  | { readonly _tag: "UnknownDependency"; readonly entry: number; readonly task: number }
  | { readonly _tag: "Cycle"; readonly entries: ReadonlyArray<number> }
  | { readonly _tag: "LimitMismatch"; readonly entry: number; readonly limit: string }

/** What a submitter is told. */
export type Notice =
  /** Committed; `first` is the position of each entry's first task, `known` those that had been submitted before. */
  | {
    readonly _tag: "Accepted"
    readonly request: number
    readonly first: ReadonlyArray<number>
    readonly known: ReadonlyArray<{ readonly entry: number; readonly index: number; readonly task: number }>
  }
  | { readonly _tag: "Refused"; readonly request: number; readonly reason: Refusal }
  /** `sequence` is of the last transition in it, where a server keeps them. */
  | { readonly _tag: "Ended"; readonly endings: ReadonlyArray<Ending>; readonly sequence?: number }
  | { readonly _tag: "Progress"; readonly submission: string; readonly counts: Counts; readonly isEnded: boolean }
  /** Tasks that wait for an executor such as is not there; `missing` says what it would need, empty once there is one. */
  | {
    readonly _tag: "Unmet"
    readonly submission: string
    readonly taskName: string
    readonly missing: ReadonlyArray<string>
  }

/**
 * One transition of one task, or of `count` tasks in a row; `sequence` numbers
 * grow by one. `detail` is of `Accepted` the task's name, of `Released` how many
 * executors have died of the task, of `Retrying` after how long, of `Stopping`
 * and `Left` why, of `Ended` the outcome.
 */
export interface Transition {
  readonly sequence: number
  readonly at: number
  readonly kind:
    | "Accepted"
    | "Assigned"
    | "Started"
    | "Adopted"
    | "Released"
    | "Retrying"
    | "Stopping"
    | "Ended"
    | "Joined"
    | "Left"
    | "Forgotten"
  readonly task: number
  readonly count: number
  readonly epoch: number
  readonly executorId: ExecutorId | undefined
  readonly detail: Outcome | string | number | undefined
}

/** An entry that was accepted, subject to its being committed, with the transition that says so. */
export interface Acceptance {
  readonly batch: Batch
  readonly first: number
  readonly count: number
  readonly sequence: number
}

/** All that one call of `handle` decided. */
export interface Commands {
  readonly accept: ReadonlyArray<Acceptance>
  readonly persist: ReadonlyArray<Transition>
  readonly assign: ReadonlyArray<{ readonly executorId: ExecutorId; readonly assignments: ReadonlyArray<Assignment> }>
  readonly recall: ReadonlyArray<{ readonly executorId: ExecutorId; readonly leases: ReadonlyArray<LeaseRef> }>
  readonly revoke: ReadonlyArray<Revocation>
  /** The tasks that come next of a window, from that index on. */
  readonly load: ReadonlyArray<{
    readonly source: number
    readonly from: number
    readonly count: number
    readonly batch: Batch
  }>
  readonly produce: ReadonlyArray<{ readonly source: number; readonly executorId: ExecutorId; readonly batch: Batch }>
  readonly notify: ReadonlyArray<{ readonly submitter: string; readonly notice: Notice }>
  /** When to call again at the latest, if nothing happens before. */
  readonly wake: number | undefined
}
