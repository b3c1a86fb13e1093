/**
 * How a server is set up: environment variables, whoever starts it. See
 * `docs/guide/server.md`.
 *
 * @since 0.1.0
 */
import { ByteSize, Config, Duration, Effect, Option, Schema } from "effect"
import { readDuration } from "../cli/Quantity.ts"
import { SettingInvalid } from "./HostError.ts"

/** Times are in milliseconds, `Infinity` for never. */
export interface Settings {
  /** `"memory"`, or the file of a database; undefined for `tasks.db` in the data folder. */
  readonly store: string | undefined
  /** Addresses to listen on beside its socket. */
  readonly listen: ReadonlyArray<string>
  /** How long it stays when nobody needs it. */
  readonly idle: number
  /** How long an executor may be silent before what it runs is given to another. */
  readonly lease: number
  /** How long an executor that it started stays when it has nothing to do. */
  readonly executorIdle: number
  /** How many threads its executors have in all; as many as the machine runs at a time where absent. */
  readonly cores: number | undefined
  /** Bytes of one log file, and how many older ones are kept. */
  readonly logSize: number
  readonly logFiles: number
}

/** Reads "30s", "10 min" or "never". */
export const readTime = (text: string): number | undefined => {
  if (/^(?:never|infinity)$/i.test(text.trim())) return Infinity
  return Option.getOrUndefined(Option.map(readDuration(text), Duration.toMillis))
}

const timeText = Schema.String.check(
  Schema.makeFilter((text) => readTime(text) !== undefined, {
    expected: "a time such as \"30s\", \"10 min\" or \"never\""
  })
)

const time = (name: string, otherwise: number): Config.Config<number> =>
  Config.schema(timeText, name).pipe(
    // The schema takes no other text.
    Config.map((text) => readTime(text) ?? otherwise),
    Config.withDefault(otherwise)
  )

const count = (name: string) =>
  Config.schema(Schema.FiniteFromString.check(Schema.isInt(), Schema.isGreaterThan(0)), name)

const list = (name: string): Config.Config<ReadonlyArray<string>> =>
  Config.String(name).pipe(
    Config.map((text) => text.split(",").map((part) => part.trim()).filter((part) => part !== "")),
    Config.withDefault([])
  )

const optional = <A>(config: Config.Config<A>): Config.Config<A | undefined> =>
  Config.map(Config.option(config), Option.getOrUndefined)

const config = Config.all({
  store: optional(Config.NonEmptyString("CADRE_STORE")),
  listen: list("CADRE_LISTEN"),
  idle: time("CADRE_IDLE", 600_000),
  lease: time("CADRE_LEASE", 30_000),
  executorIdle: time("CADRE_EXECUTOR_IDLE", 45_000),
  cores: optional(count("CADRE_CORES")),
  logSize: Config.map(
    Config.withDefault(Config.ByteSize("CADRE_LOG_SIZE"), ByteSize.megabytes(5)),
    ByteSize.toNumberUnsafe
  ),
  logFiles: Config.withDefault(count("CADRE_LOG_FILES"), 3)
})

/** What a setting that cannot be read means for people. */
const invalid = (error: Config.ConfigError) =>
  Effect.gen(function*() {
    const variable = /CADRE_\w+/.exec(error.message)?.[0] ?? "CADRE_..."
    const value = yield* Effect.orElseSucceed(Config.String(variable), () => "")
    const problem = error.message.split("\n").map((line) => line.trim()).filter((line) => !line.startsWith("at "))
      .join(" ").replace(/^\w+Error\((.*?)\)?$/, "$1")
    return yield* new SettingInvalid({
      what: variable,
      problem: `It is ${JSON.stringify(value)}: ${problem}`,
      mend: "Set it to such a value, or leave it out"
    })
  })

/** Reads them. */
export const settings: Effect.Effect<Settings, SettingInvalid> = Effect.catch(config, invalid)

/** As variables, for a server that is to have the same; those that were not set are left out. */
export const variablesOf = (given: Partial<Record<keyof Settings, string>>): Readonly<Record<string, string>> => {
  const names: Record<keyof Settings, string> = {
    store: "CADRE_STORE",
    listen: "CADRE_LISTEN",
    idle: "CADRE_IDLE",
    lease: "CADRE_LEASE",
    executorIdle: "CADRE_EXECUTOR_IDLE",
    cores: "CADRE_CORES",
    logSize: "CADRE_LOG_SIZE",
    logFiles: "CADRE_LOG_FILES"
  }
  return Object.fromEntries(
    (Object.keys(names) as ReadonlyArray<keyof Settings>).flatMap((key) => {
      const value = given[key]
      return value === undefined ? [] : [[names[key], value]]
    })
  )
}
