/**
 * Whether and when a child process that has ended is started again.
 *
 * @since 0.1.0
 */
import { Duration } from "effect"
import { isGood, type ProcessExit } from "./ProcessExit.ts"

/**
 * When it is started again: never, after it has failed, or whenever it has
 * ended. The wait starts with `backoff` (100 ms) and is `factor` (2) times as
 * long each time, up to `backoffMost` (30 s), until it has run for `wellAfter`
 * (10 s): then it counts as new. After `restarts` (10) within `window` (a
 * minute) it is given up.
 */
export interface KeepRunning {
  readonly when: "never" | "onFailure" | "always"
  readonly backoff?: Duration.Input
  readonly factor?: number
  readonly backoffMost?: Duration.Input
  readonly wellAfter?: Duration.Input
  readonly restarts?: number
  readonly window?: Duration.Input
}

/** The same with everything that was left out; times in milliseconds. */
export interface KeepRunningPolicy {
  readonly when: KeepRunning["when"]
  readonly backoff: number
  readonly factor: number
  readonly backoffMost: number
  readonly wellAfter: number
  readonly restarts: number
  readonly window: number
}

const millis = (input: Duration.Input | undefined, otherwise: Duration.Input): number =>
  Duration.toMillis(Duration.fromInputUnsafe(input ?? otherwise))

/** Fills in what was left out. */
export const policyOf = (keep: KeepRunning = { when: "never" }): KeepRunningPolicy => ({
  when: keep.when,
  backoff: Math.max(0, millis(keep.backoff, "100 millis")),
  factor: Math.max(1, keep.factor ?? 2),
  backoffMost: millis(keep.backoffMost, "30 seconds"),
  wellAfter: millis(keep.wellAfter, "10 seconds"),
  restarts: Math.max(0, keep.restarts ?? 10),
  window: millis(keep.window, "1 minute")
})

/** What is remembered of a child's restarts. */
export interface RestartHistory {
  /** How often in a row it has ended before it had run well. */
  readonly inRow: number
  /** When it was started again, within the window; the oldest first. */
  readonly at: ReadonlyArray<number>
}

/** One that was never started again. */
export const neverRestarted: RestartHistory = { inRow: 0, at: [] }

/** What to do with a child that has ended: leave it, start it again after `wait` milliseconds, or give it up. */
export type AfterExit =
  | { readonly _tag: "Leave" }
  | { readonly _tag: "Restart"; readonly wait: number; readonly history: RestartHistory }
  | { readonly _tag: "GiveUp" }

/** Decides it; `startedAt` and `now` in milliseconds. */
export const afterExit = (
  policy: KeepRunningPolicy,
  history: RestartHistory,
  exit: ProcessExit,
  { now, startedAt }: { readonly startedAt: number; readonly now: number }
): AfterExit => {
  if (policy.when === "never" || (policy.when === "onFailure" && isGood(exit))) return { _tag: "Leave" }
  const inRow = now - startedAt >= policy.wellAfter ? 0 : history.inRow
  const wait = Math.min(policy.backoffMost, policy.backoff * policy.factor ** Math.min(inRow, 64))
  const recent = history.at.filter((at) => at > now - policy.window)
  if (recent.length >= policy.restarts) return { _tag: "GiveUp" }
  return { _tag: "Restart", wait, history: { inRow: inRow + 1, at: [...recent, now + wait] } }
}
