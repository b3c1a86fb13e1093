/** Two worker threads without any pool. */
import { Effect, type Scope } from "effect"
import { Worker } from "node:worker_threads"
import type { Request } from "./RawWorker.ts"

/** Asks a thread and waits for its answer. */
export type Ask = (request: Request, transfer?: ReadonlyArray<ArrayBuffer>) => Promise<void>

/** Opens threads; they end with the scope. Each answers in the order in which it is asked. */
export const rawThreads = (count: number): Effect.Effect<ReadonlyArray<Ask>, never, Scope.Scope> =>
  Effect.forEach(Array.from({ length: count }), () =>
    Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => new Worker(new URL("RawWorker.ts", import.meta.url))),
        (worker) => Effect.promise(() => worker.terminate())
      ),
      (worker): Ask => {
        const waiting: Array<() => void> = []
        worker.on("message", () => waiting.shift()?.())
        return (request, transfer = []) =>
          new Promise((resolve) => {
            waiting.push(resolve)
            worker.postMessage(request, transfer)
          })
      }
    ))
