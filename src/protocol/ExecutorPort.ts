/**
 * What a server and an executor say to each other.
 *
 * @since 0.1.0
 */
import type { Assignment, RevokeReason } from "../dispatch/Command.ts"
import type { LeaseRef, Report } from "../dispatch/Event.ts"
import type { LogLine } from "../task/LogLine.ts"
import type { BlobRef } from "../task/Payload.ts"

/** An assignment with the bytes that its handler is given. */
export interface Attempt {
  readonly assignment: Assignment
  readonly payload: Uint8Array
  /** The names of the payload's fields that are results of other tasks, in the order of the assignment's `refs`. */
  readonly refFields: ReadonlyArray<string> | undefined
  /** Somebody wants its progress and its logs. */
  readonly isFollowed: boolean
  /** Its logs are kept, whether somebody wants them now or not. */
  readonly isLogged?: boolean
  /** The payload, where it lies beside: `payload` is empty then. */
  readonly blob?: BlobRef
}

/** To the executor. What it may run at a time is its own to keep; a server never sends more than slots and prefetch. */
export type ExecutorCommand =
  | { readonly _tag: "Assign"; readonly attempts: ReadonlyArray<Attempt> }
  /** Give back those that have not started. */
  | { readonly _tag: "Recall"; readonly leases: ReadonlyArray<LeaseRef> }
  /** Interrupt the attempt and report its end; with `kill`, do so whatever it takes. */
  | {
    readonly _tag: "Revoke"
    readonly task: number
    readonly epoch: number
    readonly reason: RevokeReason
    readonly kill: boolean
  }
  /** Finish what runs, and end. */
  | { readonly _tag: "Stop" }

/** From the executor. */
export type ExecutorMessage =
  | { readonly _tag: "started"; readonly leases: ReadonlyArray<LeaseRef> }
  | { readonly _tag: "ended"; readonly reports: ReadonlyArray<Report> }
  | { readonly _tag: "recalled"; readonly leases: ReadonlyArray<LeaseRef> }
  /** It lives; `slots` if it may run more or fewer attempts than before. */
  | { readonly _tag: "beat"; readonly slots?: number }
  | { readonly _tag: "adopted"; readonly leases: ReadonlyArray<LeaseRef> }
  | { readonly _tag: "progress"; readonly lease: LeaseRef; readonly value: Uint8Array }
  | { readonly _tag: "log"; readonly lease: LeaseRef; readonly line: LogLine }
  /** What it wrote itself, or somebody in it of whom it cannot be told for which attempt. */
  | { readonly _tag: "output"; readonly line: LogLine }
  /** Many lines of many attempts, in order. */
  | { readonly _tag: "logs"; readonly entries: ReadonlyArray<{ readonly lease: LeaseRef; readonly line: LogLine }> }
