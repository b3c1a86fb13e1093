/**
 * The executors that a server starts by itself, in processes of their own.
 * Laws, each a test in `test/layers/host/ExecutorPoolSupervised.test.ts`:
 *
 * - **provided** – while somebody asks for a module, processes run it, or the reason why not is told
 * - **shared** – there are no more threads than cores, but one at least for each module that is needed
 * - **retired** – a process that nobody needs is sent away once it has been idle for a while
 * - **replaced** – where a module has changed, new processes run it, and the old ones finish what they run
 * - **revived** – a process that ended by itself is started again, later each time
 *
 * @since 0.1.0
 */
import { Context, type Effect, type Stream } from "effect"
import type { PoolView, ProcessReport, Provision, ProvisionState } from "../src/host/Provision.ts"
import type { OperatorError } from "./Operator.ts"

/** Has executors for modules. */
export class ExecutorPool extends Context.Service<ExecutorPool, {
  /** Asks for executors of a module for as long as the stream is read: how far they are, whenever that changes. */
  readonly provide: (provision: Provision) => Stream.Stream<ProvisionState, OperatorError>
  /** Told by a process with executors, of itself. */
  readonly report: (report: ProcessReport) => Effect.Effect<void, OperatorError>
  readonly view: Effect.Effect<PoolView, OperatorError>
}>()("cadre/services/ExecutorPool") {}
