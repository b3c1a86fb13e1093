import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Redacted, Scope } from "effect"
import { existsSync, linkSync, lstatSync, statSync, writeFileSync } from "node:fs"
import { connect as connectNet, createServer, type Socket } from "node:net"
import { dirname } from "node:path"
import * as ServerMemory from "../../../layers/ServerMemory.ts"
import { peer } from "../../../layers/wire/FrameCodec.ts"
import * as Listener from "../../../layers/wire/Listener.ts"
import { Server } from "../../../services/Server.ts"
import type { UpFrame } from "../../../src/protocol/session/Frame.ts"
import { SpecNames } from "../../../src/protocol/session/Specs.ts"
import { upRow } from "../../../src/protocol/session/SubmitterRows.ts"
import { tasks } from "../../suites/Parties.ts"
import { Double, runs, submits, Watch } from "./Parties.ts"
import { folder, pause, reach } from "./Stages.ts"
import { tcp } from "./Ways.ts"

const memory = Effect.map(Layer.build(Layer.fresh(ServerMemory.layer())), (context) => Context.get(context, Server))

/** Says something to a listener, and gives all that it answers until it hangs up. */
const say = (address: string, ...parts: ReadonlyArray<string | Uint8Array>): Effect.Effect<string> =>
  Effect.callback((resume) => {
    const socket = connectNet(address.slice("unix:".length))
    let heard = ""
    socket.on("data", (chunk) => heard += chunk.toString("utf8"))
    socket.on("error", () => undefined)
    socket.on("close", () => resume(Effect.succeed(heard)))
    for (const part of parts) socket.write(part)
    return Effect.sync(() => socket.destroy())
  })

const hello = (more: object = {}) =>
  `${JSON.stringify({ cadre: 1, encoding: "ndjson", roles: ["submitter"], ...more })}\n`

describe("a listener", () => {
  it.live("has its socket to itself, and for one user", () =>
    Effect.scoped(Effect.gen(function*() {
      const path = `${yield* folder}/deep/s.sock`
      const server = yield* memory
      const scope = yield* Scope.fork(yield* Effect.scope)
      const options = { address: `unix:${path}`, server }
      yield* Scope.provide(Listener.listen(options), scope)
      assert.strictEqual(statSync(path).mode & 0o777, 0o600)
      assert.strictEqual(statSync(dirname(path)).mode & 0o777, 0o700)
      const second = yield* Effect.flip(Listener.listen(options))
      assert.strictEqual(second._tag, "AddressInUse")
      assert.include(second.message, path)
    })))

  it.live("takes the place of one that died, and of nothing else", () =>
    Effect.scoped(Effect.gen(function*() {
      const home = yield* folder
      const server = yield* memory
      writeFileSync(`${home}/file`, "precious")
      const refused = yield* Effect.flip(Listener.listen({ address: `unix:${home}/file`, server }))
      assert.include(refused.message, "there is a file that is no socket")
      assert.isTrue(existsSync(`${home}/file`))
      // Whoever is killed leaves its socket behind: here it has another name when it is removed.
      const path = `${home}/s.sock`
      yield* Effect.callback<void>((resume) => {
        const dying = createServer().listen(`${home}/other.sock`, () => {
          linkSync(`${home}/other.sock`, path)
          dying.close(() => resume(Effect.void))
        })
      })
      assert.isTrue(lstatSync(path).isSocket())
      const { connect } = yield* reach(server, { listen: { address: `unix:${path}` }, connect: {} })
      assert.isTrue((yield* connect()).isConnected())
    })))

  it.live("does not listen where nothing would protect it", () =>
    Effect.scoped(Effect.gen(function*() {
      const server = yield* memory
      for (const address of ["tcp://0.0.0.0:0", "tcp://127.0.0.1:0", "tls://127.0.0.1:0"]) {
        const refused = yield* Effect.flip(Listener.listen({ address, server }))
        assert.include(["BindRefused", "ListenFailed"], refused._tag)
      }
      assert.strictEqual((yield* Effect.flip(Listener.listen({ address: "http://x", server })))._tag, "AddressInvalid")
    })))

  it.live("says one thing to all whom it does not know, and lives", () =>
    Effect.scoped(Effect.gen(function*() {
      const { address, connect } = yield* reach(yield* memory, {
        listen: { limits: { handshakeTime: "100 millis" } },
        connect: {}
      })
      const answers = yield* Effect.forEach([
        ["GET / HTTP/1.1\r\n\r\n"],
        ["{}\n"],
        ["\n"],
        ["null\n"],
        [hello({ roles: [] })],
        [hello({ roles: ["root"] })],
        [hello({ encoding: "pickle" })],
        ["x".repeat(5_000)],
        [Uint8Array.of(0, 255, 10)],
        // Nothing at all.
        []
      ], (parts) =>
        say(address, ...parts), { concurrency: "unbounded" })
      assert.deepStrictEqual([...new Set(answers)], ["{\"_tag\":\"Refused\"}\n"])
      const other = yield* say(address, hello({ cadre: 99 }))
      assert.include(other, "version 1")
      assert.include(other, "version 99")
      yield* runs((yield* connect()).server, new Watch())
      assert.strictEqual(yield* (yield* submits((yield* connect()).server)).run(Double, { n: 2 }), 4)
    })))

  it.live("hangs up on who talks nonsense, and on nobody else", () =>
    Effect.scoped(Effect.gen(function*() {
      const { address, connect } = yield* reach(yield* memory)
      yield* runs((yield* connect()).server, new Watch())
      const submitter = yield* submits((yield* connect()).server)
      const binary = hello({ encoding: "binary" })
      const head = (length: number, kind = 1) => {
        const bytes = Buffer.alloc(5)
        bytes.writeUInt32BE(length)
        bytes[4] = kind
        return bytes
      }
      const open = {
        _tag: "Open",
        channel: 0,
        session: "0".repeat(32),
        received: 0,
        as: { _tag: "submitter", name: "x" }
      }
      const line = (value: unknown) => `${JSON.stringify(value)}\n`
      const nonsense: ReadonlyArray<ReadonlyArray<string | Uint8Array>> = [
        [binary, head(2 ** 31)],
        [binary, head(0)],
        [binary, head(3, 9), "abc"],
        [binary, head(3), "abc"],
        [binary, head(3, 0), "abc"],
        [hello(), "{\n"],
        [hello(), "[]\n"],
        [hello(), "{\"_tag\":\"Open\"}\n"],
        [hello(), "x".repeat(2 ** 20 + 10)],
        [hello(), line({ _tag: "Submitter", channel: 0, first: 1, ack: 0, specs: [], messages: [] })],
        [hello(), line(open), line(open)],
        [
          hello(),
          line(open),
          line({ _tag: "Received", channel: 0, ack: 5 }),
          line({ _tag: "Received", channel: 0, ack: 5 })
        ]
      ]
      for (const parts of nonsense) yield* Effect.raceFirst(say(address, ...parts), pause(1_000))
      assert.strictEqual(yield* submitter.run(Double, { n: 2 }), 4)
      yield* submits((yield* connect()).server, "another")
    })))

  it.live("lets peers be what they were let in as, and nothing else", () =>
    Effect.scoped(Effect.gen(function*() {
      const { connect } = yield* reach(yield* memory, tcp)
      const wrong = yield* Effect.flip(connect({ token: Redacted.make("b".repeat(43)) }))
      assert.strictEqual(wrong._tag, "NotAdmitted")
      const { server } = yield* connect({ roles: ["submitter"] })
      assert.include(
        (yield* Effect.flip((yield* connect({ roles: ["executor"] })).operator.status)).message,
        "operator"
      )
      const watch = new Watch()
      // The port is there, and says at once that nothing will come of it.
      yield* runs(server, watch)
      yield* runs((yield* connect({ roles: ["executor"] })).server, watch, "executor-2")
      assert.deepStrictEqual((yield* server.status).executors.map(({ executorId }) => executorId), ["executor-2"])
      const submitter = yield* submits((yield* connect({ roles: ["executor"] })).server)
      assert.strictEqual((yield* Effect.flip(submitter.run(Double, { n: 1 })))._tag, "ConnectionLost")
    })))

  it.live("waits for who reads slowly, and loses nothing", () =>
    Effect.scoped(Effect.gen(function*() {
      const server = yield* memory
      const { connect, address } = yield* reach(server, { listen: { limits: { window: 20_000 } }, connect: {} })
      const port = yield* server.attach({
        executorId: "e" as never,
        node: { nodeId: "n" as never },
        slots: 20,
        prefetch: 20,
        libraries: [{ name: "raw", version: "1", tasks: { Task: "f" } }],
        services: [],
        labels: [],
        heartbeat: false
      })
      const large = new Uint8Array(2_000)
      port.commands.read({
        take: (commands) => {
          for (const command of commands) {
            if (command._tag !== "Assign") continue
            const reports = command.attempts.map(({ assignment: { epoch, task } }) => ({
              task,
              epoch,
              outcome: { _tag: "Succeeded", value: { encoding: "raw", bytes: large } } as const
            }))
            port.send({ _tag: "ended", reports })
          }
        }
      })
      const request = (request: number) => ({
        _tag: "submit",
        request,
        submission: `set ${request}`,
        whenUnmet: "wait",
        isOpen: false,
        isWatched: false
      } as const)
      // A peer that has its tasks run, and reads nothing.
      const socket = yield* Effect.acquireRelease(
        Effect.sync((): Socket => connectNet(address.slice("unix:".length))),
        (socket) => Effect.sync(() => socket.destroy())
      )
      const open = {
        _tag: "Open",
        channel: 0,
        session: "1".repeat(32),
        received: 0,
        as: { _tag: "submitter", name: "slow" }
      }
      const names = new SpecNames()
      const row = upRow({ ...request(0), entries: [tasks(500)], isWhole: true }, names)
      const frame: UpFrame = { _tag: "Submitter", channel: 0, first: 1, ack: 0, specs: names.take(), messages: [row] }
      let read = 0
      socket.write(`${hello()}${JSON.stringify(open)}\n`)
      socket.on("data", (chunk) => {
        if (read === 0) socket.write(Buffer.concat([peer().ndjson.encode(frame), Buffer.from("\n")]))
        read += chunk.length
        socket.pause()
      })
      const { server: remote } = yield* connect()
      const quick = yield* remote.connect("quick")
      let ended = 0
      const all = 500
      const done = yield* Effect.forkChild(
        Effect.callback<void>((resume) => {
          quick.notices.read({
            take: (notices) => {
              for (const notice of notices) if (notice._tag === "Ended") ended += notice.endings.length
              if (ended === all) resume(Effect.void)
            }
          })
        }),
        { startImmediately: true }
      )
      for (let number = 0; number < all / 10; number++) {
        quick.send({ ...request(number), entries: [tasks(10)] })
      }
      yield* Fiber.join(done)
      assert.strictEqual(ended, all)
      socket.removeAllListeners("data").on("data", (chunk) => read += chunk.length).resume()
      yield* pause(50)
      // A window, and what one notice has; not the 500 results.
      assert.isAbove(read, 20_000)
      assert.isBelow(read, 500_000)
    })))
})
