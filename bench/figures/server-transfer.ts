/** How many bytes a second go to an executor and back through the server. */
import { Effect, Stream } from "effect"
import type { Submitter } from "../../services/Submitter.ts"
import { type Figure, median } from "../Figure.ts"
import { running } from "../server/Processes.ts"
import { relayed } from "../server/relay.ts"
import { Bytes } from "../server/tasks.ts"

const size = 65_536
const concurrency = 64

const rate = Effect.fnUntraced(function*(submitter: Submitter["Service"], count: number) {
  const bytes = new Uint8Array(size).fill(7)
  const payloads = Array.from({ length: count }, () => ({ bytes }))
  const start = performance.now()
  let ended = 0
  yield* Stream.runForEachArray(submitter.runAll(Bytes, payloads, { concurrency }), (outcomes) =>
    Effect.sync(() => {
      for (const outcome of outcomes) if (outcome._tag === "Succeeded" && outcome.value.length === size) ended++
    }))
  if (ended !== count) return yield* Effect.die(new Error(`${ended} of ${count} payloads came back`))
  return count / ((performance.now() - start) / 1_000)
})

/** Megabytes one way: each goes there and back. */
export const serverTransfer: Figure = {
  name: "server-transfer",
  description: "64 KiB echoed through three processes; against raw sockets between as many",
  measure: Effect.fnUntraced(function*(profile) {
    const count = profile === "quick" ? 1_000 : 30
    const { submitter } = yield* running({ isDurable: false, slots: 64 })
    const raw = yield* relayed
    const rounds: Array<{ readonly cadre: number; readonly raw: number }> = []
    for (let round = 0; round < (profile === "quick" ? 6 : 3); round++) {
      rounds.push({ cadre: yield* rate(submitter, count), raw: yield* raw.rate(count, size, concurrency) })
    }
    const megabytes = (which: "cadre" | "raw") => median(rounds.slice(2).map((round) => round[which])) * size / 1e6
    const against = { name: "raw sockets", measured: megabytes("raw") }
    return [{
      name: "three processes, 64 KiB there and back",
      measured: megabytes("cadre"),
      unit: "MB/s",
      target: { atLeast: 0.6 * against.measured },
      against
    }]
  }, Effect.scoped)
}
