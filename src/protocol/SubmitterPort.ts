/**
 * What a submitter and a server say to each other.
 *
 * @since 0.1.0
 */
import type { Notice } from "../dispatch/Command.ts"
import type { Entry } from "../dispatch/Event.ts"
import type { LogLine } from "../task/LogLine.ts"
import type { BlobRef } from "../task/Payload.ts"

/** The payloads of one entry: all of them in one buffer, payload `i` from `offsets[i]` to `offsets[i + 1]`; one by one; or computed from the index. */
export type Payloads =
  | { readonly _tag: "List"; readonly bytes: Uint8Array; readonly offsets: Uint32Array }
  | { readonly _tag: "Pieces"; readonly pieces: ReadonlyArray<Uint8Array> }
  | { readonly _tag: "Range"; readonly at: (index: number) => Uint8Array }

/** Tasks of one kind with what their handlers are given. */
export interface Submitted {
  readonly entry: Entry
  readonly payloads: Payloads
  /** The fields that are results of other tasks, in the order of the entry's `refs`. */
  readonly refFields?: ReadonlyArray<string>
  /** Progress and logs are wanted. */
  readonly isFollowed: boolean
  /** It goes on when its submitter leaves. */
  readonly isDetached?: boolean
  /** Payloads that lie beside, by index; they are empty in `payloads`. */
  readonly blobs?: ReadonlyArray<readonly [index: number, blob: BlobRef]>
}

/** From the submitter; `request` is its own number, under which it hears of what becomes of it. */
export type SubmitterMessage =
  | {
    readonly _tag: "submit"
    readonly request: number
    readonly submission: string
    readonly entries: ReadonlyArray<Submitted>
    readonly whenUnmet: "fail" | "wait"
    readonly isOpen: boolean
    readonly isWatched: boolean
  }
  | { readonly _tag: "close"; readonly submission: string }
  | {
    readonly _tag: "cancel"
    readonly target: { readonly task: number } | { readonly submission: string }
    readonly by: string
  }
  /** It has the outcome of these, and will not ask again. */
  | { readonly _tag: "fetched"; readonly tasks: ReadonlyArray<number> }
  /** It has the endings of all notices up to that `sequence`: they need not be told again. */
  | { readonly _tag: "acknowledged"; readonly through: number }

/** To the submitter: what was decided, and what a followed task's handler reports. */
export type SubmitterNotice =
  | Notice
  | {
    readonly _tag: "TaskProgress"
    readonly request: number
    readonly entry: number
    readonly index: number
    readonly value: Uint8Array
  }
  | {
    readonly _tag: "TaskLog"
    readonly request: number
    readonly entry: number
    readonly index: number
    readonly line: LogLine
  }
