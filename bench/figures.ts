/** All that is measured. */
import type { Figure } from "./Figure.ts"
import { cliStart } from "./figures/cli-start.ts"
import { dispatcherFlatness } from "./figures/dispatcher-flatness.ts"
import { dispatcherThroughput } from "./figures/dispatcher-throughput.ts"
import { importCost } from "./figures/import-cost.ts"
import { inProcessLatency } from "./figures/in-process-latency.ts"
import { inProcessThroughput } from "./figures/in-process-throughput.ts"
import { queuedMemory } from "./figures/queued-memory.ts"
import { serverCompute } from "./figures/server-compute.ts"
import { serverLatency } from "./figures/server-latency.ts"
import { serverMemory } from "./figures/server-memory.ts"
import { serverRecovery } from "./figures/server-recovery.ts"
import { serverRestart } from "./figures/server-restart.ts"
import { serverRivals } from "./figures/server-rivals.ts"
import { serverStart } from "./figures/server-start.ts"
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
  serverCompute,
  serverTransfer,
  serverMemory,
  serverRecovery,
  serverRestart,
  serverStart,
  importCost,
  cliStart
]

/** What needs programs that are installed for it, or that the machine has. */
export const rivals: ReadonlyArray<Figure> = [serverRivals]
