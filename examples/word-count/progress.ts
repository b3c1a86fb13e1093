/** Shows on stderr how far the run is: a bar on a terminal, a line now and then elsewhere. */
import { Clock, Duration, Effect, Schedule, Stdio, Stream } from "effect"
import process from "node:process"
import { number, percent, time } from "./numbers.ts"

const barWidth = 24

/** How far a run is, in files; the total is not known before the last folder has been listed. */
export interface Progress {
  readonly files: number
  readonly failed: number
  readonly total: number | undefined
}

/** None of none is all. */
const shareOf = (files: number, total: number): number => total === 0 ? 1 : Math.min(1, files / total)

/** As text, such as `25%, 1,200 of 4,800 files, 30 failed, 400/s, 9 s left`. */
export const progressLine = ({ failed, files, total }: Progress, seconds: number): string => {
  const rate = files / Math.max(seconds, 0.001)
  const share = total === undefined ? "" : `${percent(shareOf(files, total))}, `
  const known = `${share}${number(files)}${total === undefined ? "" : ` of ${number(total)}`} files`
  const left = total === undefined || files === 0 ? "" : `, ${time((total - files) / rate)} left`
  return `${known}, ${number(failed)} failed, ${number(rate)}/s${left}`
}

/** The same behind a bar, cut to the width of a terminal. */
export const progressBar = (progress: Progress, seconds: number, columns: number): string => {
  const share = progress.total === undefined ? 0 : shareOf(progress.files, progress.total)
  const bar = "#".repeat(Math.round(share * barWidth)).padEnd(barWidth, "-")
  return `[${bar}] ${progressLine(progress, seconds)}`.slice(0, columns - 1)
}

const startOfLine = "\r\u001B[2K"

/** Shows what `progress` says, until the scope is left. */
export const showProgress = Effect.fnUntraced(function*(progress: () => Progress) {
  const stdio = yield* Stdio.Stdio
  const isTerminal = yield* stdio.stderrIsTerminal
  const start = yield* Clock.currentTimeMillis
  // That nobody is there to read is no reason to stop.
  const write = (text: string) => Effect.ignore(Stream.run(Stream.make(text), stdio.stderr()))
  const draw = Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const seconds = (now - start) / 1_000
    return write(
      isTerminal
        ? startOfLine + progressBar(progress(), seconds, process.stderr.columns)
        : `${progressLine(progress(), seconds)}\n`
    )
  })
  if (isTerminal) yield* Effect.addFinalizer(() => write(startOfLine))
  const interval = Duration.millis(isTerminal ? 100 : 2_000)
  yield* draw.pipe(Effect.delay(interval), Effect.repeat(Schedule.forever), Effect.forkScoped)
})
