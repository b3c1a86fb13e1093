/**
 * Where tasks come from: one entry of a request, and how far it has been given
 * out. Tasks take memory one by one only once they leave it.
 *
 * @since 0.1.0
 */
import type { Batch } from "./Command.ts"
import type { Entry } from "./Event.ts"
import type { ExecutorState } from "./ExecutorState.ts"
import type { Lane } from "./Lane.ts"
import type { SubmissionState } from "./SubmissionState.ts"

/** A job that is asked for chunks: which of its tasks there are, who was asked for whom, and who was told to wait. */
export interface Job {
  readonly members: Set<number>
  readonly asked: Set<ExecutorState>
  readonly waiting: Set<ExecutorState>
}

/** One entry, from its acceptance until the last task of it is forgotten. */
export class Source {
  readonly id: number
  readonly batch: Batch
  readonly entry: Entry
  readonly submission: SubmissionState
  readonly lane: Lane
  /** Position of its first task; a producer's are not in a row. */
  readonly first: number
  /** How many it has, and may be given out at once, and has given out. */
  count: number
  available: number
  cursor = 0
  /** Tasks of it that are not forgotten. */
  live: number
  /** Tasks of it that have ended, and the first that did so without success. */
  ended = 0
  failedTask: number | undefined
  /** The task that it was to follow and that did not succeed. */
  failedDependency: number | undefined
  /** How much it must wait for: tasks that are known, all of other sources, a time. */
  blockers = 0
  awaits: ReadonlyArray<number> = []
  /** Sources that wait for all of it. */
  dependents: Set<Source> | undefined
  /** Tasks whose results its payloads need. */
  refs: ReadonlyArray<number> = []
  /** Ahead of the cursor there are tasks that were touched on their own. */
  isTouchedAhead = false
  isLoading = false
  /** It is a job that may make more. */
  isProducing = false
  /** It is from before the server's restart: until then, others may come back that follow what has ended of it. */
  knownUntil = -Infinity
  /** It stands in its lane. */
  isQueued = false
  /** Every task of it that has not ended is to end so. */
  isClosed = false
  readonly job: Job | undefined

  constructor(id: number, batch: Batch, entry: Entry, submission: SubmissionState, lane: Lane, first: number) {
    this.id = id
    this.batch = batch
    this.entry = entry
    this.submission = submission
    this.lane = lane
    this.first = first
    this.count = this.live = entry.count
    this.available = entry.kind === "window" ? 0 : entry.count
    this.job = entry.kind === "producer" ? { members: new Set(), asked: new Set(), waiting: new Set() } : undefined
  }

  /** Whether the task at this position has not been given out. */
  hasAhead(task: number): boolean {
    return this.job === undefined && task >= this.first + this.cursor && task < this.first + this.count
  }
}
