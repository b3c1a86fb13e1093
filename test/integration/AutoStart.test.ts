import { afterEach, assert, beforeEach, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath, pathToFileURL } from "node:url"
import * as Local from "../../layers/Local.ts"
import { Task } from "../../services/Task.ts"
import { TaskLibrary } from "../../services/TaskLibrary.ts"
import { TaskModule } from "../../services/TaskModule.ts"
import { Household, isAlive, until } from "../host/Household.ts"

interface Found {
  readonly pid?: number
  readonly isStarted?: boolean
  readonly error?: string
}

let house: Household

beforeEach(async () => void (house = await Household.make()))
afterEach(() => house.end())

const find = async (words = house.serverWords, variables: Readonly<Record<string, string>> = {}): Promise<Found> => {
  const { text } = await house.spawn([fileURLToPath(house.entries["finder"] ?? ""), ...words], variables).ended
  return JSON.parse(text)
}

describe("a server that is looked for", () => {
  it("is one, however many look for it at the same moment", async () => {
    const found = await Promise.all(Array.from({ length: 20 }, () => find()))
    const pids = new Set(found.map(({ pid }) => pid))
    assert.strictEqual(pids.size, 1, JSON.stringify(found))
    assert.strictEqual(found.filter(({ isStarted }) => isStarted).length, 1)
    assert.strictEqual(house.record?.pid, found[0]?.pid)
    assert.strictEqual(house.log.split("\n").filter((line) => line.includes("The server is ready")).length, 1)
  })

  it("is started anew where one was killed and has left its socket", async () => {
    const { error, pid } = await find()
    // Zero would be all of this group.
    if (pid === undefined) return assert.fail(error)
    process.kill(pid, "SIGKILL")
    await until(() => !isAlive(pid))
    assert.isTrue(existsSync(join(house.folder, "run/server.sock")))
    const again = await find()
    assert.isTrue(again.isStarted)
    assert.notStrictEqual(again.pid, pid)
    assert.deepStrictEqual(await find(), { ...again, isStarted: false })
  })

  it("is started once more where it was killed while it started", async () => {
    const [server = ""] = house.serverWords
    const once = join(house.folder, "once.mjs")
    const marker = join(house.folder, "killed")
    writeFileSync(
      once,
      `import { existsSync, writeFileSync } from "node:fs"
if (existsSync(${JSON.stringify(marker)})) await import(${JSON.stringify(server)})
else {
  writeFileSync(${JSON.stringify(marker)}, "")
  process.kill(process.pid, "SIGKILL")
}`
    )
    const found = await find([once])
    assert.isTrue(existsSync(marker))
    assert.isTrue(found.isStarted, found.error)
  })

  it("says why it cannot be started, and where its log is", async () => {
    const { error = "" } = await find(house.serverWords, { CADRE_IDLE: "soon" })
    assert.include(error, "CADRE_IDLE: It is \"soon\"")
    mkdirSync(join(house.folder, "broken"))
    const broken = join(house.folder, "broken/server.mjs")
    writeFileSync(broken, "throw new Error(\"no such luck\")")
    const second = await find([broken])
    assert.include(second.error, "it was started and ended before it was ready (exit code 1)")
    assert.include(second.error, "no such luck")
    assert.include(second.error, join(house.folder, "run/server.log"))
  })
})

describe("the local layer with a module", () => {
  const write = (text: string): string => {
    const folder = join(house.folder, "project")
    mkdirSync(join(folder, "node_modules"), { recursive: true })
    for (const name of ["effect", "cadre"]) {
      const link = join(folder, "node_modules", name)
      if (!existsSync(link)) {
        symlinkSync(
          fileURLToPath(new URL(name === "cadre" ? "../.." : `../../node_modules/${name}`, import.meta.url)),
          link
        )
      }
    }
    writeFileSync(join(folder, "package.json"), "{ \"type\": \"module\" }")
    writeFileSync(join(folder, "tasks.ts"), text)
    return pathToFileURL(join(folder, "tasks.ts")).href
  }

  /** As a program would write it; the library is that of the tests. */
  const tasks = (where: string): string => `
import { Task, TaskLibrary, TaskModule } from "cadre"
import { Effect, Schema } from "effect"
const Where = Task.make("Where", { success: Schema.Int })
export default TaskModule.make(import.meta.url, TaskLibrary.make("place", { version: "1.0.0" }, Where).toLayer({
  Where: () => ${where}
}))`
  const Where = Task.make("Where", { success: Schema.Int })
  const Place = TaskLibrary.make("place", { version: "1.0.0" }, Where)
  const own = "Effect.sync(() => process.pid)"

  /** A module at an URL: nothing else of it is used here. */
  const moduleAt = (url: string): TaskModule.Any =>
    TaskModule.make(url, Place.toLayer({ Where: () => Effect.succeed(0) }))

  const local = (url: string) => Local.layer(Place, { module: moduleAt(url), threads: 1 })

  it.live("starts a server and a process for it, which is replaced when it is killed", () =>
    house.within(
      Effect.gen(function*() {
        const first = yield* Where.run(undefined)
        const { pid } = house.record ?? {}
        assert.notStrictEqual(first, process.pid)
        assert.notStrictEqual(first, pid)
        process.kill(first, "SIGKILL")
        yield* Effect.promise(() => until(() => !isAlive(first)))
        // It is not refused while the next one is started.
        const second = yield* Where.run(undefined)
        assert.notStrictEqual(second, first)
        // A server that is killed is missed, and what it started ends with it.
        process.kill(pid ?? -1, "SIGKILL")
        const third = yield* Where.run(undefined, { whenUnmet: "wait" })
        assert.notStrictEqual(third, second)
        assert.notStrictEqual(house.record?.pid, pid)
        yield* Effect.promise(() => until(() => !isAlive(second)))
      }).pipe(Effect.provide(local(write(tasks(own)))))
    ))

  it.live("says why a module cannot be run", () =>
    house.within(Effect.gen(function*() {
      const url = write(`${tasks(own)}\nthrow new Error("no such luck")`)
      const error = yield* Effect.flip(Effect.provide(Effect.void, local(url)))
      assert.strictEqual(error._tag, "ExecutorsFailed")
      assert.include(error.message, "project/tasks.ts: It threw when it was imported: Error: no such luck")
    })))
})
