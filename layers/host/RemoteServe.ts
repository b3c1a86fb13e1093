/**
 * Connects a program to a server elsewhere. Loaded with the first layer that is
 * built.
 *
 * @since 0.1.0
 */
import { Config, Effect, Option } from "effect"
import type { TaskLibrary } from "../../services/TaskLibrary.ts"
import { NoServer, ServerRefused } from "../../src/host/HostError.ts"
import { parse } from "../../src/protocol/Address.ts"
import type { Role } from "../../src/security/Role.ts"
import type { AnyPlan, Plan } from "../Plan.ts"
import type { Options } from "../Remote.ts"
import * as Credentials from "../security/Credentials.ts"
import * as Dialing from "./Dialing.ts"
import * as Program from "./Program.ts"
import * as SealingKeys from "./SealingKeys.ts"

/** The keys in the file that is named, or of this user once they are needed. */
const keysOf = Effect.fnUntraced(function*(given: string | undefined) {
  const path = given ?? Option.getOrUndefined(yield* Effect.orElseSucceed(named, () => Option.none<string>()))
  if (path === undefined) return yield* SealingKeys.late
  const keys = yield* SealingKeys.of(path)
  return () => keys
})

const named = Config.option(Config.NonEmptyString("CADRE_SEALING_KEY"))

/** What is set, or in the folder of keys. */
const credentials = Effect.fnUntraced(function*(written: string, roles: ReadonlyArray<Role>) {
  const address = parse(written)
  if (address._tag === "AddressInvalid") return yield* new NoServer({ address: written, reason: address.message })
  return yield* Effect.mapError(
    Credentials.peer(address, roles),
    ({ message }) => new ServerRefused({ address: written, reason: message })
  )
})

/** Serves until the scope is left. */
export const serve = Effect.fnUntraced(function*<P extends ReadonlyArray<AnyPlan>>(
  address: string,
  library: TaskLibrary.Any,
  { executors, name = Program.ownName(), sealingKey, tls, token }: Options<P>
) {
  // Whatever is an `AnyPlan` was made as a `Plan`.
  const plans = (executors ?? []) as unknown as ReadonlyArray<Plan<string, unknown, unknown>>
  const keys = yield* keysOf(sealingKey)
  const roles = Program.rolesOf(plans)
  const shown = yield* credentials(address, roles)
  const connected = yield* Dialing.dial(address, {
    name,
    roles,
    ...(shown.tls && { tls: shown.tls }),
    ...(shown.token && { token: shown.token }),
    ...(tls && { tls }),
    ...(token && { token })
  })
  return yield* Program.serve(connected, { libraries: [library], name, keys, plans })
})
