/**
 * How far a set of tasks is, in one line.
 *
 * @since 0.1.0
 */
import { countText, durationText, rateText } from "./Quantity.ts"

/** What has become of the tasks so far; `total` is known once all payloads were read. */
export interface Progress {
  readonly submitted: number
  readonly succeeded: number
  readonly failed: number
  readonly total: number | undefined
  /** How many run, where not all that were submitted do. */
  readonly running?: number
  /** How many had ended before anybody measured. */
  readonly before?: number
}

/** How much of it is done, from 0 to 1. */
const share = ({ failed, succeeded, total }: Progress): number | undefined =>
  total === undefined || total === 0 ? undefined : (succeeded + failed) / total

/** Milliseconds that are left if it goes on as it did. */
export const timeLeft = ({ before = 0, failed, succeeded, total }: Progress, elapsed: number): number | undefined => {
  const done = succeeded + failed
  return total === undefined || done <= before ? undefined : elapsed * (total - done) / (done - before)
}

/** The line: done of all, running, failed, rate and time left. `elapsed` is in milliseconds. */
export const progressText = (progress: Progress, elapsed: number): string => {
  const { before = 0, failed, submitted, succeeded, total } = progress
  const done = succeeded + failed
  const { running = submitted - done } = progress
  const left = timeLeft(progress, elapsed)
  return [
    `${countText(done)}${total === undefined ? "" : ` of ${countText(total)}`} done`,
    `${countText(running)} running`,
    ...(failed > 0 ? [`${countText(failed)} failed`] : []),
    rateText(Math.max(0, done - before), elapsed),
    ...(left === undefined || done === total ? [] : [`${durationText(left)} left`])
  ].join(", ")
}

/** The line with a bar before it where there is room; never wider than the terminal. */
export const progressBar = (progress: Progress, elapsed: number, columns: number): string => {
  const text = progressText(progress, elapsed)
  const done = share(progress)
  const room = Math.min(30, columns - text.length - 4)
  if (done === undefined || room < 5) return text.slice(0, Math.max(0, columns - 1))
  const full = Math.floor(done * room)
  return `[${"#".repeat(full)}${"-".repeat(room - full)}] ${text}`
}
