/** How busy each executor was during a run. */
import { Executors } from "cadre"
import { Effect } from "effect"
import { number, percent } from "./numbers.ts"

const barWidth = 24

/** One executor during a run: `share` is the part of the time in which it had something to do, from 0 to 1. */
export interface Busy {
  readonly executor: string
  readonly share: number
  readonly tasks: number
}

/** What an effect gives, how many seconds that took, and how busy the executors were. */
export const measured = Effect.fnUntraced(function*<A, E, R>(run: Effect.Effect<A, E, R>) {
  const { loads } = yield* Executors
  const before = new Map((yield* loads).map((load) => [load.executorId, load]))
  const start = performance.now()
  const value = yield* run
  const millis = performance.now() - start
  const busy = (yield* loads).map(({ busy, ended, executorId }): Busy => {
    const earlier = before.get(executorId) ?? { busy: 0, ended: 0 }
    const share = millis === 0 ? 0 : Math.min(1, (busy - earlier.busy) / millis)
    return { executor: executorId, share, tasks: ended - earlier.ended }
  })
  return { value, seconds: millis / 1_000, busy }
})

/** A line with a bar for each executor. */
export const busyText = (busy: ReadonlyArray<Busy>): string => {
  const name = Math.max(0, ...busy.map(({ executor }) => executor.length))
  const count = Math.max(0, ...busy.map(({ tasks }) => number(tasks).length))
  return busy.map(({ executor, share, tasks }) => {
    const bar = "#".repeat(Math.round(share * barWidth)).padEnd(barWidth, "-")
    return `  ${executor.padEnd(name)}  [${bar}] ${percent(share).padStart(4)} busy, ${
      number(tasks).padStart(count)
    } tasks`
  }).join("\n")
}
