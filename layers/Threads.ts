/**
 * Worker threads as executors: the same program uses every core. Each thread
 * imports the task module by its file, builds what that needs once, and runs
 * its tasks. A task that crashes its thread, exhausts its memory or will not be
 * interrupted costs that thread and nothing else; another takes its place.
 *
 * @since 0.1.0
 */
import { ByteSize, Effect, type Layer } from "effect"
import { availableParallelism } from "node:os"
import type { Executors } from "../services/Executors.ts"
import type { Server } from "../services/Server.ts"
import type { Submitter } from "../services/Submitter.ts"
import type { TaskModule } from "../services/TaskModule.ts"
import type { Runs, TaskDefinition } from "../src/task/TaskDefinition.ts"
import type { EntryModuleInvalid } from "./EntryModule.ts"
import * as InProcess from "./InProcess.ts"
import type { Plan } from "./Plan.ts"

/** How worker threads run tasks. */
export interface ExecutorOptions {
  /** How many threads there are; as many as the machine runs at a time where absent. */
  readonly threads?: number
  /** How many attempts a thread runs at a time; one where absent. More suit tasks that wait more than they compute. */
  readonly slots?: number
  /** What a thread may use, heap and buffers; one that uses more is killed, and another takes its place. */
  readonly memory?: ByteSize.Input
  /** What tasks may ask for by `labels`. */
  readonly labels?: ReadonlyArray<string>
  /** How many attempts a thread is given in advance, 512 where absent: what it has not started can be taken back. */
  readonly prefetch?: number
  /** What its threads are started with: `cadre/thread` where absent. A bundle that has the module has its own. */
  readonly entry?: URL
}

/** Tasks of a module whose type says what it has. */
export type Covered<M> = M extends TaskModule<infer T, infer ROut> ? TaskDefinition.Covered<T, ROut> : never

/** Worker threads for `InProcess.layerOf`, which puts them beside other executors. */
export const executor = <M extends TaskModule.Any>(
  module: M,
  options: ExecutorOptions = {}
): Plan<Covered<M>, EntryModuleInvalid, never> => ({
  // A phantom.
  "~names": undefined as unknown as Covered<M>,
  isForeground: false,
  build: (keys) =>
    Effect.flatMap(
      Effect.promise(() => import("./threads/ThreadCrew.ts")),
      ({ make }) =>
        make({
          url: module.url,
          entry: options.entry,
          keys: keys(),
          threads: Math.max(1, Math.floor(options.threads ?? availableParallelism())),
          slots: Math.max(1, Math.floor(options.slots ?? 1)),
          prefetch: Math.max(0, Math.floor(options.prefetch ?? 512)),
          memory: options.memory === undefined
            ? undefined
            : Number(ByteSize.toBigInt(ByteSize.fromInputUnsafe(options.memory))),
          labels: options.labels ?? []
        })
    )
})

/** Runs the tasks of the module in worker threads. It is built once the first of them is up. */
export const layer = <M extends TaskModule.Any>(
  module: M,
  options: ExecutorOptions & InProcess.Options = {}
): Layer.Layer<Submitter | Server | Executors | Runs<Covered<M>>, EntryModuleInvalid> => {
  const { entry, labels, memory, prefetch, slots, threads, ...rest } = options
  const plan = executor(module, {
    ...(entry && { entry }),
    ...(labels && { labels }),
    ...(memory !== undefined && { memory }),
    ...(prefetch !== undefined && { prefetch }),
    ...(slots !== undefined && { slots }),
    ...(threads !== undefined && { threads })
  })
  // A thread has nobody to ask: it needs nothing from outside.
  return InProcess.layerOf([plan], rest) as Layer.Layer<
    Submitter | Server | Executors | Runs<Covered<M>>,
    EntryModuleInvalid
  >
}
