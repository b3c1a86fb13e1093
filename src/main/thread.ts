/**
 * What a worker thread of a `Threads` layer is started with. It is of no use
 * to programs.
 *
 * @since 0.1.0
 */
import { enableCompileCache } from "node:module"
import { parentPort, workerData } from "node:worker_threads"
import type { ThreadData } from "../../layers/threads/Messages.ts"

// Whoever starts it otherwise has no such data.
const data = workerData as ThreadData | null
if (parentPort === null || data?._tag !== "cadre/thread") {
  throw new TypeError("cadre/thread is what Cadre starts its worker threads with: use Threads.layer instead")
}
// Where the program keeps what the engine compiled, its threads do too; not even this file's own imports may come before.
if (data.compiled !== undefined) enableCompileCache(data.compiled)
const { start } = await import("../../layers/threads/ThreadHost.ts")
start(parentPort, data)
