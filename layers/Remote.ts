/**
 * A server elsewhere, at its address: on another machine over TLS, or another
 * one on this machine.
 *
 * @since 0.1.0
 */
import { Effect, Layer, type Redacted } from "effect"
import type { TaskLibrary } from "../services/TaskLibrary.ts"
import type { Connection } from "./Local.ts"
import type { AnyPlan } from "./Plan.ts"

/** What a TLS connection goes by, as PEM: the authority of the server's certificate, and a certificate with its key. */
export interface Certificates {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  /** The name that the server's certificate is for, where that is not the host of its address. */
  readonly servername?: string
}

/** How a program is connected to the server. */
export interface Options<P extends ReadonlyArray<AnyPlan> = readonly []> {
  /** What lets it in; several, one for each role, stand in one with spaces between. `CADRE_TOKEN_FILE` where absent. */
  readonly token?: Redacted.Redacted<string>
  /** Where absent, what the folder of keys has: see `cadre key`. */
  readonly tls?: Certificates
  /**
   * The file with the keys that secrets in payloads are sealed with; executors
   * need the same. That of this user, or what `CADRE_SEALING_KEY` names, where
   * absent.
   */
  readonly sealingKey?: string
  /** Executors of this program that it lends to the server; tasks of others that they can run may come here, too. */
  readonly executors?: P
  /**
   * Names the program to the server. One that comes back under the same name
   * finds what it handed over before; where absent the name is made up.
   */
  readonly name?: string
}

/**
 * Runs the tasks of the library on the server at an address: `unix:/path`,
 * `tcp://host:port` or `tls://host:port`. Executors are others' to start.
 *
 * ```ts
 * program.pipe(Effect.provide(Remote.layer("tls://grid.example.org:7000", Maths, { token })))
 * ```
 */
export const layer = <L extends TaskLibrary.Any, const P extends ReadonlyArray<AnyPlan> = readonly []>(
  address: string,
  library: L,
  options: Options<P> = {}
): Connection<L, P> =>
  // `Runs` is a phantom, and what the plans need beside it is what their builds ask for.
  Layer.effectContext(Effect.flatMap(
    Effect.promise(() => import("./host/RemoteServe.ts")),
    ({ serve }) => serve(address, library, options)
    // `Runs` is a phantom, and what the plans of the program fail with and need is what their builds do.
  )) as unknown as Connection<L, P>
