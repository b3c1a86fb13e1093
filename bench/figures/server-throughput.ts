/** How many no-op tasks with schemas go through submitter, server and executor as processes. */
import { Effect, Stream } from "effect"
import type { Submitter } from "../../services/Submitter.ts"
import { type Figure, median } from "../Figure.ts"
import { pipelined } from "../server/pipeline.ts"
import { running } from "../server/Processes.ts"
import { Echo } from "../server/tasks.ts"

const concurrency = 1_024

/** Tasks in a second. */
export const rate = Effect.fnUntraced(function*(submitter: Submitter["Service"], count: number) {
  const payloads = Array.from({ length: count }, (_, n) => ({ n }))
  const start = performance.now()
  let ended = 0
  yield* Stream.runForEachArray(submitter.runAll(Echo, payloads, { concurrency }), (outcomes) =>
    Effect.sync(() => {
      for (const outcome of outcomes) if (outcome._tag === "Succeeded" && outcome.value === outcome.index) ended++
    }))
  if (ended !== count) return yield* Effect.die(new Error(`${ended} of ${count} tasks gave their own number`))
  return count / ((performance.now() - start) / 1_000)
})

/** In memory and durable, in turn with what Effect RPC does alone. */
export const serverThroughput: Figure = {
  name: "server-throughput",
  description: "three processes, no-op tasks with schemas, 1,024 in flight; against batches over Effect RPC alone",
  measure: Effect.fnUntraced(function*(profile) {
    const scale = profile === "quick" ? 1 : 0.01
    const memory = yield* running({ isDurable: false, slots: 64 })
    const durable = yield* running({ isDurable: true, slots: 64 })
    const pipeline = yield* pipelined
    const rounds: Array<{ readonly memory: number; readonly durable: number; readonly pipeline: number }> = []
    for (let round = 0; round < (profile === "quick" ? 7 : 3); round++) {
      rounds.push({
        memory: yield* rate(memory.submitter, 60_000 * scale),
        durable: yield* rate(durable.submitter, 40_000 * scale),
        pipeline: yield* pipeline(60_000 * scale, concurrency)
      })
    }
    const [ofMemory, ofDurable, ofPipeline] = (["memory", "durable", "pipeline"] as const).map((which) =>
      median(rounds.slice(2).map((round) => round[which]))
    ) as [number, number, number]
    const against = { name: "RPC alone", measured: ofPipeline }
    return [
      {
        name: "three processes, in memory",
        measured: ofMemory,
        unit: "tasks/s",
        target: { atLeast: 0.8 * ofPipeline },
        against
      },
      { name: "three processes, on disk", measured: ofDurable, unit: "tasks/s", target: { atLeast: 80_000 }, against }
    ]
  }, Effect.scoped)
}
