/**
 * A server that listens in every way there is, and what should be true of it
 * whatever its peers have done.
 */
import { assert } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Logger, Scope } from "effect"
import { randomBytes } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { memoryUsage } from "node:process"
import type { ConnectionOptions } from "node:tls"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as AuthorityFiles from "../../layers/security/AuthorityFiles.ts"
import * as Credentials from "../../layers/security/Credentials.ts"
import { files } from "../../layers/security/KeyFolder.ts"
import * as KeyRing from "../../layers/security/KeyRing.ts"
import * as ServerStored from "../../layers/server/ServerStored.ts"
import * as TaskStoreMemory from "../../layers/store/TaskStoreMemory.ts"
import type { Limits } from "../../layers/wire/Limits.ts"
import { listen, type Listening } from "../../layers/wire/Listener.ts"
import { Operator } from "../../services/Operator.ts"
import { Server } from "../../services/Server.ts"
import type { PatienceLimits } from "../../src/security/Patience.ts"
import { ExecutorId, NodeId } from "../../src/task/Attempt.ts"
import { kind } from "../suites/Parties.ts"
import { Raw, soon, type Way, type WireEncoding } from "./Raw.ts"

export const encodings: ReadonlyArray<WireEncoding> = ["binary", "ndjson"]

/** Limits that are quickly reached. */
export const limits: Limits = { handshakeTime: 400, idleTime: "5 seconds", sessionTime: 20, logTime: 0 }

setFlagsFromString("--expose-gc")
// What V8 has just been told to have.
const collect = runInNewContext("gc") as () => void

/** Bytes in use, once what is not needed has been collected. */
export const memory = (): number => {
  collect()
  collect()
  const { arrayBuffers, external, heapUsed } = memoryUsage()
  return heapUsed + external + arrayBuffers
}

export interface Fortress {
  readonly ways: ReadonlyArray<Way>
  readonly unix: Way
  readonly tcp: Way
  readonly tls: Way
  readonly keys: string
  readonly server: Server["Service"]
  readonly operator: Operator["Service"]
  readonly listeners: ReadonlyArray<Listening>
  /** What the server has logged, a line each. */
  readonly lines: Array<string>
  readonly close: () => Promise<void>
}

export const build = async (
  given: Limits = {},
  patience: Partial<PatienceLimits> = {},
  server: ServerStored.Options = {}
): Promise<Fortress> => {
  const lines: Array<string> = []
  const logger = Logger.make(({ cause, logLevel, message }) => {
    lines.push(`${logLevel} ${(Array.isArray(message) ? message : [message]).map(String).join(" ")} ${String(cause)}`)
  })
  const scope = Scope.makeUnsafe()
  const home = mkdtempSync(join(tmpdir(), "cadre-abuse-"))
  const making = Effect.gen(function*() {
    yield* KeyRing.makeAuthority(home, { name: "abuse", days: 10 })
    yield* KeyRing.makeServer(home, ["127.0.0.1"], { days: 5, renew: false })
    yield* KeyRing.makeClient(home, "honest", ["submitter", "executor", "operator"], { days: 5, renew: false })
    for (const role of ["submitter", "executor", "operator"] as const) yield* KeyRing.makeToken(home, role, "none")
    const credentials = yield* Credentials.server(home)
    const tokens = (["submitter", "executor", "operator"] as const).map(files(home).token)
    // By default an address that fails often is refused unseen, and the log hears of it once in a while.
    const authority = yield* AuthorityFiles.make({
      tokens,
      certificates: true,
      patience: { burst: 1e9, logMillis: 0, ...patience }
    })
    const context = yield* Layer.build(
      ServerStored.layer({ dispatcher: { leaseTime: 60_000 }, ...server }).pipe(Layer.provide(TaskStoreMemory.layer))
    )
    const [serving, operator] = [Context.get(context, Server), Context.get(context, Operator)]
    const base = { server: serving, operator, verify: authority.verify, limits: { ...limits, ...given } }
    const path = join(home, "run", "server.sock")
    const listeners = [
      yield* listen({ ...base, address: `unix:${path}` }),
      yield* listen({ ...base, address: "tcp://127.0.0.1:0" }),
      yield* listen({ ...base, address: "tls://127.0.0.1:0", ...(credentials.tls && { tls: credentials.tls }) })
    ]
    const ports = listeners.map(({ address }) => address._tag === "Unix" ? 0 : address.port)
    const roles = ["submitter", "executor", "operator"] as const
    const far = { _tag: "Tls", host: "127.0.0.1", port: ports[2]! } as const
    const byToken = yield* Credentials.peer(far, roles, { folder: home })
    const byName = yield* Credentials.peer(far, roles, { folder: home, tokens: [], own: files(home).client("honest") })
    const token = byToken.token!
    const tls: ConnectionOptions = byToken.tls!
    const ways: ReadonlyArray<Way> = [
      { name: "unix", path },
      { name: "tcp", port: ports[1]!, token },
      { name: "tls", port: ports[2]!, token, tls },
      { name: "tls with certificates", port: ports[2]!, tls: byName.tls! }
    ]
    return { ways, unix: ways[0]!, tcp: ways[1]!, tls: ways[2]!, keys: home, server: serving, operator, listeners }
  })
  const built = await Effect.runPromise(
    making.pipe(Scope.provide(scope), Effect.provide(Logger.layer([logger])))
  )
  return {
    ...built,
    lines,
    close: async () => {
      await Effect.runPromise(Scope.close(scope, Exit.void))
      rmSync(home, { recursive: true, force: true })
    }
  }
}

/** A random name of a session. */
export const sessionName = (): string => randomBytes(16).toString("hex")

/** A submitter's session on a connection. */
export const openSubmitter = async (raw: Raw, encoding: WireEncoding, name = `s${sessionName()}`, channel = 0) => {
  const session = sessionName()
  raw.send(encoding, { _tag: "Open", channel, session, received: 0, as: { _tag: "submitter", name } })
  const opened = await raw.next(encoding, "Opened")
  if (opened === undefined) throw new Error("The session was not opened")
  return { session, name, channel }
}

/** What an executor offers. */
export const executorSpec = (executorId: string, slots = 1) => ({
  executorId: ExecutorId.make(executorId),
  node: { nodeId: NodeId.make("n") },
  slots,
  prefetch: 0,
  libraries: [{ name: "raw", version: "1", tasks: { Task: "f" } }],
  services: [],
  labels: [],
  heartbeat: false
})

/** An executor's session on a connection. */
export const openExecutor = async (raw: Raw, encoding: WireEncoding, executorId: string, slots = 1, channel = 0) => {
  const session = sessionName()
  const as = { _tag: "executor", spec: executorSpec(executorId, slots) } as const
  raw.send(encoding, { _tag: "Open", channel, session, received: 0, as })
  const opened = await raw.next(encoding, "Opened")
  if (opened === undefined) throw new Error("The session was not opened")
  return { session, executorId, channel }
}

/** A submission of so many tasks, as it goes over the wire. */
export const submission = (request: number, count: number, more: object = {}, entry: object = {}) => ({
  _tag: "submit" as const,
  request,
  submission: `set ${request}`,
  entries: [{
    kind: "list" as const,
    count,
    spec: 0,
    priority: 0,
    isFollowed: false,
    lengths: Array.from({ length: count }, () => 1),
    bytes: new Uint8Array(count),
    ...entry
  }],
  whenUnmet: "wait" as const,
  isOpen: false,
  isWatched: false,
  isWhole: true,
  ...more
})

/** A kind of task that {@link executorSpec} can run. */
export const spec = kind()

/** An honest submitter and an honest executor come, and a task of theirs ends as it should. */
export const serves = async (way: Way, encoding: WireEncoding): Promise<void> => {
  const submitter = await Raw.enter(way, encoding, ["submitter"])
  const executor = await Raw.enter(way, encoding, ["executor"])
  try {
    const { channel } = await openSubmitter(submitter, encoding)
    const executorId = `honest-${sessionName()}`
    const { channel: at } = await openExecutor(executor, encoding, executorId)
    const named: ReadonlyArray<readonly [number, typeof spec]> = [[0, kind({ requirement: { fingerprint: "f" } })]]
    submitter.send(encoding, {
      _tag: "Submitter",
      channel,
      first: 1,
      ack: 0,
      specs: named,
      messages: [submission(0, 1)]
    })
    const given = await executor.next(encoding, "Executor")
    const assigned = given?.messages.find(({ _tag }) => _tag === "Assign")
    if (given === undefined || assigned?._tag !== "Assign") throw new Error("Nothing was assigned")
    const [task = -1, epoch = -1] = assigned.numbers
    executor.send(encoding, {
      _tag: "Executor",
      channel: at,
      first: 1,
      ack: given.first,
      specs: [],
      messages: [{ _tag: "ended", numbers: [task, epoch, -1, 0, 2, 2], bytes: Uint8Array.of(4, 2), others: [] }]
    })
    const ended = await soon("the end of the task", endOf(submitter, encoding))
    assert.deepStrictEqual([...ended], [4, 2])
  } finally {
    await Promise.all([submitter.end(), executor.end()])
  }
}

const endOf = async (raw: Raw, encoding: WireEncoding): Promise<Uint8Array> => {
  for (;;) {
    const frame = await raw.next(encoding, "Submitter")
    if (frame === undefined) throw new Error("The connection is gone")
    for (const message of frame.messages) if (message._tag === "Ended") return message.bytes
  }
}
