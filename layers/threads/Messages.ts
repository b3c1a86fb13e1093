/**
 * What a program and one of its worker threads say to each other.
 *
 * @since 0.1.0
 */
import type { RevokeReason } from "../../src/dispatch/Command.ts"
import type { LeaseRef } from "../../src/dispatch/Event.ts"
import type { AttemptFrame } from "../../src/protocol/AttemptFrame.ts"
import type { ExecutorMessage } from "../../src/protocol/ExecutorPort.ts"
import type { ReportFrame } from "../../src/protocol/ReportFrame.ts"
import type { SubmitterMessage, SubmitterNotice } from "../../src/protocol/SubmitterPort.ts"
import type { LogLine } from "../../src/task/LogLine.ts"
import type { Defect } from "../../src/task/Outcome.ts"
import type { Keys } from "../SealerNode.ts"
import type { Contents } from "./Contents.ts"

/** What a thread is started with. */
export interface ThreadData {
  readonly _tag: "cadre/thread"
  /** The task module. */
  readonly url: string
  readonly claims: SharedArrayBuffer
  /** The folder where the program keeps what the engine compiled, if it does. */
  readonly compiled: string | undefined
}

/** What a thread is told once it is ready, before its first attempt. */
export interface Opening {
  readonly _tag: "Open"
  readonly executorId: string
  /** What its handlers submit as. */
  readonly submitter: string
  readonly slots: number
  /** What secrets are sealed with. */
  readonly keys: Keys
  /** All that its handlers may submit. */
  readonly libraries: ReadonlyArray<Contents>
  /** What names of tasks begin with. */
  readonly taskPrefix: string
  /** The server is in another process: what does not belong to the bytes of a result would be lost. */
  readonly isRemote: boolean
  /** Whether what belongs to no attempt is wanted, or goes to the program's output. */
  readonly takesOutput: boolean
}

/** To the thread. */
export type ToThread =
  | Opening
  | { readonly _tag: "Assign"; readonly frame: AttemptFrame }
  /** The attempt of that claim. */
  | { readonly _tag: "Revoke"; readonly claim: number; readonly epoch: number; readonly reason: RevokeReason }
  | { readonly _tag: "Notices"; readonly notices: ReadonlyArray<SubmitterNotice> }
  /** Interrupt everything, run the finalizers, and end. */
  | { readonly _tag: "Close" }

/** From the thread. */
export type FromThread =
  | { readonly _tag: "Reports"; readonly frame: ReportFrame }
  | {
    readonly _tag: "Ready"
    readonly libraries: ReadonlyArray<Contents>
    readonly services: ReadonlyArray<string>
    /** What is wrong with the module, though it can be used. */
    readonly effects: ReadonlyArray<string>
  }
  /** The module cannot be used; the thread ends. */
  | { readonly _tag: "Unusable"; readonly url: string; readonly problem: string }
  /** Something was thrown that nobody caught; the thread ends. */
  | { readonly _tag: "Fatal"; readonly defect: Defect }
  | {
    readonly _tag: "Says"
    readonly message: Extract<ExecutorMessage, { readonly _tag: "beat" | "log" | "logs" | "output" | "progress" }>
  }
  /** The last lines of an attempt that are left out of its log, unless this was all that the thread had to say. */
  | { readonly _tag: "Withheld"; readonly lease: LeaseRef; readonly lines: ReadonlyArray<LogLine> }
  | { readonly _tag: "Submits"; readonly messages: ReadonlyArray<SubmitterMessage> }
