/**
 * When things happen on a wire: by the timers of the process or, in a
 * simulation, by those of a clock that moves by itself.
 *
 * @since 0.1.0
 */
import { Context } from "effect"

/** Milliseconds throughout. */
export interface Timing {
  /** Never goes back. */
  readonly now: () => number
  /** Once what goes on has had its turn. */
  readonly soon: (run: () => void) => void
  /** Once, unless what it gives is called before; with `isAwaited` the process does not end before. */
  readonly after: (millis: number, run: () => void, isAwaited?: boolean) => () => void
  /** Again and again, until what it gives is called. */
  readonly every: (millis: number, run: () => void) => () => void
}

const live: Timing = {
  now: () => performance.now(),
  soon: (run) => void setImmediate(run),
  after: (millis, run, isAwaited = false) => {
    const timer = setTimeout(run, millis)
    if (!isAwaited) timer.unref()
    return () => clearTimeout(timer)
  },
  every: (millis, run) => {
    const timer = setInterval(run, millis)
    timer.unref()
    return () => clearInterval(timer)
  }
}

/** That of the process, unless another is provided. */
export const Timing = Context.Reference<Timing>("cadre/wire/Timing", { defaultValue: () => live })
