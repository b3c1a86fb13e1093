/**
 * What a worker thread of a `Threads` layer is started with. It is of no use
 * to programs.
 *
 * @since 0.1.0
 */
import { parentPort, workerData } from "node:worker_threads"
import type { ThreadData } from "../../layers/threads/Messages.ts"
import { start } from "../../layers/threads/ThreadHost.ts"

// Whoever starts it otherwise has no such data.
const data = workerData as ThreadData | null
if (parentPort === null || data?._tag !== "cadre/thread") {
  throw new TypeError("cadre/thread is what Cadre starts its worker threads with: use Threads.layer instead")
}
start(parentPort, data)
