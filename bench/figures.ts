/** All that is measured. */
import type { Figure } from "./Figure.ts"
import { cliStart } from "./figures/cli-start.ts"
import { dispatcherFlatness } from "./figures/dispatcher-flatness.ts"
import { dispatcherThroughput } from "./figures/dispatcher-throughput.ts"
import { importCost } from "./figures/import-cost.ts"
import { inProcessLatency } from "./figures/in-process-latency.ts"
import { inProcessThroughput } from "./figures/in-process-throughput.ts"
import { queuedMemory } from "./figures/queued-memory.ts"
import { serverLatency } from "./figures/server-latency.ts"
import { serverMemory } from "./figures/server-memory.ts"
import { serverThroughput } from "./figures/server-throughput.ts"
import { serverTransfer } from "./figures/server-transfer.ts"
import { threadCompute } from "./figures/thread-compute.ts"
import { threadLatency } from "./figures/thread-latency.ts"
import { threadThroughput } from "./figures/thread-throughput.ts"
import { threadTransfer } from "./figures/thread-transfer.ts"

/** In the order in which they are measured. */
export const figures: ReadonlyArray<Figure> = [
  dispatcherThroughput,
  dispatcherFlatness,
  queuedMemory,
  inProcessThroughput,
  inProcessLatency,
  threadThroughput,
  threadLatency,
  threadCompute,
  threadTransfer,
  serverThroughput,
  serverLatency,
  serverTransfer,
  serverMemory,
  importCost,
  cliStart
]
