/**
 * The executors of this program, and how busy each of them is.
 *
 * @since 0.1.0
 */
import { Context, type Effect } from "effect"
import type { ExecutorLoad } from "./Executor.ts"

/** What one executor does and has done. */
export interface ExecutorReport extends ExecutorLoad {
  /** Its name, such as `thread-1`. */
  readonly executorId: string
  /** How many attempts it may run at a time. */
  readonly slots: number
}

/** The executors that run in this program or were started by it, in the order they were named. */
export class Executors extends Context.Service<Executors, {
  readonly loads: Effect.Effect<ReadonlyArray<ExecutorReport>>
}>()("cadre/services/Executors") {}
