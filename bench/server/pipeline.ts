/**
 * What Effect RPC alone can do: submitter, server and executor as processes
 * that pass tasks on in batches. There are no leases, no codecs of tasks and no
 * dispatcher. `pipeline.ts server|executor <socket>`.
 */
import { NodeSocket, NodeSocketServer } from "@effect/platform-node"
import { Effect, Layer, Queue, Schema, type Scope } from "effect"
import "effect/schema/SchemaJITCompiler/enable"
import { Rpc, RpcClient, RpcGroup, RpcSerialization, RpcServer } from "effect/rpc"
import { join } from "node:path"
import process from "node:process"
import { folder, start } from "./Processes.ts"

const Item = Schema.Struct({ id: Schema.Number, fn: Schema.String, attempt: Schema.Number, body: Schema.String })
const Done = Schema.Struct({ id: Schema.Number, ok: Schema.Boolean, body: Schema.String })
type Item = typeof Item.Type
type Done = typeof Done.Type

class Pipeline extends RpcGroup.make(
  Rpc.make("submit", { payload: { items: Schema.Array(Item) } }),
  Rpc.make("results", { success: Done, stream: true }),
  Rpc.make("work", { payload: { credits: Schema.Number }, success: Item, stream: true }),
  Rpc.make("complete", { payload: { done: Schema.Array(Done) } })
) {}

const serialization = RpcSerialization.layerSchemaBinary()

const connected = Effect.fnUntraced(function*(path: string) {
  const protocol = yield* Layer.build(
    RpcClient.layerProtocolSocket().pipe(Layer.provide([NodeSocket.layerNet({ path }), serialization]))
  )
  return yield* Effect.provideContext(RpcClient.make(Pipeline, { disableTracing: true }), protocol)
})

/** Takes what there is, again and again. */
const takingAll = <A, E>(queue: Queue.Dequeue<A, E>, use: (all: ReadonlyArray<A>) => Effect.Effect<unknown, unknown>) =>
  Effect.forkScoped(Effect.forever(Effect.flatMap(Queue.takeAll(queue), use), { disableYield: true }))

const server = Effect.fnUntraced(function*(path: string) {
  const pending: Array<Item> = []
  let head = 0
  let free = 0
  const work = yield* Queue.unbounded<Item>()
  const results = yield* Queue.unbounded<Done>()
  const pump = () => {
    while (free > 0 && head < pending.length) {
      free--
      Queue.offerUnsafe(work, pending[head++]!)
    }
    if (head < 65_536) return
    pending.splice(0, head)
    head = 0
  }
  const handlers = Pipeline.toLayer({
    submit: ({ items }) =>
      Effect.sync(() => {
        pending.push(...items)
        pump()
      }),
    results: () => Effect.succeed(results),
    work: ({ credits }) =>
      Effect.sync(() => {
        free += credits
        pump()
        return work
      }),
    complete: ({ done }) =>
      Effect.sync(() => {
        Queue.offerAllUnsafe(results, done)
        free += done.length
        pump()
      })
  })
  yield* Layer.build(
    RpcServer.layer(Pipeline, { disableTracing: true, disableFatalDefects: true }).pipe(
      Layer.provide(handlers),
      Layer.provide(RpcServer.layerProtocolSocketServer),
      Layer.provide([NodeSocketServer.layer({ path }), serialization])
    )
  )
})

const executor = Effect.fnUntraced(function*(path: string) {
  const client = yield* connected(path)
  const out = yield* Queue.unbounded<Done>()
  const work = yield* client.work({ credits: 4_096 }, { asQueue: true, streamBufferSize: 8_192 })
  yield* takingAll(out, (done) => client.complete({ done }))
  yield* takingAll(work, (items) =>
    Effect.sync(() => {
      for (const { body, id } of items) {
        // The user's function, as a fiber of its own.
        Effect.runFork(Effect.sync(() => void Queue.offerUnsafe(out, { id, ok: true, body })))
      }
    }))
})

const [role = "", path = ""] = process.argv.slice(2)
if (role === "server" || role === "executor") {
  const run = Effect.gen(function*() {
    yield* role === "server" ? server(path) : executor(path)
    process.send?.("ready")
    return yield* Effect.never
  })
  Effect.runFork(Effect.scoped(run))
}

/** Runs so many with so many under way; how many in a second. */
export const pipelined: Effect.Effect<
  (count: number, inFlight: number) => Effect.Effect<number>,
  never,
  Scope.Scope
> = Effect.gen(function*() {
  const socket = join(yield* folder, "pipeline.sock")
  yield* start("pipeline.ts", ["server", socket])
  yield* start("pipeline.ts", ["executor", socket])
  const client = yield* connected(socket)
  const outgoing = yield* Queue.unbounded<Item>()
  const waiting = new Map<number, (done: Done) => void>()
  const results = yield* client.results(undefined, { asQueue: true, streamBufferSize: 2 ** 20 })
  yield* takingAll(results, (all) =>
    Effect.sync(() => {
      for (const done of all) {
        const resume = waiting.get(done.id)
        waiting.delete(done.id)
        resume?.(done)
      }
    }))
  yield* takingAll(outgoing, (items) => client.submit({ items }))
  let id = 0
  const one = Effect.callback<Done>((resume) => {
    const item = { id: id++, fn: "bench", attempt: 1, body: `payload ${id} ${"-".repeat(40)}` }
    waiting.set(item.id, (done) => resume(Effect.succeed(done)))
    Queue.offerUnsafe(outgoing, item)
  })
  return (count: number, inFlight: number) =>
    Effect.suspend(() => {
      const begun = performance.now()
      const all = Effect.forEach(Array.from({ length: count }), () => one, { concurrency: inFlight, discard: true })
      return Effect.map(all, () => count / ((performance.now() - begun) / 1_000))
    })
}).pipe(Effect.orDie)
