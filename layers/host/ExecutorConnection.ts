/**
 * How a process with executors finds its server, and waits for one that is not
 * there.
 *
 * @since 0.1.0
 */
import { Effect, Schedule, type Scope } from "effect"
import type { ExecutorSetting } from "../../src/host/ExecutorSetting.ts"
import type { NoServer, ServerRefused, SettingInvalid } from "../../src/host/HostError.ts"
import type { Keys } from "../SealerNode.ts"
import type { Connected } from "./Connected.ts"
import * as Dialing from "./Dialing.ts"
import * as RuntimeFolder from "./RuntimeFolder.ts"
import * as SealingKeys from "./SealingKeys.ts"

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
    return yield* Dialing.dial(at, { name: `${Dialing.executorPrefix}${name}`, roles: ["executor", "submitter", "operator"] }).pipe(
      Effect.tapErrorTag("NoServer", () => absent),
      Effect.retry({ while: (error) => error._tag === "NoServer", schedule })
    )
  })

/** The keys of secrets. */
export const keys = (_: ExecutorSetting): Effect.Effect<Keys, SettingInvalid> => SealingKeys.own
