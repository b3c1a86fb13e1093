/**
 * One execution of a task by one executor.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { Generation, TaskId } from "./TaskId.ts"

/** Names one run of an executor: started again, it takes a new id. */
export const ExecutorId = Schema.NonEmptyString.pipe(Schema.brand("ExecutorId"))
export type ExecutorId = typeof ExecutorId.Type

/** Names a machine's agent, which owns the capacity that its executors share. */
export const NodeId = Schema.NonEmptyString.pipe(Schema.brand("NodeId"))
export type NodeId = typeof NodeId.Type

/** Numbers a task's attempts from 1 and never starts again; 0 is before the first. */
export const Epoch = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)).pipe(Schema.brand("Epoch"))
export type Epoch = typeof Epoch.Type

/** An executor's right to one attempt, from a server of that generation. It holds while all of it is current. */
export const Lease = Schema.Struct({ taskId: TaskId, generation: Generation, epoch: Epoch, executorId: ExecutorId })
export type Lease = typeof Lease.Type
