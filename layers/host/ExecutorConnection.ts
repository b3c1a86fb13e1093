/**
 * How a process with executors finds its server, and waits for one that is not
 * there.
 *
 * @since 0.1.0
 */
import { Effect, Schedule, type Scope } from "effect"
import type { ExecutorSetting } from "../../src/host/ExecutorSetting.ts"
import { type NoServer, ServerRefused, type SettingInvalid } from "../../src/host/HostError.ts"
import { type Address, parse } from "../../src/protocol/Address.ts"
import type { Role } from "../../src/security/Role.ts"
import type { Keys } from "../SealerNode.ts"
import type { Connected } from "./Connected.ts"
import * as Dialing from "./Dialing.ts"
import * as RuntimeFolder from "./RuntimeFolder.ts"
import * as SealingKeys from "./SealingKeys.ts"

/** Its handlers submit tasks. Of a server elsewhere it wants nothing that others may not have. */
const rolesAt = ({ _tag }: Address): ReadonlyArray<Role> =>
  _tag === "Unix" ? ["executor", "submitter", "operator"] : ["executor", "submitter"]

const refused = (address: string, { message }: { readonly message: string }) =>
  new ServerRefused({ address, reason: message })

/** Milliseconds between two attempts to reach a server: at first, and at most. */
const [firstPause, longestPause] = [100, 2_000]

const schedule = Schedule.min([Schedule.exponential(firstPause, 1.5), Schedule.spaced(longestPause)])

/** Connects, sooner or later; `told` says once that nobody is there. */
export const connecting = (
  { address, process: name = "own" }: ExecutorSetting,
  told: (text: string) => Effect.Effect<void>
): Effect.Effect<Connected, NoServer | ServerRefused | SettingInvalid, Scope.Scope> =>
  Effect.gen(function*() {
    const at = address ?? `unix:${(yield* RuntimeFolder.files).socket}`
    let isTold = false
    const absent = Effect.suspend(() => {
      if (isTold) return Effect.void
      isTold = true
      return told(`There is no server at ${at} yet: waiting for it`)
    })
    const parsed = parse(at)
    if (parsed._tag === "AddressInvalid") return yield* refused(at, parsed)
    const roles = rolesAt(parsed)
    const { tls, token } = yield* Effect.mapError(
      // On a socket of this machine nothing is to be shown.
      parsed._tag === "Unix"
        ? Effect.succeed({ tls: undefined, token: undefined })
        : Effect.flatMap(Effect.promise(() => import("../security/Credentials.ts")), ({ peer }) => peer(parsed, roles)),
      (error) => refused(at, error)
    )
    const credentials = { ...(tls && { tls }), ...(token && { token }) }
    return yield* Dialing.dial(at, { ...credentials, name: `${Dialing.executorPrefix}${name}`, roles }).pipe(
      Effect.tapErrorTag("NoServer", () => absent),
      Effect.retry({ while: (error) => error._tag === "NoServer", schedule })
    )
  })

/** The keys of secrets. */
export const keys = (_: ExecutorSetting): Effect.Effect<Keys, SettingInvalid> => SealingKeys.own
