import { afterEach, assert, beforeEach, describe, it } from "@effect/vitest"
import { Effect, Fiber, Redacted } from "effect"
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import * as Local from "../../layers/Local.ts"
import { Operator } from "../../services/Operator.ts"
import { Household, until } from "../host/Household.ts"
import { Hold, Length, Tasks, Where } from "../host/tasks.ts"

let house: Household

beforeEach(async () => void (house = await Household.make()))
afterEach(() => house.end())

const wait = { whenUnmet: "wait" } as const

const paths = () => ({ started: join(house.folder, "started"), release: join(house.folder, "release") })

const connected = () => Local.layer(Tasks, { autoStart: false })

describe("a process with executors", () => {
  it.live("may be there before the server: it says so, waits, and serves", () =>
    Effect.gen(function*() {
      const executor = house.executor()
      yield* Effect.promise(() => executor.printed("There is no server"))
      yield* Effect.promise(() => house.server())
      yield* Effect.promise(() => executor.printed("Serving as"))
      yield* Effect.gen(function*() {
        assert.strictEqual(yield* Where.run(undefined, wait), executor.pid)
        assert.strictEqual(yield* Length.run({ secret: Redacted.make("hunter2") }, wait), "<redacted>".length)
        const [row] = yield* (yield* Operator).executors
        assert.strictEqual(row?.pid, executor.pid)
        assert.deepStrictEqual(row?.libraries, ["house@1.0.0"])
      }).pipe(Effect.provide(connected()))
      process.kill(executor.pid, "SIGTERM")
      assert.strictEqual((yield* Effect.promise(() => executor.ended)).code, 0)
    }).pipe(house.within))

  it.live("finishes what runs at SIGTERM, gives back the rest, and ends well", () =>
    Effect.gen(function*() {
      yield* Effect.promise(() => house.server())
      const executor = house.executor()
      yield* Effect.promise(() => executor.printed("Serving as"))
      const { release, started } = paths()
      yield* Effect.gen(function*() {
        const holding = yield* Effect.forkChild(Hold.run({ started, release }, wait))
        yield* Effect.promise(() => until(() => existsSync(started)))
        // It waits behind the other: there is one slot.
        const second = yield* Effect.forkChild(Where.run(undefined, wait))
        yield* Effect.sleep(50)
        process.kill(executor.pid, "SIGTERM")
        const other = house.executor()
        assert.strictEqual(yield* Fiber.join(second), other.pid)
        writeFileSync(release, "")
        assert.strictEqual(yield* Fiber.join(holding), executor.pid)
        assert.strictEqual((yield* Effect.promise(() => executor.ended)).code, 0)
      }).pipe(Effect.provide(connected()))
    }).pipe(house.within))

  it.live("ends in the same way when the server tells it to", () =>
    Effect.gen(function*() {
      yield* Effect.promise(() => house.server())
      const executor = house.executor()
      yield* Effect.promise(() => executor.printed("Serving as"))
      yield* Effect.gen(function*() {
        const operator = yield* Operator
        const [row] = yield* operator.executors
        yield* operator.drainExecutor(row?.executorId ?? "", { stop: true })
      }).pipe(Effect.provide(connected()))
      assert.strictEqual((yield* Effect.promise(() => executor.ended)).code, 0)
    }).pipe(house.within))

  it.live("that is killed while it runs something has it run elsewhere, soon", () =>
    Effect.gen(function*() {
      yield* Effect.promise(() => house.server())
      const executor = house.executor()
      yield* Effect.promise(() => executor.printed("Serving as"))
      const { release, started } = paths()
      yield* Effect.gen(function*() {
        const holding = yield* Effect.forkChild(Hold.run({ started, release }, wait))
        yield* Effect.promise(() => until(() => existsSync(started)))
        const other = house.executor()
        yield* Effect.promise(() => other.printed("Serving as"))
        rmSync(started)
        process.kill(executor.pid, "SIGKILL")
        // Else it would be missed after the lease time, which is half a minute.
        yield* Effect.promise(() => until(() => existsSync(started) && readFileSync(started, "utf8") !== "")).pipe(
          Effect.timeout("15 seconds")
        )
        writeFileSync(release, "")
        assert.strictEqual(yield* Fiber.join(holding), other.pid)
      }).pipe(Effect.provide(connected()))
    }).pipe(house.within))

  it("says why its module cannot be run", async () => {
    const broken = join(house.folder, "broken.mjs")
    writeFileSync(broken, "throw new Error(\"no such luck\")")
    const { code, text } = await house.executor({ module: `file://${broken}`, name: "broken.mjs" }).ended
    assert.strictEqual(code, 2)
    assert.include(text, "no such luck")
  })
})
