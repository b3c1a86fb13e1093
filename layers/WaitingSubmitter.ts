/**
 * A submitter for handlers: while a handler waits for tasks that it has
 * submitted, its slot is free for others. Without that, tasks that submit tasks
 * could take all slots and wait for ever.
 *
 * @since 0.1.0
 */
import { Effect, Record, Stream } from "effect"
import { Submitter } from "../services/Submitter.ts"
import type { TaskHandle } from "../services/TaskHandle.ts"

/** `change` is told when the first wait of an attempt begins and when its last has ended. */
export const whileWaiting = (
  submitter: Submitter["Service"],
  change: (by: 1 | -1) => void
): Submitter["Service"] => {
  let waits = 0
  const enter = () => {
    if (waits++ === 0) change(1)
  }
  const leave = Effect.sync(() => {
    if (--waits === 0) change(-1)
  })
  const waiting = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.acquireUseRelease(Effect.sync(enter), () => effect, () => leave)
  const reading = <A, E, R>(stream: Stream.Stream<A, E, R>): Stream.Stream<A, E, R> =>
    Stream.unwrap(Effect.as(Effect.acquireRelease(Effect.sync(enter), () => leave), stream))
  const lending = <A, E, G>(handle: TaskHandle<A, E, G>): TaskHandle<A, E, G> => ({
    ...handle,
    await: waiting(handle.await),
    interrupt: waiting(handle.interrupt),
    progress: reading(handle.progress),
    logs: reading(handle.logs)
  })
  return Submitter.of({
    run: (task, payload, options) => waiting(submitter.run(task, payload, options)),
    runAll: (task, payloads, options) => reading(submitter.runAll(task, payloads, options)),
    submit: (task, payload, options) => Effect.map(submitter.submit(task, payload, options), lending),
    submitAll: (task, payloads, options) =>
      Effect.map(submitter.submitAll(task, payloads, options), (submission) => ({
        ...submission,
        awaitAll: waiting(submission.awaitAll),
        cancel: waiting(submission.cancel),
        outcomes: reading(submission.outcomes),
        progress: reading(submission.progress)
      })),
    submitGraph: (steps) =>
      Effect.map(submitter.submitGraph(steps), (handles) => Record.map(handles, lending) as typeof handles)
  })
}
