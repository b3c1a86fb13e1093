/**
 * The commands that look at a module of the user, with their flags. What they
 * do is imported when they are called.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { bundle, module } from "./Flags.ts"
import { root } from "./Root.ts"

/** What it is compared with. */
export const against = Flag.String("against").pipe(
  Flag.optional,
  Flag.withMetavar("MODULE|FILE.json"),
  Flag.withDescription("Say what differs from another module, or from what --output json printed before")
)

/** `cadre library inspect`. */
const inspect = Command.make("inspect", {
  module,
  against,
  bundle
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
