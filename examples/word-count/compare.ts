/** Measures how much faster several threads are than one. */
import { Threads } from "cadre"
import { Effect, Layer, Stream } from "effect"
import { measured } from "./busy.ts"
import { countFiles } from "./count.ts"
import tasks from "./handlers.ts"
import { number, percent, time } from "./numbers.ts"
import { Tally } from "./tally.ts"

const rounds = 3

/** How often each of the files is counted in all. */
export const runsOfAll = 2 * (rounds + 1)

/** A task that waits for its file lends its thread to another. */
export const slots = 4

/** The median of the rounds with so many threads. */
export interface Row {
  readonly threads: number
  readonly seconds: number
  readonly filesPerSecond: number
  /** How busy the threads were, on average. */
  readonly busy: number
  /** How many times as fast as one thread. */
  readonly speedUp: number
}

const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

/**
 * Counts the files with one thread and with `most`, in turns, so that whatever
 * else the machine does slows down both. The first round warms up. Calls
 * `counted` as files have been counted.
 */
export const compare = Effect.fnUntraced(function*(
  files: ReadonlyArray<string>,
  most: number,
  counted: (files: number) => void
) {
  const crews = yield* Effect.forEach(
    [1, most],
    (threads) =>
      Effect.map(Layer.build(Threads.layer(tasks, { threads, slots })), (context) => ({
        threads,
        context,
        runs: new Array<{ readonly seconds: number; readonly busy: number }>()
      }))
  )
  let done = 0
  for (let round = 0; round <= rounds; round++) {
    for (const { context, runs } of crews) {
      const tally = new Tally(() => counted(done + tally.files))
      const { busy, seconds } = yield* Effect.provideContext(
        measured(countFiles(Stream.fromIterable(files), tally)),
        context
      )
      done += tally.files
      const share = busy.reduce((sum, { share }) => sum + share, 0) / busy.length
      if (round > 0) runs.push({ seconds, busy: share })
    }
  }
  const times = crews.map(({ runs }) => median(runs.map(({ seconds }) => Math.max(seconds, 0.001))))
  return crews.map(({ runs, threads }, index): Row => {
    const [one = 1, seconds = 1] = [times[0], times[index]]
    return {
      threads,
      seconds,
      filesPerSecond: files.length / seconds,
      busy: median(runs.map(({ busy }) => busy)),
      speedUp: one / seconds
    }
  })
}, Effect.scoped)

/** The rows as a table. */
export const compareText = (rows: ReadonlyArray<Row>, files: number): string => {
  const cells = rows.map((row) => [
    number(row.threads),
    time(row.seconds),
    number(row.filesPerSecond),
    percent(row.busy),
    `${row.speedUp.toFixed(2)} x`
  ])
  const lines = [["threads", "time", "files/s", "busy", "speed-up"], ...cells]
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? []
  const table = lines.map((line) => line.map((cell, column) => cell.padStart(widths[column] ?? 0)).join("  "))
  return [...table, "", `${number(files)} files; medians of ${rounds} rounds after one that warms up`].join("\n")
}
