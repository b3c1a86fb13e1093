/** How long a lone no-op task with schemas takes in one process. */
import { Effect } from "effect"
import { Echo, layer } from "../Echo.ts"
import { type Figure, median } from "../Figure.ts"

/** The median time of tasks that run one after the other, in microseconds. */
const lone = Effect.fnUntraced(function*(count: number) {
  const times = new Float64Array(count)
  for (let n = 0; n < count; n++) {
    const start = performance.now()
    yield* Echo.run({ n })
    times[n] = (performance.now() - start) * 1_000
  }
  return median([...times])
})

/** One task after the other. */
export const inProcessLatency: Figure = {
  name: "in-process-latency",
  description: "one process, a lone no-op task with schemas, p50",
  measure: Effect.fnUntraced(function*(profile) {
    const count = profile === "quick" ? 20_000 : 100
    yield* lone(count)
    const rounds = []
    for (let round = 0; round < (profile === "quick" ? 5 : 1); round++) rounds.push(yield* lone(count))
    return [{ name: "one process, a lone run, p50", measured: median(rounds), unit: "us", target: { atMost: 10 } }]
  }, Effect.provide(layer))
}
