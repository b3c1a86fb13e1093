import { afterEach, assert, beforeEach, describe, it } from "@effect/vitest"
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
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
