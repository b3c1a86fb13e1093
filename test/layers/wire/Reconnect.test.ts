import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Effect, Exit, Fiber, Layer, Schedule, Scope } from "effect"
import * as ServerStored from "../../../layers/server/ServerStored.ts"
import * as ServerMemory from "../../../layers/ServerMemory.ts"
import { Disk } from "../../../layers/store/Disk.ts"
import * as TaskStoreMemory from "../../../layers/store/TaskStoreMemory.ts"
import { Server } from "../../../services/Server.ts"
import { TaskStore } from "../../../services/TaskStore.ts"
import { Double, runs, submits, Wait, Watch } from "./Parties.ts"
import { folder, pause, proxy, reach } from "./Stages.ts"

const memory = Effect.map(Layer.build(Layer.fresh(ServerMemory.layer())), (context) => Context.get(context, Server))

/** A server on a disk that outlives it. */
const stored = (disk: Disk) =>
  Effect.map(
    Layer.build(
      Layer.fresh(ServerStored.layer()).pipe(
        Layer.provide(
          Layer.effect(
            TaskStore,
            Effect.map(TaskStore, (store) => ({ ...store, isDurable: true }))
          ).pipe(Layer.provide(TaskStoreMemory.layerOn(disk)))
        ),
        Layer.orDie
      )
    ),
    (context) => Context.get(context, Server)
  )

/** Small numbers that look random, the same each time. */
const numbers = (seed: number) => (most: number): number => {
  seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
  return Math.floor((seed / 2 ** 31) * most)
}

const quickly = Schedule.spaced("5 millis")

/** Why a task did not end. */
const reasonOf = (exit: Exit.Exit<unknown, unknown>): string =>
  Exit.isFailure(exit) ? String(Cause.squash(exit.cause)) : "it ended"

describe("a connection that is lost", () => {
  it.live("is made again, and nothing is lost or done twice", () =>
    Effect.scoped(Effect.gen(function*() {
      const { connect } = yield* reach(yield* memory)
      const here = yield* connect({ reconnect: quickly })
      const there = yield* connect({ reconnect: quickly })
      const watch = new Watch()
      yield* runs(there.server, watch)
      const submitter = yield* submits(here.server)
      const next = numbers(7)
      const faults = Effect.gen(function*() {
        yield* pause(1 + next(8))
        if (next(2) === 0) here.interrupt()
        else there.interrupt()
      })
      const faulting = yield* Effect.forkChild(Effect.forever(faults))
      const tasks = Array.from({ length: 2_000 }, (_, n) => n)
      const results = yield* Effect.forEach(
        tasks,
        (n) => Effect.delay(submitter.run(Double, { n }), n % 50 === 0 ? 2 : 0),
        { concurrency: 64 }
      )
      yield* Fiber.interrupt(faulting)
      assert.deepStrictEqual(results, tasks.map((n) => 2 * n))
      assert.deepStrictEqual([...watch.begun.values()].filter((count) => count !== 1), [])
      assert.strictEqual(watch.begun.size, tasks.length)
    })))

  it.live("holds up what is said meanwhile", () =>
    Effect.scoped(Effect.gen(function*() {
      const { connect } = yield* reach(yield* memory)
      const here = yield* connect({ reconnect: Schedule.spaced("50 millis") })
      yield* runs((yield* connect()).server, new Watch())
      const submitter = yield* submits(here.server)
      here.interrupt()
      assert.isFalse(here.isConnected())
      assert.strictEqual(yield* submitter.run(Double, { n: 4 }), 8)
      assert.isTrue(here.isConnected())
      assert.strictEqual((yield* here.server.status).executors.length, 1)
    })))

  it.live("is a loss once nobody tries any more", () =>
    Effect.scoped(Effect.gen(function*() {
      const { address, connect } = yield* reach(yield* memory)
      const between = yield* proxy(address)
      const here = yield* connect({ address: between.address, reconnect: Schedule.recurs(2) })
      const watch = new Watch()
      yield* runs((yield* connect()).server, watch)
      const submitter = yield* submits(here.server)
      const waiting = yield* Effect.forkChild(Effect.exit(submitter.run(Wait, { n: 1 })))
      yield* watch.until(() => watch.begun.has(1))
      const lost = yield* Effect.forkChild(here.lost, { startImmediately: true })
      between.close(true)
      assert.include(reasonOf(yield* Fiber.join(waiting)), "No server can be reached")
      assert.include(yield* Fiber.join(lost), "No server can be reached")
      assert.include(reasonOf(yield* Effect.exit(submitter.run(Double, { n: 1 }))), "No server can be reached")
      // Nobody waits for what cannot be.
      const late = yield* submits(here.server, "late")
      assert.include(reasonOf(yield* Effect.exit(late.run(Double, { n: 1 }))), "No server can be reached")
    })))

  it.live("is noticed though nobody says so", () =>
    Effect.scoped(Effect.gen(function*() {
      const { address, connect } = yield* reach(yield* memory)
      const between = yield* proxy(address)
      const here = yield* connect({
        address: between.address,
        reconnect: quickly,
        heartbeat: "30 millis",
        patience: "200 millis"
      })
      yield* runs((yield* connect()).server, new Watch())
      const submitter = yield* submits(here.server)
      assert.strictEqual(yield* submitter.run(Double, { n: 1 }), 2)
      between.freeze(true)
      const running = yield* Effect.forkChild(submitter.run(Double, { n: 2 }))
      while (here.isConnected()) yield* pause(5)
      between.freeze(false)
      assert.strictEqual(yield* Fiber.join(running), 4)
    })))

  it.live("is made again though somebody was refused meanwhile", () =>
    Effect.scoped(Effect.gen(function*() {
      const { address, connect } = yield* reach(yield* memory, {
        listen: { limits: { handshakeTime: "50 millis" } },
        connect: {}
      })
      const between = yield* proxy(address)
      const here = yield* connect({ address: between.address, reconnect: quickly })
      yield* runs((yield* connect()).server, new Watch())
      const submitter = yield* submits(here.server)
      // What it says first does not come through: it hears nothing but that it is not let in.
      between.deafen(true)
      here.interrupt()
      yield* pause(80)
      between.deafen(false)
      assert.strictEqual(yield* submitter.run(Double, { n: 2 }), 4)
    })))

  it.live("leaves calls to those who called", () =>
    Effect.scoped(Effect.gen(function*() {
      const { connect } = yield* reach(yield* memory)
      const here = yield* connect({ reconnect: quickly })
      const asking = yield* Effect.forkChild(Effect.flip(here.operator.status), { startImmediately: true })
      here.interrupt()
      assert.strictEqual((yield* Fiber.join(asking))._tag, "ConnectionLost")
      assert.strictEqual((yield* Effect.flip(here.operator.status))._tag, "ConnectionLost")
      while (!here.isConnected()) yield* pause(2)
      // It has none.
      assert.strictEqual((yield* Effect.flip(here.operator.status))._tag, "Unavailable")
    })))
})

describe("a peer that does not come back", () => {
  it.live("has what it submitted cancelled after a while", () =>
    Effect.scoped(Effect.gen(function*() {
      const { address, connect, listening } = yield* reach(yield* memory, {
        listen: { limits: { sessionTime: "50 millis" } },
        connect: {}
      })
      const between = yield* proxy(address)
      const here = yield* connect({ address: between.address, reconnect: quickly })
      const watch = new Watch()
      yield* runs((yield* connect()).server, watch)
      const submitter = yield* submits(here.server)
      yield* Effect.forkChild(Effect.exit(submitter.run(Wait, { n: 1 })))
      yield* watch.until(() => watch.begun.has(1))
      assert.strictEqual(listening.sessions(), 2)
      between.close(true)
      yield* watch.until(() => watch.interrupted.length === 1)
      assert.strictEqual(listening.sessions(), 1)
      between.close(false)
    })))

  it.live("has what it ran given to others", () =>
    Effect.scoped(Effect.gen(function*() {
      const { address, connect } = yield* reach(yield* memory, {
        listen: { limits: { sessionTime: "50 millis" } },
        connect: {}
      })
      const between = yield* proxy(address)
      const [first, second] = [new Watch(), new Watch()]
      const dying = yield* connect({ address: between.address, reconnect: quickly })
      yield* runs(dying.server, first)
      const submitter = yield* submits((yield* connect()).server)
      const running = yield* Effect.forkChild(submitter.run(Wait, { n: 5 }))
      yield* first.until(() => first.begun.has(5))
      yield* runs((yield* connect()).server, second, "executor-2")
      between.close(true)
      second.open()
      assert.strictEqual(yield* Fiber.join(running), 5)
      assert.strictEqual(second.begun.get(5), 1)
      between.close(false)
    })))

  it.live("finds out when it comes back after all", () =>
    Effect.scoped(Effect.gen(function*() {
      const { address, connect } = yield* reach(yield* memory, {
        listen: { limits: { sessionTime: "30 millis" } },
        connect: {}
      })
      const between = yield* proxy(address)
      const here = yield* connect({ address: between.address, reconnect: quickly })
      const watch = new Watch()
      yield* runs((yield* connect()).server, watch)
      const submitter = yield* submits(here.server)
      const waiting = yield* Effect.forkChild(Effect.exit(submitter.run(Wait, { n: 1 })))
      yield* watch.until(() => watch.begun.has(1))
      between.close(true)
      yield* watch.until(() => watch.interrupted.length === 1)
      between.close(false)
      assert.include(reasonOf(yield* Fiber.join(waiting)), "away for longer than the server waits")
    })))
})

describe("a server that is started anew", () => {
  it.live("goes on with what it has kept", () =>
    Effect.scoped(Effect.gen(function*() {
      const disk = new Disk()
      const path = `unix:${yield* folder}/s.sock`
      // Servers end after those who use them.
      const home = yield* Scope.fork(yield* Effect.scope)
      const start = Effect.fnUntraced(function*() {
        const scope = yield* Scope.fork(home)
        const reached = yield* Scope.provide(
          Effect.flatMap(stored(disk), (server) => reach(server, { listen: { address: path }, connect: {} })),
          scope
        )
        return { ...reached, stop: Scope.close(scope, Exit.void) }
      })
      const first = yield* start()
      const here = yield* first.connect({ reconnect: quickly })
      const there = yield* first.connect({ reconnect: quickly })
      const watch = new Watch()
      yield* runs(there.server, watch)
      const submitter = yield* submits(here.server)
      const { generation } = here.server.info
      const running = yield* Effect.forkChild(
        Effect.forEach(Array.from({ length: 40 }, (_, n) => n), (n) => submitter.run(Wait, { n }), {
          concurrency: "unbounded"
        })
      )
      const doubling = yield* Effect.forkChild(
        Effect.forEach(
          Array.from({ length: 500 }, (_, n) => 1_000 + n),
          (n) => Effect.delay(submitter.run(Double, { n }), 1),
          { concurrency: 8 }
        )
      )
      yield* watch.until(() => watch.begun.size >= 100)
      yield* first.stop
      yield* start()
      assert.deepStrictEqual(yield* Fiber.join(doubling), Array.from({ length: 500 }, (_, n) => 2_000 + 2 * n))
      assert.isAbove(here.server.info.generation, generation)
      watch.open()
      assert.deepStrictEqual(yield* Fiber.join(running), Array.from({ length: 40 }, (_, n) => n))
      // They ran on, under the new server.
      for (let n = 0; n < 40; n++) assert.strictEqual(watch.begun.get(n), 1, `${n}`)
    })))

  it.live("tells those whose tasks it has not kept", () =>
    Effect.scoped(Effect.gen(function*() {
      const path = `unix:${yield* folder}/s.sock`
      // Servers end after those who use them.
      const home = yield* Scope.fork(yield* Effect.scope)
      const start = Effect.fnUntraced(function*() {
        const scope = yield* Scope.fork(home)
        const way = { listen: { address: path }, connect: {} }
        const reached = yield* Scope.provide(Effect.flatMap(memory, (server) => reach(server, way)), scope)
        return { ...reached, stop: Scope.close(scope, Exit.void) }
      })
      const first = yield* start()
      const here = yield* first.connect({ reconnect: quickly })
      const there = yield* first.connect({ reconnect: quickly })
      const watch = new Watch()
      yield* runs(there.server, watch)
      const submitter = yield* submits(here.server)
      const waiting = yield* Effect.forkChild(Effect.exit(submitter.run(Wait, { n: 1 })))
      yield* watch.until(() => watch.begun.has(1))
      yield* first.stop
      yield* start()
      assert.include(reasonOf(yield* Fiber.join(waiting)), "the server was started anew, and had kept nothing")
      // Whoever begins now has a server.
      assert.strictEqual(yield* (yield* submits(here.server, "another")).run(Double, { n: 3 }), 6)
    })))
})
