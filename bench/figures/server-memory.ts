/** How much memory a task takes that waits at a server. */
import { Effect } from "effect"
import type { Figure } from "../Figure.ts"
import { memoryOf, running } from "../server/Processes.ts"
import { Echo } from "../server/tasks.ts"

/** Nobody can run them: they wait. */
export const serverMemory: Figure = {
  name: "server-memory",
  description: "memory of a server process for each task that waits",
  measure: Effect.fnUntraced(function*(profile) {
    const count = profile === "quick" ? 1_000_000 : 10_000
    const { host, submitter } = yield* running({ isDurable: false, slots: 1, executors: 0 })
    yield* Effect.sleep(1_000)
    const before = memoryOf(host.pid ?? 0)
    const payloads = Array.from({ length: count }, (_, n) => ({ n }))
    yield* submitter.submitAll(Echo, payloads, { whenUnmet: "wait" })
    // What was needed to take them in is given back.
    yield* Effect.sleep(profile === "quick" ? 3_000 : 100)
    const after = memoryOf(host.pid ?? 0)
    return [
      { name: "a queued task at a server", measured: (after - before) / count, unit: "bytes", target: { atMost: 300 } }
    ]
  }, Effect.scoped)
}
