/**
 * What a simulated cluster stands on: a server, and how its processes reach it.
 *
 * @since 0.1.0
 */
import type { Effect } from "effect"
import type { Operator } from "../../services/Operator.ts"
import type { ExecutorPort, Server } from "../../services/Server.ts"
import type { ExecutorSpec } from "../../src/dispatch/Event.ts"

/** An executor's connection, as the one who pulls the plug sees it. */
export interface ExecutorLine {
  readonly port: ExecutorPort
  /** Both directions stand still until then. */
  readonly pause: (until: number) => void
  /** The executor is lost for the server; what it says from then on comes too late, if at all. */
  readonly lose: (reason: string) => Effect.Effect<void>
  /** It says goodbye. */
  readonly leave: Effect.Effect<void>
}

/** Where submitters and executors live. */
export interface Place {
  readonly server: Server["Service"]
  readonly operator: Operator["Service"] | undefined
  readonly attach: (spec: ExecutorSpec) => Effect.Effect<ExecutorLine>
}

/** What goes wrong beside what executors do, by kind. */
export type Mishap = "crashes" | "drops" | "partitions"

/** A server and the ways to it. */
export interface Ground {
  /** Executors and server are in different processes. */
  readonly isApart: boolean
  /** A process of that name. */
  readonly place: (name: string) => Effect.Effect<Place>
  /** Somebody else cancels a task of that submitter. */
  readonly cancel: (submitter: string, task: number) => void
  /** Such things that may go wrong here. */
  readonly mishaps: ReadonlyArray<Mishap>
  readonly happen: (mishap: Mishap) => Effect.Effect<void>
  /** How the server has judged, at the end. */
  readonly status: Effect.Effect<{ readonly refused: number; readonly repeated: number }>
  /** The names of executors that the server has at the moment; undefined while it is not there. */
  readonly executors: Effect.Effect<ReadonlyArray<string> | undefined>
  /** Everybody has left: what is left over is a violation. */
  readonly conclude: Effect.Effect<ReadonlyArray<string>>
}
