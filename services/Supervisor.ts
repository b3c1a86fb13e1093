/**
 * Starts, limits, captures, reaps and keeps running child processes. Every
 * layer keeps these laws; each is a test in `test/suites/SupervisorSuite.ts`:
 *
 * - **typed** – every child comes to one exit that says how it ended; what could not be started says why
 * - **whole** – once the exit is known, all that was written is there, and nothing is held back
 * - **marked** – what is kept of an output is its beginning, with a mark where it was cut
 * - **graceful** – a child is asked to end, and killed only after its grace
 * - **gone** – once the exit is known or the scope is left, nothing of the child lives
 * - **kept** – one to be kept running is started again as its policy says, until it is stopped
 * - **isolated** – what one child does concerns no other
 * - **clean** – a child has no variables that load code into it unless that was asked for
 *
 * @since 0.1.0
 */
import { Context, type Duration, type Effect, type Option, type Scope, type Stream } from "effect"
import type { Capabilities } from "../src/process/Capabilities.ts"
import type { ChildOutput } from "../src/process/ChildOutput.ts"
import type { ChildSpec } from "../src/process/ChildSpec.ts"
import type { OutputLine } from "../src/process/LineSplitter.ts"
import type { ProcessExit } from "../src/process/ProcessExit.ts"

/**
 * What a child does at present; times in milliseconds since 1970, `restarts`
 * how often it was started again. `waiting` is between two runs of one that is
 * kept running. One that `gaveUp` had been started again too often.
 */
export type ChildState =
  | { readonly _tag: "starting"; readonly restarts: number }
  | { readonly _tag: "running"; readonly pid: number; readonly since: number; readonly restarts: number }
  | { readonly _tag: "waiting"; readonly until: number; readonly exit: ProcessExit; readonly restarts: number }
  | { readonly _tag: "stopping"; readonly pid: number; readonly restarts: number }
  | {
    readonly _tag: "ended"
    readonly exit: ProcessExit
    readonly at: number
    readonly restarts: number
    readonly gaveUp: boolean
  }

/** How an output is followed. */
export interface Following {
  /**
   * What happens when the follower is more than 1 MiB behind: the output is cut
   * there, with a mark, which is the default; or the child waits for it.
   */
  readonly whenBehind?: "cut" | "wait"
}

/** A child process that is supervised; where it is kept running, all of its runs. */
export interface Child {
  /** Unique among all children of all supervisors. */
  readonly id: string
  readonly spec: ChildSpec
  /** Of the current run, if there is one. */
  readonly pid: Effect.Effect<Option.Option<number>>
  readonly state: Effect.Effect<ChildState>
  /** The state as it is and as it changes; ends with `ended`. */
  readonly states: Stream.Stream<ChildState>
  /** How it ended for good. Nothing of it lives by then, and its output is complete. */
  readonly exit: Effect.Effect<ProcessExit>
  /** What it writes, from the beginning of the current run as far as that is kept, to the end of the last. */
  readonly output: (following?: Following) => Stream.Stream<ChildOutput>
  /** The same in lines of text. */
  readonly lines: (following?: Following) => Stream.Stream<OutputLine>
  /** What is kept of the beginning of the current or last run's output, with marks where it was cut. */
  readonly beginning: Effect.Effect<ReadonlyArray<ChildOutput>>
  /** The last lines of both streams, also of earlier runs: for messages about what went wrong. */
  readonly lastLines: Effect.Effect<ReadonlyArray<OutputLine>>
  /**
   * To its stdin, if that is a pipe; waits while the child reads slowly. False
   * where nobody reads it (any more).
   */
  readonly write: (input: Uint8Array | string) => Effect.Effect<boolean>
  /** Ends its stdin. */
  readonly endInput: Effect.Effect<void>
  /** To the process group; false if nothing runs. */
  readonly signal: (signal: string) => Effect.Effect<boolean>
  /** Asks it to end, kills it after the grace, and starts it no more. */
  readonly stop: (grace?: Duration.Input) => Effect.Effect<ProcessExit>
}

/** Starts, limits, captures, reaps and keeps running child processes. */
export class Supervisor extends Context.Service<Supervisor, {
  /**
   * A child that lives no longer than the scope; it runs by the time that it is
   * here. It does not fail: what could not be started has that for its exit.
   * Children of one scope are stopped one after another, as scopes do it.
   */
  readonly start: (spec: ChildSpec) => Effect.Effect<Child, never, Scope.Scope>
  /** Those that have not ended, the oldest first. */
  readonly children: Effect.Effect<ReadonlyArray<Child>>
  readonly capabilities: Capabilities
}>()("cadre/services/Supervisor") {}
