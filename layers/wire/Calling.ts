/**
 * Calls a server over a line. While there is no connection, calls fail.
 *
 * @since 0.1.0
 */
import { Cause, Effect, type Scope, Stream } from "effect"
import { RpcClient, RpcClientError, type RpcMessage } from "effect/rpc"
import type { ExecutorPool } from "../../services/ExecutorPool.ts"
import type { Operator } from "../../services/Operator.ts"
import type { Server } from "../../services/Server.ts"
import type { Transition } from "../../src/dispatch/Command.ts"
import { Unavailable } from "../../src/operate/View.ts"
import { BlobRpcs } from "../../src/protocol/rpc/BlobRpcs.ts"
import { OperatorRpcs } from "../../src/protocol/rpc/OperatorRpcs.ts"
import type { NotPermitted } from "../../src/protocol/rpc/Permission.ts"
import { PoolRpcs } from "../../src/protocol/rpc/PoolRpcs.ts"
import { ServerRpcs, type TransitionRow } from "../../src/protocol/rpc/ServerRpcs.ts"
import { ConnectionLost } from "../../src/task/TaskError.ts"
import type { BlobCalls } from "./Blobs.ts"
import type { Serialization } from "./Serialization.ts"

/** The services that are called. */
export interface Calling {
  readonly operator: Operator["Service"]
  readonly pool: ExecutorPool["Service"]
  readonly blobs: BlobCalls
  readonly server: Pick<Server["Service"], "drain" | "status" | "explain" | "records">
  /** An answer. */
  readonly answered: (message: RpcMessage.FromServerEncoded) => void
  /** The connection is lost: nobody will be answered. */
  readonly down: (reason: string) => void
}

const group = ServerRpcs.merge(OperatorRpcs).merge(PoolRpcs).merge(BlobRpcs)

type Ours = RpcClientError.RpcClientError | NotPermitted

const lost = (reason: string) => new ConnectionLost({ reason })

const isOurs = (error: unknown): error is Ours =>
  error instanceof RpcClientError.RpcClientError ||
  (typeof error === "object" && error !== null && "_tag" in error && error._tag === "NotPermitted")

/** A server that ends interrupts what it is asked; whoever asked has lost its connection. */
const told = <E>(cause: Cause.Cause<E | Ours>): Cause.Cause<Exclude<E, Ours> | ConnectionLost | Unavailable> => {
  if (Cause.hasInterruptsOnly(cause)) return Cause.fail(lost("it has ended while it was asked"))
  return Cause.map(cause, (error) => {
    if (!isOurs(error)) return error as Exclude<E, Ours>
    if (error._tag === "NotPermitted") return new Unavailable({ reason: error.message })
    return lost(error.reason.message)
  })
}

const asked = <A, E, R>(effect: Effect.Effect<A, E | Ours, R>) =>
  Effect.catchCause(effect, (cause) => Effect.failCause(told(cause)))

const followed = <A, E, R>(stream: Stream.Stream<A, E | Ours, R>) =>
  Stream.catchCause(stream, (cause) => Stream.failCause(told(cause)))

const transitionOf = ({ executorId, number, outcome, text, ...rest }: TransitionRow): Transition => ({
  ...rest,
  executorId,
  detail: outcome ?? text ?? number
})

/** Calls by `send`, which says whether there is a connection. */
export const make = Effect.fnUntraced(function*(
  send: (message: RpcMessage.FromClientEncoded) => boolean,
  serialization: Serialization
): Effect.fn.Return<Calling, never, Scope.Scope> {
  const context = yield* Effect.context()
  const run = (effect: Effect.Effect<void>) => void Effect.runForkWith(context)(effect)
  let respond: ((client: number, message: RpcMessage.FromServerEncoded) => Effect.Effect<void>) | undefined
  let ids: ReadonlySet<number> = new Set()
  const failure = (message: string) =>
    new RpcClientError.RpcClientError({
      reason: new RpcClientError.RpcClientDefect({ message, cause: message })
    })
  const protocol = yield* RpcClient.Protocol.make((write, clientIds) => {
    respond = write
    ids = clientIds
    return Effect.succeed({
      send: (_client, message) =>
        Effect.suspend(() =>
          send(message) ? Effect.void : Effect.fail(failure("there is no connection at the moment"))
        ),
      supportsAck: true,
      supportsTransferables: false,
      codecFor: serialization.codecFor
    })
  })
  const client = yield* RpcClient.make(group, { disableTracing: true }).pipe(
    Effect.provideService(RpcClient.Protocol, protocol)
  )
  // Until it listens, it would not hear of a connection that is lost.
  while (ids.size === 0) yield* Effect.yieldNow
  const all = (message: RpcMessage.FromServerEncoded) => {
    for (const id of ids) run(respond!(id, message))
  }
  return {
    answered: all,
    down: (reason) => all({ _tag: "ClientProtocolError", error: failure(reason) }),
    server: {
      status: Effect.orDie(asked(client["server.status"]())),
      explain: (id) => Effect.orDie(asked(client["server.explain"]({ id }))),
      drain: (executorId) =>
        Effect.orDie(asked(client["server.drain"](executorId === undefined ? {} : { executorId }))),
      records: (capacity = 65_536) =>
        Stream.orDie(followed(Stream.map(client["server.records"]({ capacity }), transitionOf)))
    },
    blobs: {
      has: (blob) => asked(client["blob.has"]({ blob })),
      put: (blob, offset, piece) => asked(client["blob.put"]({ blob, offset, piece: new Uint8Array(piece) })),
      get: (blob, offset) => asked(client["blob.get"]({ blob, offset }))
    },
    pool: {
      provide: (provision) => followed(client["pool.provide"](provision)),
      report: (report) => asked(client["pool.report"]({ report })),
      view: asked(client["pool.view"]())
    },
    operator: {
      status: asked(client["operator.status"]()),
      tasks: (query) => asked(client["operator.tasks"](query)),
      task: (id) => asked(client["operator.task"]({ id })),
      logs: (id, { follow }) => followed(client["operator.logs"]({ id, follow })),
      explain: (id) => asked(client["operator.explain"]({ id })),
      cancel: (selector, by) => asked(client["operator.cancel"]({ selector, by })),
      retry: (selector) => asked(client["operator.retry"]({ selector })),
      submissions: (query) => asked(client["operator.submissions"](query)),
      submission: (id) => asked(client["operator.submission"]({ id })),
      progress: (id) => followed(client["operator.progress"]({ id })),
      results: (query) => asked(client["operator.results"](query)),
      executors: asked(client["operator.executors"]()),
      drainExecutor: (id, { stop }) => asked(client["operator.drainExecutor"]({ id, stop })),
      schedules: asked(client["operator.schedules"]()),
      schedule: (spec) => asked(client["operator.schedule"](spec)),
      removeSchedule: (id) => asked(client["operator.removeSchedule"]({ id })),
      pauseSchedule: (id, isPaused) => asked(client["operator.pauseSchedule"]({ id, isPaused })),
      drain: asked(client["operator.drain"]()),
      stop: (options) => asked(client["operator.stop"](options))
    }
  }
})
