/**
 * The addresses at which a server is reached.
 *
 * @since 0.1.0
 */
import { Effect, type Scope } from "effect"
import type { BlobStore } from "../../services/BlobStore.ts"
import { CannotServe, type HostError } from "../../src/host/HostError.ts"
import { format } from "../../src/protocol/Address.ts"
import * as Listener from "../wire/Listener.ts"
import type { Connected } from "./Connected.ts"
import { executorPrefix } from "./Dialing.ts"

/** What is behind them. */
export interface Premises extends Connected {
  readonly socket: string
  readonly blobs: BlobStore["Service"]
  /** Addresses beside the socket. */
  readonly addresses: ReadonlyArray<string>
  /** A connection has ended. */
  readonly left: () => void
  /** Is told all of them before anybody finds the server by its socket. */
  readonly known: (addresses: ReadonlyArray<string>) => Effect.Effect<void, never, Scope.Scope>
}

/** What there is to know of them, and to do. */
export interface Listening {
  readonly addresses: ReadonlyArray<string>
  /** How many are connected, but for processes with executors. */
  readonly clients: () => number
}

/** Listens until the scope is left. */
export type Listen = (premises: Premises) => Effect.Effect<Listening, HostError, Scope.Scope>

/** Listens at the socket of this user's server, and wherever else it is told to. */
export const listen: Listen = Effect.fnUntraced(
  function*({ addresses, blobs, known, left, operator, pool, server, socket }) {
    const at = { _tag: "Unix", path: socket } as const
    // Read only where somebody else may come.
    const { authority, hasClientCertificates, hasTokens, tls } = addresses.length === 0
      ? {}
      : yield* Effect.flatMap(Effect.promise(() => import("../security/Credentials.ts")), ({ server }) => server())
    // Where nobody could prove anything there is nobody to listen for.
    const verify = hasTokens === true || hasClientCertificates === true ? authority?.verify : undefined
    const others = yield* Effect.forEach(addresses, (address) =>
      Listener.listen({
        address,
        server,
        operator,
        pool,
        blobs,
        left,
        ...(verify && { verify }),
        ...(tls && { tls })
      }))
    const names = [at, ...others.map(({ address }) => address)].map(format)
    yield* known(names)
    const all = [yield* Listener.listen({ address: at, server, operator, pool, blobs, left }), ...others]
    return {
      addresses: names,
      clients: () => all.flatMap(({ guests }) => guests()).filter(({ name }) => !name.startsWith(executorPrefix)).length
    }
  },
  Effect.mapError((error) => new CannotServe({ reason: error.message }))
)
