import { afterEach, assert, beforeEach, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFileSync, spawnSync } from "node:child_process"
import { statSync } from "node:fs"
import { connect, type Socket } from "node:net"
import { join } from "node:path"
import { isAlive, until } from "../host/Household.ts"
import { Ground } from "./Ground.ts"

let ground: Ground

beforeEach(async () => void (ground = await Ground.make()))
afterEach(() => ground.end())

const limit = (pid: number, ...limits: ReadonlyArray<string>): void =>
  void execFileSync("prlimit", ["--pid", String(pid), ...limits])

const isUnlimitable = spawnSync("prlimit", ["--version"]).status !== 0

describe.skipIf(isUnlimitable)("a server that runs out", () => {
  it("of disk stops, says so, and has all that it acknowledged once there is room", async () => {
    const server = await ground.serve()
    await ground.executor()
    const size = Math.max(...["", "-wal"].map((suffix) => statSync(`${ground.store}${suffix}`).size))
    // It is the same as a full disk: a file cannot become larger.
    limit(server.pid, `--fsize=${size + 200_000}:unlimited`)
    ground.submit({ name: "first", from: 0, count: 2_000, batch: 200, concurrency: 4, millis: 1 })
    const { code, text } = await server.ended
    assert.strictEqual(code, 1, text)
    assert.match(text, /level=FATAL .*The store \S+ failed: .*(?:I\/O error|full).*start the server again/)
    assert.notInclude(text, "    at ")
    await ground.serve()
    assert.deepStrictEqual(await ground.judge(), [])
  })

  it("of descriptors lives, refuses, and serves who comes when there are some again", async () => {
    const server = await ground.serve()
    await ground.executor()
    const used = Number(execFileSync("sh", ["-c", `ls /proc/${server.pid}/fd | wc -l`], { encoding: "utf8" }))
    limit(server.pid, `--nofile=${used + 16}:${used + 16}`)
    const client = ground.submit({ name: "first", from: 0, count: 1_000, concurrency: 4 })
    await ground.progressed(100)
    const socket = join(ground.house.folder, "run/server.sock")
    let closed = 0
    const flood: ReadonlyArray<Socket> = Array.from(
      { length: 100 },
      () => connect(socket).on("error", () => undefined).on("close", () => void closed++)
    )
    await until(() => closed > 0)
    assert.isTrue(isAlive(server.pid))
    // Who was there before does not notice.
    await ground.finished(client)
    for (const socket of flood) socket.destroy()
    const { executors } = await ground.ask(({ status }) => Effect.map(status, ({ executors }) => ({ executors })))
    assert.lengthOf(executors, 1)
    assert.deepStrictEqual(await ground.judge(), [])
  })
})
