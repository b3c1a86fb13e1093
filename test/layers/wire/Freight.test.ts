import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Layer } from "effect"
import * as BlobStoreFiles from "../../../layers/blobs/BlobStoreFiles.ts"
import * as BlobStoreMemory from "../../../layers/blobs/BlobStoreMemory.ts"
import * as ServerMemory from "../../../layers/ServerMemory.ts"
import { BlobStore } from "../../../services/BlobStore.ts"
import { Server } from "../../../services/Server.ts"
import { Bytes, Double, runs, submits, Watch } from "./Parties.ts"
import { folder, reach } from "./Stages.ts"

const memory = Effect.map(Layer.build(Layer.fresh(ServerMemory.layer())), (context) => Context.get(context, Server))
const blobs = (layer: Layer.Layer<BlobStore, unknown> = BlobStoreMemory.layer()) =>
  Effect.orDie(Effect.map(Layer.build(Layer.fresh(layer)), (context) => Context.get(context, BlobStore)))

const many = (size: number, seed = 1) => new Uint8Array(size).fill(seed)

describe("large payloads and results", () => {
  it.live("come to the handler, and back", () =>
    Effect.scoped(Effect.gen(function*() {
      const store = yield* blobs()
      let puts = 0
      const counting: typeof store = {
        ...store,
        put: (...piece) => {
          puts++
          return store.put(...piece)
        }
      }
      const { connect } = yield* reach(yield* memory, { listen: { blobs: counting }, connect: {} })
      yield* runs((yield* connect()).server, new Watch())
      const submitter = yield* submits((yield* connect()).server)
      const bytes = many(1_500_000)
      const back = yield* submitter.run(Bytes, { bytes, size: 0 })
      assert.deepStrictEqual(back, bytes)
      const brought = puts
      assert.isAbove(brought, 5)
      // What is there is not brought again.
      const result = yield* submitter.run(Bytes, { bytes, size: 0 })
      assert.strictEqual(result.length, bytes.length)
      assert.strictEqual(puts, brought)
      const sizes = [10, 300_000, 262_144, 262_145, 900_000]
      const all = yield* Effect.forEach(sizes, (size) => submitter.run(Bytes, { bytes: many(10), size }), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(all.map(({ length }) => length), sizes)
      const set = yield* submitter.submitAll(Bytes, sizes.map((size) => ({ bytes: many(size, 3), size: 0 })))
      const outcomes = yield* set.awaitAll
      assert.deepStrictEqual(
        outcomes.map((outcome) => outcome._tag === "Succeeded" ? outcome.value.length : outcome._tag),
        sizes
      )
    })))

  it.live("are kept by the node, and are not fetched again", () =>
    Effect.scoped(Effect.gen(function*() {
      const store = yield* blobs()
      let gets = 0
      const counting: typeof store = {
        ...store,
        get: (...piece) => {
          gets++
          return store.get(...piece)
        }
      }
      const path = `${yield* folder}/blobs`
      const cache = yield* blobs(BlobStoreFiles.layer(path))
      const { connect } = yield* reach(yield* memory, { listen: { blobs: counting }, connect: {} })
      yield* runs((yield* connect({ cache })).server, new Watch())
      const submitter = yield* submits((yield* connect()).server)
      const bytes = many(700_000)
      assert.strictEqual((yield* submitter.run(Bytes, { bytes, size: 5 })).length, 5)
      const first = gets
      assert.isAbove(first, 0)
      assert.strictEqual((yield* submitter.run(Bytes, { bytes, size: 5 })).length, 5)
      assert.strictEqual(gets, first)
    })))

  it.live("hold nobody else up for long, and go on after a fault", () =>
    Effect.scoped(Effect.gen(function*() {
      const { connect } = yield* reach(yield* memory, { listen: { blobs: yield* blobs() }, connect: {} })
      const there = yield* connect()
      yield* runs(there.server, new Watch())
      const here = yield* connect()
      const submitter = yield* submits(here.server)
      const large = yield* Effect.forkChild(
        submitter.run(Bytes, { bytes: many(6_000_000), size: 3_000_000 }),
        { startImmediately: true }
      )
      const small = yield* Effect.forkChild(submitter.run(Double, { n: 4 }))
      yield* Effect.sleep(5)
      here.interrupt()
      there.interrupt()
      assert.strictEqual(yield* Fiber.join(small), 8)
      yield* Effect.sleep(5)
      there.interrupt()
      assert.strictEqual((yield* Fiber.join(large)).length, 3_000_000)
    })))

  it.live("are refused by a server that keeps none", () =>
    Effect.scoped(Effect.gen(function*() {
      const { connect } = yield* reach(yield* memory)
      yield* runs((yield* connect()).server, new Watch())
      const submitter = yield* submits((yield* connect()).server)
      const refused = yield* Effect.flip(submitter.run(Bytes, { bytes: many(2_000_000), size: 0 }))
      assert.strictEqual(refused._tag, "ServerFull")
      assert.include(refused.message, "this server takes none above 262144 bytes")
      const exit = yield* Effect.exit(submitter.run(Bytes, { bytes: many(10), size: 2_000_000 }))
      assert.isTrue(Exit.hasDies(exit))
      assert.include(String(exit), "The result cannot be handed over")
      assert.strictEqual(yield* submitter.run(Double, { n: 4 }), 8)
    })))
})
