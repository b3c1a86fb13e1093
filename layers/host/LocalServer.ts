/**
 * The server of this user on this machine, connected to.
 *
 * @since 0.1.0
 */
import { Effect, Schedule, type Scope } from "effect"
import { NoServer, type ServerRefused, type SettingInvalid } from "../../src/host/HostError.ts"
import { isDead } from "./Attendance.ts"
import type { Connected } from "./Connected.ts"
import * as Dialing from "./Dialing.ts"
import * as Discovery from "./Discovery.ts"
import * as Entries from "./Entries.ts"
import * as RuntimeFolder from "./RuntimeFolder.ts"

/** Who wants to be connected. */
export interface Options extends Dialing.Options {
  /** Whether a server is started where there is none. */
  readonly autoStart: boolean
  /** Settings of a server that is started, as variables. */
  readonly variables?: Readonly<Record<string, string | undefined>>
}

/** Milliseconds for which a server that has ended is waited for: another may take its place. */
const patience = 30_000

/** A server that was killed is started again by whoever misses it first; one that was stopped is not. */
const reconnecting = (revive: Effect.Effect<void>) =>
  Schedule.max([
    Schedule.min([Schedule.exponential("20 millis", 1.6), Schedule.spaced("500 millis")]),
    Schedule.during(patience)
  ]).pipe(Schedule.tap(() => revive))

/** How often a server is looked for that has ended just after it was found. */
const attempts = 5

/** Connects while the scope lasts. */
export const connect = (
  { autoStart, variables = {}, ...options }: Options
): Effect.Effect<Connected, NoServer | ServerRefused | SettingInvalid, Scope.Scope> =>
  Effect.gen(function*() {
    const files = yield* RuntimeFolder.files
    const address = Discovery.addressOf(files)
    if (!autoStart) {
      return yield* Effect.mapError(Dialing.dial(address, options), (error) =>
        error._tag === "NoServer"
          ? new NoServer({ address, reason: `${error.reason} Start one with cadre server start` })
          : error)
    }
    const context = yield* Effect.context()
    const ensuring = Discovery.ensure({ words: Entries.serverWords, variables })
    const revive = Effect.flatMap(
      Discovery.record(files),
      (record) => record === undefined || !isDead(record.pid) ? Effect.void : Effect.ignore(ensuring)
    ).pipe(Effect.provideContext(context))
    const once = Effect.andThen(
      ensuring,
      Effect.mapError(
        Dialing.dial(address, { reconnect: reconnecting(revive), ...options }),
        (error) => ({ error })
      )
    )
    // What could not be started is not tried again; what was there a moment ago is.
    return yield* once.pipe(
      Effect.retry({
        while: (error) => "error" in error && error.error._tag === "NoServer",
        schedule: Schedule.spaced("50 millis"),
        times: attempts
      }),
      Effect.mapError((error) => "error" in error ? error.error : error)
    )
  })
