/**
 * Shows on standard error how far a set of tasks is: a bar that is redrawn on a
 * terminal, elsewhere a line now and then.
 *
 * @since 0.1.0
 */
import { Clock, Effect, Schedule, type Scope } from "effect"
import process from "node:process"
import { type Progress, progressBar, progressText } from "../../cli/Progress.ts"
import { note } from "./Root.ts"

/** Says things beside the bar. */
export interface ProgressLine {
  /** Takes the bar away until it is drawn anew: something else is about to be written to the terminal. */
  readonly clear: Effect.Effect<void>
  /** Tells people something, past the bar. */
  readonly note: (text: string) => Effect.Effect<void>
}

const erase = "\r\u001b[2K"

/** Nothing is shown. */
export const hidden: ProgressLine = { clear: Effect.void, note }

/** Whether a bar can be drawn on standard error. */
export const canDraw = (): boolean => process.stderr.isTTY && process.env["TERM"] !== "dumb"

/** Shows it while the scope lasts. */
export const shown = Effect.fnUntraced(function*(
  read: () => Progress
): Effect.fn.Return<ProgressLine, never, Scope.Scope> {
  const start = yield* Clock.currentTimeMillis
  const elapsed = Effect.map(Clock.currentTimeMillis, (now) => now - start)
  if (!canDraw()) {
    yield* Effect.flatMap(elapsed, (elapsed) => note(progressText(read(), elapsed))).pipe(
      Effect.delay("5 seconds"),
      Effect.repeat(Schedule.forever),
      Effect.forkScoped
    )
    return hidden
  }
  let isDrawn = false
  const clear = Effect.sync(() => {
    if (!isDrawn) return
    isDrawn = false
    process.stderr.write(erase)
  })
  const draw = Effect.map(elapsed, (elapsed) => {
    isDrawn = true
    process.stderr.write(`${erase}${progressBar(read(), elapsed, process.stderr.columns || 80)}`)
  })
  yield* Effect.addFinalizer(() => clear)
  yield* draw.pipe(Effect.delay("100 millis"), Effect.repeat(Schedule.forever), Effect.forkScoped)
  return { clear, note: (text) => Effect.andThen(clear, note(text)) }
})
