/**
 * @since 0.1.0
 */
import type { ExecutorState } from "./ExecutorState.ts"
import type { Lane } from "./Lane.ts"

/** Tasks that run where the first of them did, as long as that executor is there and can run them. */
export class SessionState {
  readonly key: string
  readonly submitter: string
  readonly lanes = new Set<Lane>()
  holder: ExecutorState | undefined
  /** Once nothing of it is left, it is remembered until then. */
  keptUntil = 0

  constructor(key: string, submitter: string) {
    this.key = key
    this.submitter = submitter
  }
}
