/**
 * A submission as the dispatcher counts it.
 *
 * @since 0.1.0
 */
import type { Counts } from "./Command.ts"
import type { Source } from "./Source.ts"

/** Ends when it is closed and nothing of it is queued or running. */
export class SubmissionState {
  readonly id: string
  readonly submitter: string
  readonly sources = new Set<Source>()
  isOpen = true
  isWatched = false
  hasChanged = false
  /** Requests that are not durable yet; before the first one that is, nobody is told anything. */
  accepting = 0
  isAccepted = false
  total = 0
  running = 0
  /** Those that have ended, which is not durable yet. */
  committing = 0
  succeeded = 0
  failed = 0
  cancelled = 0
  /** Producers that may make more. */
  producing = 0

  constructor(id: string, submitter: string) {
    this.id = id
    this.submitter = submitter
  }

  get ended(): number {
    return this.succeeded + this.failed + this.cancelled
  }

  get isEnded(): boolean {
    return !this.isOpen && this.accepting === 0 && this.producing === 0 && this.ended === this.total
  }

  get counts(): Counts {
    const { cancelled, committing, ended, failed, succeeded, total } = this
    const running = this.running + committing
    return { total, queued: total - running - ended, running, succeeded, failed, cancelled }
  }
}
