/**
 * What the end of a thread means for the attempts that were in it.
 *
 * @since 0.1.0
 */
import type { Report } from "../dispatch/Event.ts"
import { ExecutorId } from "../task/Attempt.ts"
import type { Defect, Loss, Outcome } from "../task/Outcome.ts"
import type { Encoding } from "../task/Payload.ts"
import type { Claimed } from "./AttemptFrame.ts"
import type { Attempt } from "./ExecutorPort.ts"

/** How a thread ended, unless it was told to. */
export interface End {
  readonly reason: string
  /** What was thrown, where that was the reason. */
  readonly defect: Defect | undefined
  /** It was killed for a reason that is not to be laid on what else ran in it. */
  readonly isKilled: boolean
}

/** What is known of the thread that has ended. */
export interface Circumstances {
  readonly executorId: string
  readonly slots: number
  /** The claim that was started last. */
  readonly latest: number
  /** What the thread was killed for. */
  readonly guilty: ReadonlySet<Attempt>
  /** The last that an attempt wrote. */
  readonly lines?: (attempt: Attempt) => ReadonlyArray<string>
  readonly end: End
}

/** An attempt that the server has interrupted. */
export const interrupted = (cleanly: boolean): Outcome => ({ _tag: "Interrupted", by: "the server", cleanly })

/** Why a module cannot be used whose thread ended while it was imported. */
export const loading = ({ defect, reason }: End): string =>
  defect === undefined
    ? `Its thread ended while it was imported: ${reason}`
    : `It failed while it was imported: ${defect.name}: ${defect.message}`

/** What becomes of each attempt that was started, and of those whose payloads were lost with the thread. */
export const verdicts = (
  started: ReadonlyArray<Claimed>,
  moved: ReadonlyArray<Attempt>,
  { end, executorId, guilty, latest, lines = () => [], slots }: Circumstances
): ReadonlyArray<Report> => {
  // With one slot it can have been at no other than the last; those before it had ended, and nobody knows how.
  const isSuspect = (claim: number) => slots > 1 || claim === latest
  const suspects = started.filter(({ claim }) => isSuspect(claim)).length
  const loss: Loss = { executorId: ExecutorId.make(executorId), reason: end.reason }
  const lost: Outcome = { _tag: "Lost", executors: [loss] }
  const lostWith = (last: ReadonlyArray<string>): Outcome =>
    last.length === 0 ? lost : { _tag: "Lost", executors: [{ ...loss, lines: last }] }
  const ofStarted = started.map(({ attempt, claim }): Report => {
    const { epoch, task } = attempt.assignment
    if (guilty.has(attempt)) return { task, epoch, outcome: interrupted(false) }
    const isGuilty = isSuspect(claim) && !end.isKilled
    if (isGuilty && suspects === 1 && end.defect !== undefined) {
      return { task, epoch, outcome: { _tag: "Crashed", defect: end.defect } }
    }
    return { task, epoch, outcome: lostWith(lines(attempt)), isDeath: isGuilty }
  })
  return [
    ...ofStarted,
    ...moved.map((attempt): Report => {
      const { epoch, task } = attempt.assignment
      return { task, epoch, outcome: guilty.has(attempt) ? interrupted(false) : lost, isDeath: false }
    })
  ]
}

/** What an attempt has come to that has ended well. */
export const reportOf = (
  { assignment: { epoch, task } }: Attempt,
  startedAt: number,
  encoding: Encoding,
  bytes: Uint8Array
) => ({
  task,
  epoch,
  startedAt,
  outcome: { _tag: "Succeeded", value: { encoding, bytes } } as const
})
