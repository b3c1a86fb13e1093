/** How many tasks that do nothing the dispatcher alone can hand out and take back in a second. */
import { Effect } from "effect"
import { Dispatching } from "../Dispatching.ts"
import { type Figure, median } from "../Figure.ts"

const slots = 256

/** From a submission of a million tasks to the notice of the last end. */
const perSecond = (count: number): number => {
  const dispatching = new Dispatching(1, slots)
  const start = performance.now()
  dispatching.submit(count)
  dispatching.finish()
  const seconds = (performance.now() - start) / 1_000
  if (dispatching.ended !== count) throw new Error(`${dispatching.ended} of ${count} tasks have ended`)
  return count / seconds
}

/** A million tasks in one list, on one executor. */
export const dispatcherThroughput: Figure = {
  name: "dispatcher-throughput",
  description: "dispatcher alone, a list of 1M no-op tasks",
  measure: (profile) =>
    Effect.sync(() => {
      const count = profile === "quick" ? 1_000_000 : 10_000
      perSecond(count / 10)
      const rounds = Array.from({ length: profile === "quick" ? 5 : 1 }, () => perSecond(count))
      return [{
        name: "dispatcher, 1M tasks in a list",
        measured: median(rounds),
        unit: "tasks/s",
        target: { atLeast: 1_000_000 }
      }]
    })
}
