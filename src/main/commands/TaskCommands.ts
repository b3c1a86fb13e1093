/**
 * The commands that import a module of the user, with their flags. What they do
 * is imported when they are called.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import * as ByteSize from "effect/ByteSize"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { readDuration } from "../../cli/Quantity.ts"
import { root } from "./Root.ts"

/** The module that a command is about. */
export const module = Argument.String("module").pipe(
  Argument.withDescription("A file that exports a TaskModule, or \"standard\" for the library that ships with Cadre")
)

const positive = (name: string) =>
  Flag.Int(name).pipe(
    Flag.filter((count) => count >= 1, (count) => `Expected a whole number of at least 1, got ${count}`)
  )

/** `cadre submit`. */
export const submit = Command.make("submit", {
  module,
  task: Argument.String("task").pipe(Argument.withDescription("The name of one of its tasks")),
  payload: Flag.String("payload").pipe(
    Flag.optional,
    Flag.withMetavar("JSON|@FILE"),
    Flag.withDescription("The payload as JSON, or the file that it is in")
  ),
  from: Flag.String("from").pipe(
    Flag.optional,
    Flag.withMetavar("FILE|-"),
    Flag.withDescription("Payloads, one JSON value a line, from a file or standard input; a task for each")
  ),
  onBadLine: Flag.Literals("on-bad-line", ["stop", "skip"]).pipe(
    Flag.withDefault("stop"),
    Flag.withDescription("What a line that is no payload does: stop, after all before it have ended, or be skipped")
  ),
  inProcess: Flag.Boolean("in-process").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Run tasks as fibers of this process")
  ),
  threads: positive("threads").pipe(
    Flag.optional,
    Flag.withDescription("How many worker threads run tasks; for --from one for each core where absent, else one")
  ),
  memory: Flag.String("memory").pipe(
    Flag.filterMap(ByteSize.fromString, (text) => `Expected a size such as 256MiB or "2 GB", got ${text}`),
    Flag.optional,
    Flag.withMetavar("SIZE"),
    Flag.withDescription("What a worker thread may use, such as 256MiB; one that uses more is ended, and replaced")
  ),
  results: Flag.Boolean("results").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Print how each task of --from ended, as it ends")
  ),
  progress: Flag.Boolean("progress").pipe(
    Flag.optional,
    Flag.withDescription("Show how far it is: a bar on a terminal, a line now and then elsewhere")
  ),
  timeout: Flag.String("timeout").pipe(
    Flag.filterMap(readDuration, (text) => `Expected a duration such as 500ms, 30s or "2 min", got ${text}`),
    Flag.optional,
    Flag.withMetavar("DURATION"),
    Flag.withDescription("How long all of it may take, such as 30s or 2min; then it is cancelled")
  ),
  concurrency: positive("concurrency").pipe(
    Flag.optional,
    Flag.withDescription("How many tasks of --from may be under way at once")
  )
}, (options) =>
  Effect.gen(function*() {
    const { output } = yield* root
    const implementation = yield* Effect.promise(() => import("./submit.ts"))
    yield* implementation.submit({ ...options, output })
  })).pipe(
    Command.withDescription("Runs a task, or one for each line of a file"),
    Command.withExamples([
      {
        command: "cadre submit tasks.ts Factor --payload '{\"n\": 84}'",
        description: "One task; its result is printed"
      },
      { command: "cadre submit tasks.ts Factor --from numbers.ndjson --results", description: "A task for each line" },
      {
        command: "cadre submit standard Echo --payload '{\"value\": 1}'",
        description: "A task of the standard library"
      }
    ])
  )

/** What it is compared with. */
export const against = Flag.String("against").pipe(
  Flag.optional,
  Flag.withMetavar("MODULE|FILE.json"),
  Flag.withDescription("Say what differs from another module, or from what --output json printed before")
)

/** `cadre library inspect`. */
const inspect = Command.make("inspect", {
  module,
  against
}, (options) =>
  Effect.gen(function*() {
    const { output } = yield* root
    const implementation = yield* Effect.promise(() => import("./inspect.ts"))
    yield* implementation.inspect({ ...options, output })
  })).pipe(
    Command.withDescription("Shows the tasks of a module: payloads, results, errors, requirements"),
    Command.withExamples([
      { command: "cadre library inspect tasks.ts --output json > tasks.json", description: "Keep what there is now" },
      {
        command: "cadre library inspect tasks.ts --against tasks.json",
        description: "Exit with 1 if it is incompatible"
      }
    ])
  )

/** `cadre library`. */
export const library = Command.make("library").pipe(
  Command.withDescription("Looks at task libraries"),
  Command.withSubcommands([inspect])
)
