/** How many no-op tasks with schemas run in worker threads in a second, against the thread pools of others. */
import { Threads } from "cadre"
import { Effect, Stream } from "effect"
import { Echo } from "../Echo.ts"
import { mostInFlight, piscinaEcho, tinypoolEcho } from "../EchoPools.ts"
import { type Figure, median } from "../Figure.ts"
import tasks from "../ThreadTasks.ts"

const threads = 2
const concurrency = 1_024

const rate = Effect.fnUntraced(function*(count: number) {
  const payloads = Array.from({ length: count }, (_, n) => ({ n }))
  const start = performance.now()
  let ended = 0
  yield* Stream.runForEachArray(Echo.runAll(payloads, { concurrency }), (outcomes) =>
    Effect.sync(() => {
      for (const outcome of outcomes) if (outcome._tag === "Succeeded" && outcome.value === outcome.index) ended++
    }))
  if (ended !== count) throw new Error(`${ended} of ${count} tasks gave their own number`)
  return count / ((performance.now() - start) / 1_000)
})

interface Rates {
  readonly cadre: number
  readonly piscina: number
  readonly tinypool: number
}

/** Each at its best settings. */
export const threadThroughput: Figure = {
  name: "thread-throughput",
  description: "two worker threads, no-op tasks with schemas; against Piscina and Tinypool, without schemas",
  measure: Effect.fnUntraced(
    function*(profile) {
      const [piscina, tinypool] = yield* Effect.all([piscinaEcho(threads), tinypoolEcho(threads)])
      const scale = profile === "quick" ? 1 : 0.005
      const pool = { inFlight: mostInFlight, tasks: 50_000 * scale }
      const rounds: Array<Rates> = []
      // In turn, so that whatever slows the machine down slows all; the first two warm up.
      for (let round = 0; round < (profile === "quick" ? 9 : 3); round++) {
        rounds.push({
          cadre: yield* rate(200_000 * scale),
          piscina: (yield* piscina(pool)).tasksPerSecond,
          tinypool: (yield* tinypool(pool)).tasksPerSecond
        })
      }
      const middle = (which: keyof Rates) => median(rounds.slice(2).map((round) => round[which]))
      const result = { measured: middle("cadre"), unit: "tasks/s" }
      const against = { piscina: middle("piscina"), tinypool: middle("tinypool") }
      return [
        {
          name: "two threads, to 2 x Piscina",
          ...result,
          target: { atLeast: 2 * against.piscina },
          against: { name: "Piscina", measured: against.piscina }
        },
        {
          name: "two threads, to 1.5 x Tinypool",
          ...result,
          target: { atLeast: 1.5 * against.tinypool },
          against: { name: "Tinypool", measured: against.tinypool }
        }
      ]
    },
    Effect.scoped,
    Effect.provide(Threads.layer(tasks, { threads }))
  )
}
