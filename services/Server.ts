/**
 * Accepts submissions, registers executors and decides who runs what. Every
 * layer keeps these laws; each is a test in `test/suites/ServerSuite.ts`:
 *
 * - **accepted** – what was acknowledged ends, exactly once, and its submitter hears how
 * - **fenced** – only the report of who holds the current lease counts
 * - **returned** – what an executor held when it went is run by another
 * - **stopped** – a cancelled task ends, and after that no result of it appears
 * - **drained** – a draining server refuses submissions, hands out nothing and still takes results
 * - **numbered** – records have numbers without gaps, and every task's story can be read from them
 *
 * @since 0.1.0
 */
import { Context, type Effect, type Scope, type Stream } from "effect"
import type { Transition } from "../src/dispatch/Command.ts"
import type { ExecutorSpec } from "../src/dispatch/Event.ts"
import type { Explanation } from "../src/dispatch/Explaining.ts"
import type { PastGeneration } from "../src/dispatch/Positions.ts"
import type { ExecutorCommand, ExecutorMessage } from "../src/protocol/ExecutorPort.ts"
import type { SubmitterMessage, SubmitterNotice } from "../src/protocol/SubmitterPort.ts"
import type { TurnQueue } from "../src/protocol/TurnQueue.ts"
import type { ConnectionLost } from "../src/task/TaskError.ts"

/** A submitter's end of its connection. Tasks are named by their position in the partition. */
export interface SubmitterPort {
  /** Tells the server; never waits. */
  readonly send: (message: SubmitterMessage) => void
  /** Lets the server hear now what was sent, rather than with its next turn. */
  readonly flush: () => void
  /** Closed once nothing can come any more. */
  readonly notices: Pick<TurnQueue<SubmitterNotice, ConnectionLost>, "read">
  /** The name of the task at a position, as people see it: `<partition>.<generation>.<number>`. */
  readonly idOf: (task: number) => string
  /** The position of a task that the server still knows. */
  readonly positionOf: (taskId: string) => number | undefined
  /** The server had tasks of that submitter when it connected: it was there before. */
  readonly isKnown?: boolean
  /** What to add to the server's clock to get milliseconds since 1970, where that is not this process's clock. */
  readonly wallOffset?: number
}

/** Which server it is: what was said to another run of it has to be said again. */
export interface ServerInfo {
  readonly partition: number
  readonly generation: number
  /** Random; another one for every start. */
  readonly incarnation: string
  readonly past: ReadonlyArray<PastGeneration>
  /** Whether what it accepted survives it. */
  readonly isDurable: boolean
  /** What to add to the server's clock to get milliseconds since 1970. */
  readonly wallOffset: number
  /** Milliseconds for which an executor may be silent. */
  readonly leaseTime?: number
}

/** An executor's end of its connection. */
export interface ExecutorPort {
  readonly commands: Pick<TurnQueue<ExecutorCommand>, "read">
  /** Tells the server; never waits. */
  readonly send: (message: ExecutorMessage) => void
  readonly idOf: (task: number) => string
  /** Messages of the executor's own `output` are wanted, too. */
  readonly takesOutput?: boolean
}

/** One executor as the server sees it. */
export interface ExecutorStatus {
  readonly executorId: string
  readonly slots: number
  readonly leases: number
  readonly abandoned: number
  readonly isDraining: boolean
}

/** What a server does at the moment. */
export interface ServerStatus {
  readonly executors: ReadonlyArray<ExecutorStatus>
  readonly submissions: number
  readonly refused: number
  readonly repeated: number
}

/** Accepts submissions, registers executors and decides who runs what. */
export class Server extends Context.Service<Server, {
  readonly info: ServerInfo
  /** Leaving the scope cancels whatever the submitter has handed over, and waits until that is acknowledged. */
  readonly connect: (submitter: string) => Effect.Effect<SubmitterPort, never, Scope.Scope>
  /**
   * Leaving the scope takes the executor away: what it held is given to others.
   * Leaving it with an error says that the executor died, maybe of what it ran.
   */
  readonly attach: (executor: ExecutorSpec) => Effect.Effect<ExecutorPort, never, Scope.Scope>
  /** No more work for that executor or, with none named, for anybody; what has not started is asked back. */
  readonly drain: (executorId?: string) => Effect.Effect<void>
  readonly status: Effect.Effect<ServerStatus>
  /** Why a task does not run, or how far it is. */
  readonly explain: (taskId: string) => Effect.Effect<Explanation>
  /** The transitions from now on, each once and in order; a reader that falls behind by `capacity` loses its stream. */
  readonly records: (capacity?: number) => Stream.Stream<Transition>
}>()("cadre/services/Server") {}
