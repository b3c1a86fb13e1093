/**
 * What the dispatcher is told. A task is named by its dense position in the
 * partition (see `TaskTable`), which `Dispatcher.idOf` and `positionOf` turn
 * into a `TaskId` and back; all times are milliseconds.
 *
 * @since 0.1.0
 */
import type { ExecutorId, NodeId } from "../task/Attempt.ts"
import type { Outcome } from "../task/Outcome.ts"
import type { Payload } from "../task/Payload.ts"
import type { Resources, TaskSpec } from "../task/TaskSpec.ts"

/** What a submission's tasks may follow: a task that is known already, or an entry of the same request. */
export type Dependency = number | { readonly entry: number }

/** Where a sampled trace goes on. */
export interface Trace {
  readonly traceId: string
  readonly spanId: string
}

/**
 * Tasks of one kind, handed over together. `list` and `range` are all there is
 * (the payloads of a list are in one buffer, those of a range are computed);
 * a `window` is loaded piece by piece; a `producer` is asked for a chunk
 * whenever an executor is free.
 */
export interface Entry {
  readonly kind: "list" | "range" | "window" | "producer"
  /** 0 for a producer, whose chunks are not known before. */
  readonly count: number
  readonly spec: TaskSpec
  /** Higher first. */
  readonly priority: number
  readonly startAt?: number
  readonly deadline?: number
  readonly after?: ReadonlyArray<Dependency>
  /** Those of `after` whose result the payload needs. */
  readonly refs?: ReadonlyArray<Dependency>
  readonly onDependencyFailure?: "fail" | "run"
  /** Tasks of one session run on one executor, as long as that is there. */
  readonly session?: string
  /** Idempotency keys with the hashes of the payloads, by index. */
  readonly keys?: ReadonlyArray<string>
  readonly hashes?: ReadonlyArray<number>
  readonly trace?: Trace
  /** Outcomes stay known until they are `fetched`. */
  readonly keep?: boolean
  /** Results that are known already, by index: these tasks do not run. */
  readonly cached?: ReadonlyArray<readonly [index: number, outcome: Outcome]>
  /** What the store knew of these tasks when the server started. */
  readonly restored?: Restored
}

/** Tasks of an earlier generation; those with an executor were assigned when the last server stopped. */
export interface Restored {
  readonly generation: number
  readonly first: number
  readonly tasks: ReadonlyArray<{
    readonly index: number
    readonly epoch: number
    readonly deaths: number
    readonly retries?: number
    readonly generation: number
    readonly executorId?: ExecutorId
    readonly isStarted?: boolean
    /** It waits for its next attempt until then. */
    readonly retryAt?: number
    readonly outcome?: Outcome
  }>
  /** Those that have ended and whose outcome nobody needs any more. */
  readonly ended?: ReadonlyArray<EndedRange>
}

/** Tasks in a row that have ended alike, by index: from the first to before the last. */
export interface EndedRange {
  readonly from: number
  readonly to: number
  readonly status: "succeeded" | "failed" | "cancelled"
}

/** What an executor can do; `heartbeat: false` for those that cannot be lost apart from the server. */
export interface ExecutorSpec {
  readonly executorId: ExecutorId
  readonly node: { readonly nodeId: NodeId; readonly capacity?: Resources }
  readonly slots: number
  /** How many assignments more than `slots` it may hold in advance. */
  readonly prefetch: number
  readonly libraries: ReadonlyArray<Offer>
  readonly services: ReadonlyArray<string>
  readonly labels: ReadonlyArray<string>
  readonly heartbeat: boolean
  /** Of the process that it is in. */
  readonly pid?: number
}

/** A library that an executor has, with the fingerprint of each of its tasks. */
export interface Offer {
  readonly name: string
  readonly version: string
  readonly tasks: Readonly<Record<string, string>>
}

/** One attempt at one task; `generation` where it may not be the current one. */
export interface LeaseRef {
  readonly task: number
  readonly epoch: number
  readonly generation?: number
}

/**
 * How an attempt ended. `Lost` says that the executor lives and the attempt
 * does not (a thread was killed); `isDeath` that the task may be the cause.
 * `hash` is of the outcome, to tell a repeated report from another one.
 */
export interface Report extends LeaseRef {
  readonly outcome: Outcome
  readonly startedAt?: number
  readonly retryAfter?: number
  readonly isDeath?: boolean
  readonly hash?: number
}

/** What a job's `prepare` answered: a chunk, by the job's own number for it; wait; or there is no more. */
export type Chunk = { readonly chunk: number } | "waiting" | "finished"

/** What happened. Batches are ordered: beats are heard before silence is judged. */
export type Event =
  | {
    readonly _tag: "submitted"
    readonly request: number
    readonly submitter: string
    readonly submission: string
    readonly entries: ReadonlyArray<Entry>
    readonly whenUnmet: "fail" | "wait"
    /** More may follow in the same submission. */
    readonly isOpen: boolean
    /** The submitter wants to hear of its progress. */
    readonly isWatched: boolean
  }
  | { readonly _tag: "closed"; readonly submission: string }
  | { readonly _tag: "loaded"; readonly source: number; readonly count: number }
  | {
    readonly _tag: "produced"
    readonly source: number
    /** Absent: the job may have more now, whoever waits should ask again. */
    readonly executorId?: ExecutorId
    readonly chunk?: Chunk
  }
  | { readonly _tag: "joined"; readonly executor: ExecutorSpec }
  | { readonly _tag: "left"; readonly executorId: ExecutorId; readonly reason: string; readonly isClean: boolean }
  | { readonly _tag: "beat"; readonly executorId: ExecutorId; readonly slots?: number }
  | { readonly _tag: "started"; readonly executorId: ExecutorId; readonly leases: ReadonlyArray<LeaseRef> }
  | { readonly _tag: "ended"; readonly executorId: ExecutorId; readonly reports: ReadonlyArray<Report> }
  | { readonly _tag: "recalled"; readonly executorId: ExecutorId; readonly leases: ReadonlyArray<LeaseRef> }
  | { readonly _tag: "adopted"; readonly executorId: ExecutorId; readonly leases: ReadonlyArray<LeaseRef> }
  | {
    readonly _tag: "cancelled"
    readonly target: { readonly task: number } | { readonly submission: string } | { readonly submitter: string }
    readonly by: string
    /** Who says so, where it may say so of its own alone. */
    readonly from?: string
  }
  | { readonly _tag: "committed"; readonly through: number }
  | { readonly _tag: "fetched"; readonly tasks: ReadonlyArray<number>; readonly from?: string }
  /** Without an executor it is the server that drains. */
  | { readonly _tag: "drain"; readonly executorId?: ExecutorId }
  | { readonly _tag: "tick" }

/** The result that a later task's payload needs. */
export type Reference = Payload
