/**
 * The worker threads of one task module. Loaded with the first layer that is
 * built of them.
 *
 * @since 0.1.0
 */
import { Effect, Scope } from "effect"
import { totalmem } from "node:os"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { getHeapStatistics } from "node:v8"
import { isMainThread, threadName, workerData } from "node:worker_threads"
import { Executor } from "../../services/Executor.ts"
import { ExecutorId, NodeId } from "../../src/task/Attempt.ts"
import { EntryModuleInvalid } from "../EntryModule.ts"
import type { Crew } from "../Plan.ts"
import type { Keys } from "../SealerNode.ts"
import { catalogueOf, contentsOfCatalogue, offerOf } from "./Contents.ts"
import { ExecutorThread } from "./ExecutorThread.ts"
import type { ThreadData } from "./Messages.ts"
import { Warm } from "./Warm.ts"

/** What the threads are made of. */
export interface Options {
  readonly url: string
  readonly entry: URL | undefined
  readonly keys: Keys
  readonly threads: number
  readonly slots: number
  readonly prefetch: number
  /** Bytes, for each; its share of what there is where absent. */
  readonly memory: number | undefined
  readonly labels: ReadonlyArray<string>
  /** Another crew of the same module says what is wrong with it. */
  readonly isQuiet?: boolean
}

/** Whether this is a thread of such a crew: one that would start others would never come to an end of it. */
const isInside = (): boolean => !isMainThread && (workerData as Partial<ThreadData> | null)?._tag === "cadre/thread"

/** A thread's share of the machine's memory, well within what Node's heap may be at most. */
const share = (threads: number): number => {
  const machine = process.constrainedMemory() || totalmem()
  return Math.min(0.75 * Math.min(machine, totalmem()) / threads, 0.75 * getHeapStatistics().heap_size_limit)
}

const nested = (url: string) =>
  new EntryModuleInvalid({
    url,
    problem:
      `Its worker thread ${threadName} was about to start worker threads of its own: a module must start nothing ` +
      "when it is imported (write `if (import.meta.main)` before what runs the program), and handlers that have more " +
      "to do at once submit tasks"
  })

/** Starts the threads. They go on starting until the first of them is up, or says that the module cannot be used. */
export const make = Effect.fnUntraced(function*({ labels, slots, url, ...options }: Options) {
  if (isInside()) return yield* nested(url)
  const warm = (yield* Warm).take()
  const threads = yield* Effect.acquireRelease(
    Effect.sync(() =>
      Array.from({ length: options.threads }, (_, index) =>
        new ExecutorThread({
          url,
          entry: options.entry,
          slots,
          name: `thread-${index + 1}`,
          keys: options.keys,
          memory: options.memory ?? share(options.threads),
          warm: index === 0 ? warm : undefined
        }))
    ),
    (threads) => Effect.forEach(threads, ({ close }) => close, { concurrency: "unbounded", discard: true })
  )
  const { effects, libraries, services } = yield* Effect.raceAllFirst(threads.map(({ ready }) => ready))
  const path = url.startsWith("file:") ? fileURLToPath(url) : url
  for (const effect of options.isQuiet === true ? [] : effects) yield* Effect.logWarning(`${path}: ${effect}`)
  const catalogues = libraries.map((library) => catalogueOf(library, path))
  const crew: Crew = {
    libraries: catalogues,
    services,
    start: Effect.fnUntraced(function*({ capacity, libraries: all, name, node: machine, server }) {
      const { pid, ...node } = machine ??
        { nodeId: NodeId.make("in-process"), ...(capacity && { capacity }), pid: undefined }
      // All of them end at the same time, and so those that take their time do so together.
      const together = yield* Scope.fork(yield* Effect.scope, "parallel")
      return yield* Effect.forEach(threads, (thread) =>
        Effect.gen(function*() {
          const executorId = ExecutorId.make(name("thread"))
          const executor = Executor.of({
            spec: {
              executorId,
              node,
              ...(pid !== undefined && { pid }),
              slots,
              prefetch: options.prefetch,
              libraries: libraries.map(offerOf),
              services,
              labels,
              heartbeat: false
            },
            serve: (port) =>
              thread.serve(port, {
                executorId,
                libraries: all.map(contentsOfCatalogue),
                connect: server.connect,
                isRemote: machine !== undefined
              }),
            load: Effect.sync(() => thread.load)
          })
          const scope = yield* Scope.fork(together)
          yield* Scope.provide(Effect.flatMap(server.attach(executor.spec), executor.serve), scope)
          return executor
        }))
    })
  }
  return crew
})
