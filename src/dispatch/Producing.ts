/**
 * Jobs: chunks that are made when an executor is free for them, one at a time.
 *
 * @since 0.1.0
 */
import type { DispatchState } from "./DispatchState.ts"
import { closeProducer } from "./Ending.ts"
import type { Event } from "./Event.ts"
import type { ExecutorState } from "./ExecutorState.ts"
import { hasRoomFor, isOpenTo, isServing } from "./Fitting.ts"
import type { Lane } from "./Lane.ts"
import type { Source } from "./Source.ts"
import { Status } from "./TaskTable.ts"

/** What the job answered. Waiting is not finished: a chunk of a lost node, or a result, may change it. */
export const produce = (
  state: DispatchState,
  source: Source | undefined,
  { chunk, executorId }: Extract<Event, { readonly _tag: "produced" }>
): void => {
  if (source?.job === undefined || !source.isProducing) return
  if (executorId === undefined || chunk === undefined) return source.job.waiting.clear()
  const executor = state.executors.get(executorId)
  if (executor !== undefined && source.job.asked.delete(executor)) {
    executor.asked--
    state.makeRoom(executor)
  }
  if (chunk === "finished") return closeProducer(state, source)
  if (chunk !== "waiting") return add(state, source, chunk.chunk, executor)
  if (executor !== undefined) source.job.waiting.add(executor)
}

const add = (state: DispatchState, source: Source, chunk: number, executor: ExecutorState | undefined): void => {
  const { batch, job, lane, submission } = source
  const task = state.next++
  source.count++
  source.live++
  submission.total++
  job?.members.add(task)
  state.hasChanged(submission)
  state.outbox.record(state.now, "Accepted", task, 1, 0, undefined, batch.spec.requirement.taskName)
  state.tasks.touch(task, source, chunk, Status.Queued, state.now)
  // Where that executor cannot take it any more, the chunk is for whoever is free.
  if (executor !== undefined && canTake(state, executor, lane)) state.lease(task, source, executor)
  else state.lanes.requeue(task, lane)
}

// Less than a free slot will do, as for any task that nothing special is asked of.
const canTake = (state: DispatchState, executor: ExecutorState, lane: Lane): boolean =>
  !state.isDraining && executor.hasRoom && isServing(executor, lane) && isOpenTo(lane, executor.node) &&
  hasRoomFor(lane, executor.node) && (!lane.taskClass.isPicky || executor.hasFreeSlot) &&
  lane.taskClass.limits.every(({ nextAt }) => nextAt <= state.now)
