/**
 * Flags and arguments that several commands have.
 *
 * @since 0.1.0
 */
import { Config, Option } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Flag from "effect/cli/Flag"
import { readDuration } from "../../cli/Quantity.ts"

/** The module that a command is about. */
export const module = Argument.String("module").pipe(
  Argument.withDescription("A file that exports a TaskModule, or \"standard\" for the library that ships with Cadre")
)

/** What reads the results of tasks. */
export const reading = Flag.String("module").pipe(
  Flag.optional,
  Flag.withMetavar("MODULE"),
  Flag.withDescription("The module of the tasks: it shows what they gave back, where that is not JSON already")
)

/** How a module is imported; it is read before anything is parsed. */
export const bundle = Flag.Boolean("bundle").pipe(
  Flag.withDefault(true),
  Flag.withDescription("Bundle the module, once; --no-bundle imports its files one by one")
)

/** Where the server is. */
export const connect = Flag.String("connect").pipe(
  Flag.withFallbackConfig(Config.String("CADRE_CONNECT")),
  Flag.optional,
  Flag.map(Option.filter((address) => address !== "")),
  Flag.withMetavar("ADDRESS"),
  Flag.withDescription(
    "The server, such as unix:/path, tcp://host:port or tls://host:port; else CADRE_CONNECT, else that of this machine"
  )
)

/** A whole number that is no less than 1. */
export const positive = (name: string): Flag.Flag<number> =>
  Flag.Int(name).pipe(
    Flag.filter((count) => count >= 1, (count) => `Expected a whole number of at least 1, got ${count}`)
  )

/** A length of time. */
export const duration = (name: string) =>
  Flag.String(name).pipe(
    Flag.filterMap(readDuration, (text) => `Expected a duration such as 500ms, 30s or "2 min", got ${text}`),
    Flag.optional,
    Flag.withMetavar("DURATION")
  )

/** Any number of tasks. */
export const tasks = Argument.String("tasks").pipe(
  Argument.variadic({ min: 0 }),
  Argument.withDescription("A task's id, or several; last, all or failed")
)

/** The tasks of a submission. */
export const ofSubmission = Flag.String("submission").pipe(
  Flag.optional,
  Flag.withMetavar("ID|last"),
  Flag.withDescription("The tasks of that submission")
)

/** The statuses that tasks may have: what they may be is known only to who looks. */
export const status = Flag.String("status").pipe(
  Flag.atLeast(0),
  Flag.withMetavar("STATUS,..."),
  Flag.withDescription("Those that are queued, running, failed, lost and so on")
)

/** How many rows are shown. */
export const limit = positive("limit").pipe(
  Flag.withDefault(50),
  Flag.withDescription("How many of the newest are shown")
)

/** Whether all rows are shown. */
export const all = Flag.Boolean("all").pipe(
  Flag.withoutNegation,
  Flag.withDefault(false),
  Flag.withDescription("Show all of them, page after page")
)

/** Whether it goes on while something happens. */
export const follow = (description: string): Flag.Flag<boolean> =>
  Flag.Boolean("follow").pipe(
    Flag.withAlias("f"),
    Flag.withoutNegation,
    Flag.withDefault(false),
    Flag.withDescription(description)
  )
