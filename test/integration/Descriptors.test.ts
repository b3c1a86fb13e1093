import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { mkdtempSync, rmSync } from "node:fs"
import { connect, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import process from "node:process"
import { Raw } from "../abuse/Raw.ts"
import { Cadre } from "./cli/Cadre.ts"

/** Tries until it is let in; the time limit of the test ends it. */
const entered = (enter: () => Promise<Raw>): Promise<Raw> => enter().catch(() => entered(enter))

describe("a server whose files are all open", () => {
  let cadre: Cadre
  const folder = mkdtempSync(join(tmpdir(), "cadre-descriptors-"))
  beforeAll(async () => {
    cadre = await Cadre.make()
  })
  afterAll(async () => {
    await cadre.end()
    rmSync(folder, { recursive: true, force: true })
  })

  it.skipIf(process.platform === "win32")("lives, and serves again once there is room", async () => {
    const path = join(folder, "server.sock")
    const listener = resolve("test/integration/secrets/listener.ts")
    const server = cadre.spawn("sh", [
      "-c",
      "ulimit -n 48; exec \"$0\" \"$@\"",
      process.execPath,
      "--conditions=cadre-source",
      listener,
      path
    ])
    await server.printed("ready")
    const way = { name: "unix", path }
    const guest = await Raw.enter(way, "binary", ["operator"])
    const sockets: Array<Socket> = []
    await Promise.all(Array.from({ length: 150 }, () =>
      new Promise<void>((resolve) => {
        const socket = connect(path, () => resolve())
        socket.on("error", () => resolve())
        socket.on("close", () => resolve())
        sockets.push(socket)
      })))
    // Who was there before is still served.
    guest.send("binary", { _tag: "Beat" })
    assert.strictEqual((await guest.frame("binary"))?._tag, "Beat")
    for (const socket of sockets) socket.destroy()
    // The server has room once it has heard that they are gone.
    const later = await entered(() => Raw.enter(way, "ndjson", ["operator"]))
    later.send("ndjson", { _tag: "Beat" })
    assert.strictEqual((await later.frame("ndjson"))?._tag, "Beat")
    await Promise.all([guest.end(), later.end()])
    assert.isNull(server.child.exitCode)
    server.child.kill("SIGKILL")
    await server.ended
  })
})
