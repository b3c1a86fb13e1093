/** How long a lone no-op task with schemas takes in a worker thread, against Piscina. */
import { Threads } from "cadre"
import { Effect } from "effect"
import { Echo } from "../Echo.ts"
import { piscinaEcho } from "../EchoPools.ts"
import { type Figure, median } from "../Figure.ts"
import tasks from "../ThreadTasks.ts"

const threads = 2

/** Tasks a second, one after the other. */
const lone = Effect.fnUntraced(function*(tasks: number) {
  const times: Array<number> = []
  const start = performance.now()
  for (let n = 0; n < tasks; n++) {
    const from = performance.now()
    yield* Echo.run({ n })
    times.push((performance.now() - from) * 1_000)
  }
  return { tasksPerSecond: tasks / ((performance.now() - start) / 1_000), p50: median(times) }
})

/** One in flight. */
export const threadLatency: Figure = {
  name: "thread-latency",
  description: "two worker threads, one no-op task in flight; against Piscina",
  measure: Effect.fnUntraced(
    function*(profile) {
      const piscina = yield* piscinaEcho(threads)
      const count = profile === "quick" ? 3_000 : 50
      const rounds = []
      for (let round = 0; round < (profile === "quick" ? 11 : 2); round++) {
        rounds.push({ cadre: yield* lone(count), piscina: yield* piscina({ inFlight: 1, tasks: count }) })
      }
      const counted = rounds.slice(1)
      const rate = (which: "cadre" | "piscina") => median(counted.map((round) => round[which].tasksPerSecond))
      const p50 = (which: "cadre" | "piscina") => median(counted.map((round) => round[which].p50))
      return [
        {
          name: "two threads, one in flight",
          measured: rate("cadre"),
          unit: "tasks/s",
          target: { atLeast: 0.5 * rate("piscina") },
          against: { name: "Piscina", measured: rate("piscina") }
        },
        {
          name: "two threads, a lone run, p50",
          measured: p50("cadre"),
          unit: "us",
          against: { name: "Piscina", measured: p50("piscina") }
        }
      ]
    },
    Effect.scoped,
    Effect.provide(Threads.layer(tasks, { threads }))
  )
}
