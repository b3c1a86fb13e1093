/**
 * The in-process layer for tests of one's own tasks: under a `TestClock`, and
 * on a scheduler that runs all fibers in turns, or in the order of a seed.
 *
 * @since 0.1.0
 */
import { Layer } from "effect"
import type { Server } from "../../services/Server.ts"
import type { Submitter } from "../../services/Submitter.ts"
import type { Implements, Runs, TaskDefinition } from "../../src/task/TaskDefinition.ts"
import * as InProcess from "../InProcess.ts"
import type { Order } from "./VirtualScheduler.ts"
import * as VirtualTime from "./VirtualTime.ts"

export type { Order } from "./VirtualScheduler.ts"

/** Those of `InProcess.layer`, and the order in which fibers run: in turns where absent. */
export interface Options extends InProcess.Options {
  readonly order?: Order
}

type TasksOf<I> = I extends Implements<infer T> ? T : never

/**
 * `InProcess.layer` under a `TestClock` of its own, which
 * `TestClock.adjust` moves inside of what the layer is provided to. Before time
 * passes, all that can run has run:
 *
 * ```ts
 * it.effect("retries after a minute", () =>
 *   Effect.gen(function*() {
 *     const result = yield* Effect.forkChild(Fetch.run({ url }))
 *     yield* TestClock.adjust("1 minute")
 *     assert.strictEqual(yield* Fiber.join(result), "...")
 *   }).pipe(Effect.provide(TestInProcess.layer(FetchLive))))
 * ```
 */
export const layer = <I extends Implements<TaskDefinition.Any>, E, R, ROut = never, E2 = never, R2 = never>(
  implementation: Layer.Layer<I, E, R>,
  { order, ...options }: InProcess.ExecutorOptions & Options & { readonly provides?: Layer.Layer<ROut, E2, R2> } = {}
): Layer.Layer<
  Submitter | Server | Runs<TaskDefinition.Covered<TasksOf<I>, ROut>>,
  E | E2,
  InProcess.Outside<R | R2, TaskDefinition.Covered<TasksOf<I>, ROut>>
> => Layer.provideMerge(InProcess.layer(implementation, options), VirtualTime.layer(order))

/** `InProcess.layerOf`, likewise: several executors with different services. */
export const layerOf = <const P extends ReadonlyArray<InProcess.AnyPlan>>(
  plans: P,
  { order, ...options }: Options = {}
): ReturnType<typeof InProcess.layerOf<P>> =>
  // Virtual time takes and gives nothing that the types know of.
  Layer.provideMerge(InProcess.layerOf(plans, options), VirtualTime.layer(order)) as ReturnType<
    typeof InProcess.layerOf<P>
  >
