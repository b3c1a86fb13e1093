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
}

/** How much of it is done, from 0 to 1. */
const share = ({ failed, succeeded, total }: Progress): number | undefined =>
  total === undefined || total === 0 ? undefined : (succeeded + failed) / total

/** Milliseconds that are left if it goes on as it did. */
export const timeLeft = (progress: Progress, elapsed: number): number | undefined => {
  const done = share(progress)
  return done === undefined || done === 0 ? undefined : elapsed / done - elapsed
}

/** The line: done of all, running, failed, rate and time left. `elapsed` is in milliseconds. */
export const progressText = (progress: Progress, elapsed: number): string => {
  const { failed, submitted, succeeded, total } = progress
  const done = succeeded + failed
  const left = timeLeft(progress, elapsed)
  return [
    `${countText(done)}${total === undefined ? "" : ` of ${countText(total)}`} done`,
    `${countText(submitted - done)} running`,
    ...(failed > 0 ? [`${countText(failed)} failed`] : []),
    rateText(done, elapsed),
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
