/**
 * When a server that nobody needs ends by itself.
 *
 * @since 0.1.0
 */

/** What there is to do for a server. */
export interface Use {
  /** Whoever is connected, but for its own executors. */
  readonly clients: number
  /** Tasks that have not ended. */
  readonly tasks: number
  /** What it will do by itself at some time. */
  readonly schedules: number
}

/** Whether nobody needs it. */
export const isIdle = ({ clients, schedules, tasks }: Use): boolean => clients + tasks + schedules === 0

/** What to do next: look again after so many milliseconds, or end. */
export type Next = { readonly wait: number; readonly since: number | undefined } | "end"

/** The longest time between two looks: what is left is not worth a timer that is busier than a heartbeat. */
const look = 10_000

/** `since` when it has been idle, if it was the last time, and `idle` how long it may be; both in milliseconds. */
export const next = (use: Use, since: number | undefined, now: number, idle: number): Next => {
  const first = isIdle(use) ? since ?? now : undefined
  if (first === undefined) return { wait: Math.min(look, Math.max(10, idle)), since: undefined }
  const left = first + idle - now
  return left <= 0 ? "end" : { wait: Math.min(look, left), since: first }
}
