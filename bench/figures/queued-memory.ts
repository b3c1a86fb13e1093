/** How much memory a queued task takes, with its payload. */
import { Effect } from "effect"
import process from "node:process"
import { Dispatching } from "../Dispatching.ts"
import { type Figure, median } from "../Figure.ts"

const payloadBytes = 16

/** What is reachable; only a process with `--expose-gc` can tell. */
const used = (): number => {
  globalThis.gc?.()
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Bytes a task that waits in its list, and bytes a task that an executor has given back. */
const measure = (count: number) => {
  const before = used()
  // As the server keeps them: the payloads of a list in one buffer, and where each begins.
  const payloads = { bytes: new Uint8Array(count * payloadBytes), offsets: new Uint32Array(count + 1) }
  const dispatching = new Dispatching(0, 0)
  dispatching.submit(count)
  const queued = used() - before
  dispatching.join(1, count)
  dispatching.leave()
  const returned = used() - before
  dispatching.join(1, 1_024)
  dispatching.finish()
  if (dispatching.ended !== payloads.offsets.length - 1) throw new Error("Tasks were lost")
  return { queued: queued / count, returned: returned / count }
}

/** A million queued tasks, untouched and given back. */
export const queuedMemory: Figure = {
  name: "queued-memory",
  description: "bytes of memory a queued task, 1M queued",
  measure: (profile) =>
    Effect.sync(() => {
      const count = profile === "quick" ? 1_000_000 : 1_000
      const rounds = Array.from({ length: profile === "quick" ? 3 : 1 }, () => measure(count))
      const row = (name: string, measured: number) => ({ name, measured, unit: "bytes", target: { atMost: 300 } })
      return [
        row("a task that waits in its list, 1M queued", median(rounds.map(({ queued }) => queued))),
        row("a task that was given back, 1M queued", median(rounds.map(({ returned }) => returned)))
      ]
    })
}
