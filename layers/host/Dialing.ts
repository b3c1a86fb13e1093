/**
 * Connects a program to a server, wherever that is.
 *
 * @since 0.1.0
 */
import { Effect, type Redacted, type Scope } from "effect"
import type { ConnectionOptions } from "node:tls"
import { NoServer, ServerRefused } from "../../src/host/HostError.ts"
import type { Role } from "../../src/security/Role.ts"
import * as ServerRemote from "../wire/ServerRemote.ts"
import type { Connected } from "./Connected.ts"

/** As who, and with what to show for it. */
export interface Options {
  readonly name: string
  readonly roles: ReadonlyArray<Role>
  readonly token?: Redacted.Redacted<string>
  readonly tls?: ConnectionOptions
  /** When a connection that was lost is tried again; where that ends, all is lost. */
  readonly reconnect?: NonNullable<ServerRemote.Options["reconnect"]>
}

/** The names of connections of processes with executors begin with it. */
export const executorPrefix = "executors of "

/** Connects while the scope lasts. A connection that is lost is made again. */
export const dial = (
  address: string,
  options: Options
): Effect.Effect<Connected, NoServer | ServerRefused, Scope.Scope> =>
  ServerRemote.connect({ address, ...options }).pipe(
    Effect.mapError((error) =>
      error._tag === "Unreachable"
        ? new NoServer({ address, reason: error.problem })
        : new ServerRefused({ address, reason: error.message })
    )
  )
