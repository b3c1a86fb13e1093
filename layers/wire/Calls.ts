/**
 * Answers calls of guests, in either encoding.
 *
 * @since 0.1.0
 */
import { Context, Effect, Layer, Queue, Stream } from "effect"
import { type RpcMessage, RpcServer } from "effect/rpc"
import type { BlobStore } from "../../services/BlobStore.ts"
import type { ExecutorPool } from "../../services/ExecutorPool.ts"
import type { Operator } from "../../services/Operator.ts"
import type { Server } from "../../services/Server.ts"
import { pieceSize, threshold } from "../../src/blob/Blob.ts"
import { BlobsFailed } from "../../src/blob/BlobFailed.ts"
import type { Transition } from "../../src/dispatch/Command.ts"
import { Unavailable } from "../../src/operate/View.ts"
import { BlobRpcs } from "../../src/protocol/rpc/BlobRpcs.ts"
import { ExecutorRpcs, SubmitterRpcs } from "../../src/protocol/rpc/ExchangeRpcs.ts"
import { OperatorRpcs } from "../../src/protocol/rpc/OperatorRpcs.ts"
import { Nearby, Needs, NotPermitted, Permission } from "../../src/protocol/rpc/Permission.ts"
import { PoolRpcs } from "../../src/protocol/rpc/PoolRpcs.ts"
import { ServerRpcs, type TransitionRow } from "../../src/protocol/rpc/ServerRpcs.ts"
import { specOf } from "../../src/protocol/session/Specs.ts"
import type * as Exchange from "./Exchange.ts"
import type { Guest } from "./Guest.ts"
import type { Serialization } from "./Serialization.ts"

/** What is called. */
export interface Called {
  readonly server: Server["Service"]
  readonly operator: Operator["Service"] | undefined
  readonly pool: ExecutorPool["Service"] | undefined
  readonly blobs: BlobStore["Service"] | undefined
  /** What answers simple peers. */
  readonly exchange: ReturnType<typeof Exchange.make>["handlers"]
}

const mostRows = 1_000
const limited = <A extends { readonly limit: number }>(query: A): A => ({
  ...query,
  limit: Math.max(1, Math.min(query.limit, mostRows))
})

const rowOf = ({ detail, executorId, ...rest }: Transition): TransitionRow => ({
  ...rest,
  ...(executorId !== undefined && { executorId }),
  ...(typeof detail === "string" && { text: detail }),
  ...(typeof detail === "number" && { number: detail }),
  ...(typeof detail === "object" && { outcome: detail })
})

const nobody = (what: string) => new Unavailable({ reason: `it has no ${what}` })

const serverHandlers = (server: Server["Service"]) =>
  ServerRpcs.toLayer({
    "server.status": () => server.status,
    "server.explain": ({ id }) => server.explain(id),
    "server.drain": ({ executorId }) => server.drain(executorId),
    "server.records": ({ capacity }) => Stream.map(server.records(Math.max(1, Math.min(capacity, 65_536))), rowOf)
  })

const operatorHandlers = (given: Operator["Service"] | undefined) => {
  const absent = Effect.fail(nobody("operator"))
  const by = <A, E>(ask: (operator: Operator["Service"]) => Effect.Effect<A, E>): Effect.Effect<A, E | Unavailable> =>
    given === undefined ? absent : Effect.suspend(() => ask(given))
  const follow = <A, E>(
    ask: (operator: Operator["Service"]) => Stream.Stream<A, E>
  ): Stream.Stream<A, E | Unavailable> => given === undefined ? Stream.fail(nobody("operator")) : ask(given)
  return OperatorRpcs.toLayer({
    "operator.status": () => by(({ status }) => status),
    "operator.tasks": (query) => by((operator) => operator.tasks(limited(query))),
    "operator.task": ({ id }) => by((operator) => operator.task(id)),
    "operator.logs": ({ follow: isFollowing, id }) => follow((operator) => operator.logs(id, { follow: isFollowing })),
    "operator.explain": ({ id }) => by((operator) => operator.explain(id)),
    "operator.cancel": ({ by: who, selector }) => by((operator) => operator.cancel(selector, who)),
    "operator.retry": ({ selector }) => by((operator) => operator.retry(selector)),
    "operator.submissions": (query) => by((operator) => operator.submissions(limited(query))),
    "operator.submission": ({ id }) => by((operator) => operator.submission(id)),
    "operator.progress": ({ id }) => follow((operator) => operator.progress(id)),
    "operator.results": (query) => by((operator) => operator.results(limited(query))),
    "operator.executors": () => by(({ executors }) => executors),
    "operator.drainExecutor": ({ id, stop }) => by((operator) => operator.drainExecutor(id, { stop })),
    "operator.schedules": () => by(({ schedules }) => schedules),
    "operator.schedule": ({ spec, ...rest }) => by((operator) => operator.schedule({ ...rest, spec: specOf(spec) })),
    "operator.removeSchedule": ({ id }) => by((operator) => operator.removeSchedule(id)),
    "operator.pauseSchedule": ({ id, isPaused }) => by((operator) => operator.pauseSchedule(id, isPaused)),
    "operator.drain": () => by(({ drain }) => drain),
    "operator.stop": (options) => by((operator) => operator.stop(options))
  })
}

const poolHandlers = (given: ExecutorPool["Service"] | undefined) => {
  const absent = nobody("executors of its own")
  return PoolRpcs.toLayer({
    "pool.provide": (provision) => given === undefined ? Stream.fail(absent) : given.provide(provision),
    "pool.report": ({ report }) => given === undefined ? Effect.fail(absent) : given.report(report),
    "pool.view": () => given === undefined ? Effect.fail(absent) : given.view
  })
}

/** Answers the calls of guests that speak one encoding. */
export interface Calls {
  readonly take: (guest: Guest, message: RpcMessage.FromClientEncoded) => void
  readonly left: (guest: Guest) => void
}

const blobHandlers = (given: BlobStore["Service"] | undefined) => {
  const absent = Effect.fail(new BlobsFailed({ problem: `this server takes none above ${threshold} bytes` }))
  return BlobRpcs.toLayer({
    "blob.has": ({ blob }) => given === undefined ? absent : given.has(blob),
    "blob.put": ({ blob, offset, piece }) => given === undefined ? absent : given.put(blob, offset, piece),
    "blob.get": ({ blob, offset }) => given === undefined ? absent : given.get(blob, offset, pieceSize)
  })
}

const group = ServerRpcs.merge(OperatorRpcs).merge(PoolRpcs).merge(BlobRpcs).merge(ExecutorRpcs).merge(SubmitterRpcs)

/** Answers until the scope is left. */
export const make = Effect.fnUntraced(function*(
  { blobs, exchange, operator, pool, server }: Called,
  serialization: Serialization,
  most: number
) {
  const guests = new Map<number, Guest>()
  const disconnects = yield* Queue.unbounded<number>()
  const context = yield* Effect.context()
  let write: ((guest: number, message: RpcMessage.FromClientEncoded) => Effect.Effect<void>) | undefined
  const protocol = yield* RpcServer.Protocol.make((writeRequest) => {
    write = writeRequest
    return Effect.succeed({
      disconnects,
      send: (guest, response) => Effect.sync(() => guests.get(guest)?.answer(response)),
      end: () => Effect.void,
      clientIds: Effect.sync(() => new Set(guests.keys())),
      initialMessage: Effect.succeedNone,
      supportsAck: true,
      supportsTransferables: false,
      supportsSpanPropagation: true,
      supportsNotifications: true,
      codecFor: serialization.codecFor
    })
  })
  const permission = Layer.succeed(Permission, (effect, { client, rpc }) => {
    const roles = Context.get(rpc.annotations, Needs)
    const guest = guests.get(client.id)
    const isNear = guest?.isNear === true || !Context.get(rpc.annotations, Nearby)
    return isNear && roles.some((role) => guest?.roles.has(role))
      ? effect
      : Effect.fail(new NotPermitted({ call: rpc._tag, roles: isNear ? roles : ["somebody on its own machine"] }))
  })
  yield* Layer.build(
    RpcServer.layer(group, { disableTracing: true, disableFatalDefects: true }).pipe(
      Layer.provide([
        serverHandlers(server),
        operatorHandlers(operator),
        poolHandlers(pool),
        blobHandlers(blobs),
        ...exchange,
        permission
      ]),
      Layer.provide(Layer.succeed(RpcServer.Protocol, protocol))
    )
  )
  const calls: Calls = {
    take: (guest, message) => {
      guests.set(guest.id, guest)
      if (message._tag === "Request" && ++guest.calls > most) return guest.cut("it has too many calls under way")
      if (message._tag === "Ping") return guest.answer({ _tag: "Pong" })
      Effect.runForkWith(context)(write!(guest.id, message))
    },
    left: (guest) => {
      if (guests.delete(guest.id)) Queue.offerUnsafe(disconnects, guest.id)
    }
  }
  return calls
})
