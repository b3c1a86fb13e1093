/**
 * Servers as they are found on this machine, or at an address.
 *
 * @since 0.1.0
 */
import { Config, type Duration, Effect, Option, Schedule, type Scope } from "effect"
import { hostname } from "node:os"
import process from "node:process"
import { ownConditions } from "../../../layers/bundler/Lookup.ts"
import type { Connected } from "../../../layers/host/Connected.ts"
import * as Dialing from "../../../layers/host/Dialing.ts"
import * as Entries from "../../../layers/host/Entries.ts"
import * as LocalServer from "../../../layers/host/LocalServer.ts"
import * as Providing from "../../../layers/host/Providing.ts"
import * as SealingKeys from "../../../layers/host/SealingKeys.ts"
import { sealerOf } from "../../../layers/SealerNode.ts"
import * as Credentials from "../../../layers/security/Credentials.ts"
import { CommandFailed, unusable } from "../../cli/ExitCode.ts"
import type { Provision } from "../../host/Provision.ts"
import { parse } from "../../protocol/Address.ts"
import type { Role } from "../../security/Role.ts"
import type { Connector, Wanted } from "./Connecting.ts"
import { type Front, Prepared } from "./Front.ts"

/** Who is connected, for people to read. */
const name = (): string => `cadre ${process.pid} on ${hostname()}`

/** Who waits at a terminal is told soon; a network has longer than a server of this machine, which lives or does not. */
const patience = { here: "3 seconds", elsewhere: "30 seconds" } as const

const reconnect = (limit: Duration.Input) =>
  Schedule.max([
    Schedule.min([Schedule.exponential("20 millis", 1.6), Schedule.spaced("1 second")]),
    Schedule.during(limit)
  ])

const isUnreachable = (error: { readonly _tag: string }): boolean =>
  error._tag === "NoServer" || error._tag === "ServerRefused" || error._tag === "ConnectionLost"

/** What it means for who called the command. */
const failed = (error: { readonly _tag: string; readonly message: string }): CommandFailed => {
  if (!isUnreachable(error)) return unusable(error.message)
  const mend = error._tag === "ServerRefused" ? ". CADRE_TOKEN_FILE names a token; cadre key token makes one" : ""
  return new CommandFailed({ code: 3, problem: `${error.message}${mend}` })
}

/** The URL of the folder of Cadre's own entries. */
const homeOf = ({ entries }: Front): string | undefined =>
  entries["cli"] === undefined ? undefined : new URL("..", entries["cli"]).href

const connected = Effect.fnUntraced(function*(
  written: string | undefined,
  roles: ReadonlyArray<Role>,
  autoStart: boolean
): Effect.fn.Return<Connected, CommandFailed, Scope.Scope> {
  const home = homeOf(yield* Prepared)
  if (written === undefined) {
    return yield* LocalServer.connect({ name: name(), roles, autoStart, reconnect: reconnect(patience.here) }).pipe(
      Effect.provideService(Entries.Home, home),
      Effect.mapError(failed)
    )
  }
  const address = parse(written)
  if (address._tag === "AddressInvalid") return yield* unusable(`--connect: ${address.message}`)
  const { tls, token } = yield* Effect.mapError(
    Credentials.peer(address, roles),
    (error) => error instanceof Config.ConfigError ? unusable(error.message) : failed(error)
  )
  return yield* Effect.mapError(
    Dialing.dial(written, {
      name: name(),
      roles,
      reconnect: reconnect(address._tag === "Unix" ? patience.here : patience.elsewhere),
      ...(token && { token }),
      ...(tls && { tls })
    }),
    failed
  )
})

/** The operator's side of a server that runs. */
export const operator: Connector["operator"] = (address) =>
  Effect.map(connected(address, ["operator"], false), ({ operator }) => operator)

/** The module as a server on this machine can start it. */
const provisionOf = Effect.fnUntraced(function*(
  { labels, memory, specifier, threads, url }: Wanted,
  front: Front
): Effect.fn.Return<Provision, CommandFailed> {
  const { entries: { executor, module: source = url, thread }, modules } = front
  const how = {
    module: source,
    labels,
    cwd: process.cwd(),
    ...(threads !== undefined && { threads }),
    ...(memory !== undefined && { memory })
  }
  if (modules[specifier] === source && executor !== undefined && thread !== undefined) {
    // It is imported file by file, so that nobody knows whether it has changed.
    const key = `unbundled ${process.pid} ${process.hrtime.bigint()}`
    return { ...how, key, entries: { module: source, executor, thread }, conditions: ownConditions() }
  }
  const { conditions, entries, key } = yield* Effect.mapError(
    Effect.provideService(Entries.startable(source), Entries.Home, homeOf(front)),
    failed
  )
  return { ...how, key, entries, conditions }
})

/** What secrets are sealed with: who runs the tasks must have the same. */
const keysFor = Effect.fnUntraced(function*(address: string | undefined) {
  const named = address === undefined
    ? Option.none<string>()
    : yield* Effect.orElseSucceed(
      Config.option(Config.NonEmptyString("CADRE_SEALING_KEY")),
      () => Option.none<string>()
    )
  if (Option.isNone(named)) return yield* SealingKeys.late
  const keys = yield* Effect.mapError(SealingKeys.of(named.value), failed)
  return () => keys
})

/** A server that tasks are handed to. */
export const server: Connector["server"] = Effect.fnUntraced(function*(address, wanted) {
  const front = yield* Prepared
  const sealer = sealerOf(yield* keysFor(address))
  const isHere = address === undefined || address.startsWith("unix:")
  const { operator, pool, server } = yield* connected(address, ["submitter", "operator"], address === undefined)
  const provided = isHere ? yield* Providing.provide(pool, yield* provisionOf(wanted, front)) : undefined
  return {
    server,
    operator,
    sealer,
    startsExecutors: isHere,
    ready: provided === undefined ? Effect.void : Effect.mapError(provided.ready, failed)
  }
})
