/**
 * The addresses at which a server is reached.
 *
 * @since 0.1.0
 */
import { Effect, type Scope } from "effect"
import { CannotServe, type HostError } from "../../src/host/HostError.ts"
import { format } from "../../src/protocol/Address.ts"
import * as Credentials from "../security/Credentials.ts"
import * as Listener from "../wire/Listener.ts"
import type { Connected } from "./Connected.ts"
import { executorPrefix } from "./Dialing.ts"

/** What is behind them. */
export interface Premises extends Connected {
  readonly socket: string
  /** Addresses beside the socket. */
  readonly addresses: ReadonlyArray<string>
}

/** What there is to know of them, and to do. */
export interface Listening {
  readonly addresses: ReadonlyArray<string>
  /** How many are connected, but for processes with executors. */
  readonly clients: () => number
  /** An executor is known to be dead. */
  readonly gone: (executorId: string, reason: string) => void
}

/** Listens until the scope is left. */
export type Listen = (premises: Premises) => Effect.Effect<Listening, HostError, Scope.Scope>

/** Listens at the socket of this user's server, and wherever else it is told to. */
export const listen: Listen = Effect.fnUntraced(function*({ addresses, operator, pool, server, socket }) {
  const own = yield* Listener.listen({ address: { _tag: "Unix", path: socket }, server, operator, pool })
  // Read only where somebody else may come.
  const { authority, tls } = addresses.length === 0 ? {} : yield* Credentials.server()
  const others = yield* Effect.forEach(addresses, (address) =>
    Listener.listen({
      address,
      server,
      operator,
      pool,
      ...(authority && { verify: authority.verify }),
      ...(tls && { tls })
    }))
  const all = [own, ...others]
  return {
    addresses: all.map(({ address }) => format(address)),
    clients: () => all.flatMap(({ guests }) => guests()).filter(({ name }) => !name.startsWith(executorPrefix)).length,
    gone: () => undefined
  }
}, Effect.mapError((error) => new CannotServe({ reason: error.message })))
