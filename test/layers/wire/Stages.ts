/**
 * Submitters and executors with sockets between them and their server.
 */
import { Context, Effect, Layer, type Scope } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { connect, createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as InProcess from "../../../layers/InProcess.ts"
import type { Crew, Plan } from "../../../layers/Plan.ts"
import { makeKeys, sealerOf } from "../../../layers/SealerNode.ts"
import { deferred } from "../../../layers/submitter/DeferredSubmitter.ts"
import * as SubmitterServer from "../../../layers/submitter/SubmitterServer.ts"
import * as Listener from "../../../layers/wire/Listener.ts"
import * as ServerRemote from "../../../layers/wire/ServerRemote.ts"
import { Server } from "../../../services/Server.ts"
import { Submitter } from "../../../services/Submitter.ts"
import { format } from "../../../src/protocol/Address.ts"
import type { WireEncoding } from "../../../src/protocol/Greeting.ts"
import { NodeId } from "../../../src/task/Attempt.ts"
import { Stage } from "../../suites/Stage.ts"
import type * as SubmitterSuite from "../../suites/SubmitterSuite.ts"
import { JsonLive, SuiteLive } from "../../suites/Tasks.ts"

/** Real time: turns of this process mean nothing to sockets. */
export const pause = (millis: number): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const timer = setTimeout(() => resume(Effect.void), millis)
    return Effect.sync(() => clearTimeout(timer))
  })

/**
 * Lets everybody do what they can. Both ends of each socket are in this
 * process: what one has sent is there for the other in the next turn of the
 * event loop, however slow the machine is.
 */
export const turns: Effect.Effect<void> = Effect.callback((resume) => {
  let left = 300
  const turn = (): void => {
    if (--left === 0) resume(Effect.void)
    else setImmediate(turn)
  }
  turn()
})

/** A folder that is gone with the scope. */
export const folder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "cadre-wire-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** How peers reach the server. */
export interface Way {
  readonly encoding?: WireEncoding
  readonly listen: Pick<Listener.Options, "verify" | "tls" | "limits" | "blobs"> & { readonly address?: string }
  readonly connect: Pick<ServerRemote.Options, "token" | "tls" | "reconnect" | "heartbeat">
}

/** Over a unix socket of its own. */
export const unix: Way = { listen: {}, connect: {} }

/** Lets peers reach that server; gives what connects them. */
export const reach = Effect.fnUntraced(function*(server: Server["Service"], { connect, encoding, listen }: Way = unix) {
  const { address = `unix:${join(yield* folder, "s.sock")}`, ...options } = listen
  const listening = yield* Listener.listen({ server, ...options, address })
  const at = format(listening.address)
  return {
    listening,
    address: at,
    connect: (more: Partial<ServerRemote.Options> = {}) =>
      ServerRemote.connect({ address: at, ...(encoding && { encoding }), ...connect, ...more })
  }
})

const plan = (slots: number) =>
  InProcess.executor(Layer.merge(SuiteLive, JsonLive), { slots }) as Plan<string, never, Stage>

/** The submitter of the suites on one connection, their executors on another. */
export const stage = (slots: number, way: Way, serving: Layer.Layer<Server>) =>
  Layer.effectContext(Effect.gen(function*() {
    const { connect } = yield* reach(Context.get(yield* Layer.build(serving), Server), way)
    const here = yield* connect()
    const there = yield* connect()
    const keys = makeKeys()
    let handlers: Submitter["Service"] | undefined
    const crew: Crew = yield* Effect.provideService(
      plan(slots).build(() => keys),
      Submitter,
      deferred(() => handlers)
    )
    const submitterOf = (name: string, server: Server["Service"]) =>
      Effect.provideService(
        SubmitterServer.connect({ name, libraries: crew.libraries, sealer: sealerOf(() => keys) }),
        Server,
        server
      )
    const submitter = handlers = yield* submitterOf("handlers", there.server)
    yield* crew.start({
      server: there.server,
      submitter,
      libraries: crew.libraries,
      capacity: undefined,
      node: { nodeId: NodeId.make("node"), pid: 1 },
      name: (kind) => `${kind}-1`
    })
    const program = yield* submitterOf("program", here.server)
    return Context.make(Submitter, program).pipe(Context.add(Server, here.server))
  })).pipe(
    Layer.orDie,
    Layer.provideMerge(Layer.sync(Stage, () => Stage.make(turns)))
    // The phantom of the tasks that it runs.
  ) as unknown as ReturnType<SubmitterSuite.Make<never>>

/** A socket before that of the server, through which bytes go or do not. */
export interface Proxy {
  readonly address: string
  /** From now on nobody is let through; with `false` they are again. */
  readonly close: (isClosed: boolean) => void
  /** Cuts all connections. */
  readonly cut: () => void
  /** Nothing goes through any more, and nobody is told. */
  readonly freeze: (isFrozen: boolean) => void
  /** Nothing goes to the server any more. */
  readonly deafen: (isDeaf: boolean) => void
}

/** Stands before the server at that address. */
export const proxy = Effect.fnUntraced(function*(to: string) {
  const path = join(yield* folder, "p.sock")
  const pairs = new Set<readonly [Socket, Socket]>()
  let isClosed = false
  let isFrozen = false
  let isDeaf = false
  const server = createServer((outer) => {
    if (isClosed) return outer.destroy()
    const inner = connect(to.slice("unix:".length))
    const pair = [outer, inner] as const
    pairs.add(pair)
    for (const [from, into] of [pair, [inner, outer] as const]) {
      from.on("data", (chunk) => {
        if (!isFrozen && !(isDeaf && into === inner)) into.write(chunk)
      })
      from.on("error", () => into.destroy())
      from.on("close", () => {
        pairs.delete(pair)
        into.destroy()
      })
    }
  })
  const cut = () => {
    for (const [outer] of pairs) outer.destroy()
  }
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(path, () => resume(Effect.void))),
    () =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        cut()
      })
  )
  const made: Proxy = {
    address: `unix:${path}`,
    close: (to) => {
      isClosed = to
      if (to) cut()
    },
    cut,
    freeze: (to) => {
      isFrozen = to
    },
    deafen: (to) => {
      isDeaf = to
    }
  }
  return made
})
