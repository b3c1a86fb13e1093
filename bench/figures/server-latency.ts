/** How long one task takes through three processes when nothing else goes on. */
import { Effect } from "effect"
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs"
import { join } from "node:path"
import type { Submitter } from "../../services/Submitter.ts"
import { type Figure, median } from "../Figure.ts"
import { folder, running } from "../server/Processes.ts"
import { relayed } from "../server/relay.ts"
import { Echo } from "../server/tasks.ts"

/** The median time in microseconds of so many tasks, one after the other. */
export const p50 = Effect.fnUntraced(function*(submitter: Submitter["Service"], count: number) {
  const times: Array<number> = []
  for (let n = 0; n < count; n++) {
    const begun = performance.now()
    yield* submitter.run(Echo, { n })
    times.push((performance.now() - begun) * 1_000)
  }
  return median(times)
})

/** The median time in microseconds of forcing a page to this disk. */
const fsync = Effect.fnUntraced(function*(count: number) {
  const file = openSync(join(yield* folder, "fsync"), "w")
  const page = Buffer.alloc(4_096)
  const times: Array<number> = []
  for (let at = 0; at < count; at++) {
    writeSync(file, page)
    const begun = performance.now()
    fsyncSync(file)
    times.push((performance.now() - begun) * 1_000)
  }
  closeSync(file)
  return median(times)
}, Effect.scoped)

/** The four hops that a task takes are measured with sockets alone, in turn. */
export const serverLatency: Figure = {
  name: "server-latency",
  description: "a lone task through three processes; against four hops of raw sockets, and two fsyncs",
  measure: Effect.fnUntraced(function*(profile) {
    const count = profile === "quick" ? 400 : 10
    const memory = yield* running({ isDurable: false, slots: 4 })
    const durable = yield* running({ isDurable: true, slots: 4 })
    const raw = yield* relayed
    const rounds: Array<
      { readonly memory: number; readonly durable: number; readonly raw: number; readonly sync: number }
    > = []
    for (let round = 0; round < (profile === "quick" ? 7 : 3); round++) {
      rounds.push({
        memory: yield* p50(memory.submitter, count),
        raw: yield* raw.latency(count, 64),
        durable: yield* p50(durable.submitter, count / 2),
        sync: yield* fsync(count / 2)
      })
    }
    const middle = (which: "memory" | "durable" | "raw" | "sync") =>
      median(rounds.slice(2).map((round) => round[which]))
    const hops = middle("raw")
    const syncs = 2 * middle("sync")
    return [
      {
        name: "three processes, a lone run, p50",
        measured: middle("memory"),
        unit: "us",
        target: { atMost: 1.5 * hops },
        against: { name: "four hops", measured: hops }
      },
      {
        name: "three processes, on disk, a lone run, p50",
        measured: middle("durable"),
        unit: "us",
        target: { atMost: syncs + 300 },
        against: { name: "two fsyncs", measured: syncs }
      }
    ]
  }, Effect.scoped)
}
