/** Whether a task costs the dispatcher the same however many others wait, and however many executors there are. */
import { Effect } from "effect"
import { Dispatching } from "../Dispatching.ts"
import { type Figure, median, type Profile } from "../Figure.ts"

/** Those of a small machine. With 64 each, a thousand hold 128,000 tasks, and it is memory that is measured. */
const slots = 4

/** Nanoseconds a task of `count`, of which `queued` are handed over at a time, on so many executors. */
const cost = (count: number, queued: number, executors: number): number => {
  const dispatching = new Dispatching(executors, slots)
  const start = performance.now()
  for (let left = count; left > 0; left -= queued) {
    dispatching.submit(Math.min(queued, left))
    dispatching.finish()
  }
  const nanos = (performance.now() - start) * 1_000_000
  if (dispatching.ended !== count) throw new Error(`${dispatching.ended} of ${count} tasks have ended`)
  return nanos / count
}

/** Both sides in turn, so that whatever slows the machine down slows both. */
const compare = (profile: Profile, few: (count: number) => number, many: (count: number) => number) => {
  const count = profile === "quick" ? 1_000_000 : 5_000
  const rounds = Array.from({ length: profile === "quick" ? 6 : 1 }, () => ({ few: few(count), many: many(count) }))
  // The first round warms up.
  const measured = rounds.length > 1 ? rounds.slice(1) : rounds
  return { few: median(measured.map(({ few }) => few)), many: median(measured.map(({ many }) => many)) }
}

/** A million queued against a thousand, and a thousand executors against one. */
export const dispatcherFlatness: Figure = {
  name: "dispatcher-flatness",
  description: "cost of a task with 1M others queued, and on 1,000 executors",
  measure: (profile) =>
    Effect.sync(() => {
      const queued = compare(profile, (count) => cost(count, 1_000, 1), (count) => cost(count, count, 1))
      const executors = compare(profile, (count) => cost(count, count, 1), (count) => cost(count, count, 1_000))
      const row = (name: string, base: string, { few, many }: typeof queued) => ({
        name,
        measured: many,
        unit: "ns",
        target: { atMost: 1.2 * few },
        against: { name: base, measured: few }
      })
      return [
        row("dispatcher, a task with 1M queued", "1k queued", queued),
        row("dispatcher, a task with 1,000 executors", "1 executor", executors)
      ]
    })
}
