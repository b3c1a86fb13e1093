import { afterEach, assert, beforeEach, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber } from "effect"
import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import * as InProcess from "../../layers/InProcess.ts"
import * as Local from "../../layers/Local.ts"
import { Operator } from "../../services/Operator.ts"
import { Household, isAlive, until } from "../host/Household.ts"
import { Hold, Tasks, Where } from "../host/tasks.ts"
import tasks from "../host/tasks.ts"

let house: Household

beforeEach(async () => void (house = await Household.make()))
afterEach(() => house.end())

const socket = () => join(house.folder, "run/server.sock")

/** A program of the test itself, that lends an executor. */
const lending = () =>
  Local.layer(Tasks, {
    autoStart: false,
    // What it implements asks for nothing.
    executors: [InProcess.executor(Tasks.toLayer({
      Where: () => Effect.succeed(process.pid),
      Length: () => Effect.succeed(0),
      Hold: Effect.fnUntraced(function*({ release, started }) {
        writeFileSync(started, "")
        while (!existsSync(release)) yield* Effect.sleep(10)
        return process.pid
      })
    }))]
  })

describe("a server process", () => {
  it.live("answers the order to stop before it ends, and leaves nothing behind", () =>
    Effect.gen(function*() {
      const server = yield* Effect.promise(() => house.server())
      yield* Effect.provide(
        Effect.flatMap(Operator, (operator) => operator.stop({ drain: false })),
        Local.layer(Tasks, { autoStart: false })
      )
      const { code } = yield* Effect.promise(() => server.ended)
      assert.strictEqual(code, 0)
      assert.isFalse(existsSync(socket()))
      assert.isUndefined(house.record)
    }).pipe(house.within))

  it.live("finishes what runs at SIGTERM, hands its outcome over, and ends well", () =>
    Effect.gen(function*() {
      const server = yield* Effect.promise(() => house.server())
      const [started, release] = ["started", "release"].map((name) => join(house.folder, name))
      yield* Effect.gen(function*() {
        const holding = yield* Effect.forkChild(Hold.run({ started: started!, release: release! }))
        yield* Effect.promise(() => until(() => existsSync(started!)))
        process.kill(server.pid, "SIGTERM")
        yield* Effect.promise(() => server.printed("The server drains"))
        const refused = yield* Effect.flip(Where.run(undefined))
        assert.strictEqual(refused._tag, "ServerDraining")
        writeFileSync(release!, "")
        assert.strictEqual(yield* Fiber.join(holding), process.pid)
      }).pipe(Effect.provide(lending()))
      const { code, text } = yield* Effect.promise(() => server.ended)
      assert.strictEqual(code, 0, text)
    }).pipe(house.within))

  it.live("ends at once at the second signal", () =>
    Effect.gen(function*() {
      const server = yield* Effect.promise(() => house.server())
      const [started, release] = ["started", "release"].map((name) => join(house.folder, name))
      const holding = Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(Hold.run({ started: started!, release: release! }))
        yield* Effect.promise(() => until(() => existsSync(started!)))
        process.kill(server.pid, "SIGTERM")
        yield* Effect.promise(() => server.printed("The server drains"))
        // Sooner it would be the same signal, passed on by somebody.
        yield* Effect.sleep(150)
        process.kill(server.pid, "SIGTERM")
        yield* Effect.promise(() => server.ended)
        // The next one knows nothing of it.
        yield* Effect.promise(() => house.server())
        assert.strictEqual((yield* Effect.flip(Fiber.join(fiber)))._tag, "ConnectionLost")
        writeFileSync(release!, "")
      }).pipe(Effect.provide(lending()))
      yield* holding
      assert.strictEqual((yield* Effect.promise(() => server.ended)).code, 143)
    }).pipe(house.within))

  it.live("ends by itself when nobody needs it any more, and not before", () =>
    Effect.gen(function*() {
      const server = yield* Effect.promise(() => house.server({ CADRE_IDLE: "1500ms" }))
      yield* Effect.provide(
        Effect.gen(function*() {
          yield* Effect.sleep(1_800)
          assert.isTrue(isAlive(server.pid))
        }),
        Local.layer(Tasks, { autoStart: false })
      )
      const { code, text } = yield* Effect.promise(() => server.ended)
      assert.strictEqual(code, 0)
      assert.include(text, "nobody needed it")
    }).pipe(house.within))

  it("is the only one of its folder, and says who is there", async () => {
    const first = await house.server()
    const { code, text } = await house.spawn([...house.serverWords, "--foreground"]).ended
    assert.strictEqual(code, 2)
    assert.include(text, `A server is running already (process ${first.pid}): ${house.address}`)
    assert.isTrue(isAlive(first.pid))
  })

  it("refuses to listen for others without credentials, before it listens at all", async () => {
    const { code, text } = await house.spawn([...house.serverWords, "--foreground"], {
      CADRE_LISTEN: "tcp://0.0.0.0:0",
      CADRE_KEYS_DIR: join(house.folder, "keys")
    }).ended
    assert.notStrictEqual(code, 0)
    assert.include(text, "The server cannot run")
    assert.isFalse(existsSync(socket()))
  })
})

describe("the local layer", () => {
  it.live("says that there is no server, and what to do, where it may start none", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(Effect.provide(Effect.void, Local.layer(Tasks, { autoStart: false })))
      assert.isTrue(Exit.isFailure(exit))
      const error = yield* Effect.flip(
        Effect.provide(Effect.void, Local.layer(Tasks, { autoStart: false, module: tasks }))
      )
      assert.strictEqual(error._tag, "NoServer")
      assert.include(error.message, "cadre server start")
    }).pipe(house.within))
})
