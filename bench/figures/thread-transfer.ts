/** How fast payloads of 64 KiB cross to worker threads and back, against `postMessage` with transfer. */
import { Threads } from "cadre"
import { Effect, Stream } from "effect"
import { type Figure, median } from "../Figure.ts"
import { type Ask, rawThreads } from "../RawThreads.ts"
import tasks, { Mirror } from "../ThreadTasks.ts"

const threads = 2
const inFlight = 128
const size = 65_536

/** Megabytes a second there, and as many back. */
const rate = (count: number, millis: number): number => (count * size) / 1_000 / millis

const raw = (asks: ReadonlyArray<Ask>, count: number) =>
  Effect.promise(async () => {
    const start = performance.now()
    let next = 0
    const lane = async (ask: Ask) => {
      while (next++ < count) {
        const bytes = new Uint8Array(size)
        await ask({ bytes }, [bytes.buffer])
      }
    }
    await Promise.all(Array.from({ length: inFlight }, (_, index) => lane(asks[index % threads]!)))
    return rate(count, performance.now() - start)
  })

/** Made as they are taken: no more of them are there than are in flight. */
function* payloads(count: number) {
  for (let n = 0; n < count; n++) yield { bytes: new Uint8Array(size) }
}

const ours = Effect.fnUntraced(function*(count: number) {
  const start = performance.now()
  yield* Stream.runDrain(Mirror.runAll(payloads(count), { concurrency: inFlight }))
  return rate(count, performance.now() - start)
})

/** Both ways. */
export const threadTransfer: Figure = {
  name: "thread-transfer",
  description: "two worker threads, 64 KiB there and back, moved; against postMessage with transfer",
  measure: Effect.fnUntraced(
    function*(profile) {
      const asks = yield* rawThreads(threads)
      const count = profile === "quick" ? 5_000 : 50
      const rounds: Array<{ readonly cadre: number; readonly raw: number }> = []
      for (let round = 0; round < (profile === "quick" ? 9 : 2); round++) {
        rounds.push({ cadre: yield* ours(count), raw: yield* raw(asks, count) })
      }
      const middle = (which: "cadre" | "raw") => median(rounds.slice(1).map((round) => round[which]))
      return [{
        name: "two threads, 64 KiB there and back",
        measured: middle("cadre"),
        unit: "MB/s",
        target: { atLeast: 0.6 * middle("raw") },
        against: { name: "postMessage", measured: middle("raw") }
      }]
    },
    Effect.scoped,
    Effect.provide(Threads.layer(tasks, { threads }))
  )
}
