/**
 * What the end of a thread means for the attempts that were in it.
 *
 * @since 0.1.0
 */
import type { Report } from "../../src/dispatch/Event.ts"
import type { Claimed } from "../../src/protocol/AttemptFrame.ts"
import type { Attempt } from "../../src/protocol/ExecutorPort.ts"
import { ExecutorId } from "../../src/task/Attempt.ts"
import type { Outcome } from "../../src/task/Outcome.ts"
import type { End } from "./Thread.ts"

/** What is known of the thread that has ended. */
export interface Circumstances {
  readonly executorId: string
  readonly slots: number
  /** The claim that was started last. */
  readonly latest: number
  /** What the thread was killed for. */
  readonly guilty: ReadonlySet<Attempt>
  readonly end: End
}

/** An attempt that the server has interrupted. */
export const interrupted = (cleanly: boolean): Outcome => ({ _tag: "Interrupted", by: "the server", cleanly })

/** Why a module cannot be used whose thread ended while it was imported. */
export const loading = ({ defect, reason }: End): string =>
  defect === undefined
    ? `Its thread ended while it was imported: ${reason}`
    : `It failed while it was imported: ${defect.name}: ${defect.message}`

/** What becomes of each attempt that was started. */
export const verdicts = (
  started: ReadonlyArray<Claimed>,
  { end, executorId, guilty, latest, slots }: Circumstances
): ReadonlyArray<Report> => {
  // With one slot it can have been at no other than the last; those before it had ended, and nobody knows how.
  const isSuspect = (claim: number) => slots > 1 || claim === latest
  const suspects = started.filter(({ claim }) => isSuspect(claim)).length
  return started.map(({ attempt, claim }) => {
    const { epoch, task } = attempt.assignment
    if (guilty.has(attempt)) return { task, epoch, outcome: interrupted(false) }
    const isGuilty = isSuspect(claim) && !end.isKilled
    if (isGuilty && suspects === 1 && end.defect !== undefined) {
      return { task, epoch, outcome: { _tag: "Crashed", defect: end.defect } }
    }
    const executors = [{ executorId: ExecutorId.make(executorId), reason: end.reason }]
    return { task, epoch, outcome: { _tag: "Lost", executors }, isDeath: isGuilty }
  })
}
