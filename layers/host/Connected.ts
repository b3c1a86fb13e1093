/**
 * What a program has of a server that it is connected to.
 *
 * @since 0.1.0
 */
import type { ExecutorPool } from "../../services/ExecutorPool.ts"
import type { Operator } from "../../services/Operator.ts"
import type { Server } from "../../services/Server.ts"

/** A connection, while its scope lasts; it is made again by itself when it is lost. */
export interface Connected {
  readonly server: Server["Service"]
  readonly operator: Operator["Service"]
  /** Of a server on this machine. */
  readonly pool: ExecutorPool["Service"]
}
