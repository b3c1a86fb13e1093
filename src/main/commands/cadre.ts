/**
 * All commands of `cadre`, with the flags of those that import no module. What
 * a command does is imported when it is called.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as CommandLine from "./CommandLine.ts"
import { module } from "./Flags.ts"
import type { Front } from "./Front.ts"
import { key } from "./key.ts"
import { against, library } from "./LibraryCommands.ts"
import { schedule, status, submissions, task } from "./OperatorCommands.ts"
import { root } from "./Root.ts"
import { executor, server } from "./ServerCommands.ts"
import { submit } from "./SubmitCommand.ts"

const bundle = Command.make("bundle", { module, against }, ({ module }) =>
  Effect.gen(function*() {
    const { output } = yield* root
    const implementation = yield* Effect.promise(() => import("./bundle.ts"))
    yield* implementation.bundle(module, output)
  })).pipe(
    Command.withDescription("Bundles a module ahead of its first use, and says what the bundle does not hold"),
    Command.withExamples([{ command: "cadre bundle tasks.ts", description: "When an image is built, for one" }])
  )

const doctor = Command.make("doctor", {}, () =>
  Effect.gen(function*() {
    const { output } = yield* root
    const implementation = yield* Effect.promise(() => import("./doctor.ts"))
    yield* implementation.doctor(output)
  })).pipe(
    Command.withDescription("Says what this machine can enforce, reach and run, with the mend for what it cannot")
  )

const completions = Command.make("completions", {
  shell: Argument.Literals("shell", ["bash", "zsh", "fish"]).pipe(Argument.withDescription("Which shell it is for"))
}, ({ shell }) =>
  Effect.gen(function*() {
    const implementation = yield* Effect.promise(() => import("./completions.ts"))
    yield* implementation.completions(shell, tree())
  })).pipe(
    Command.withDescription("Prints a script that completes commands and flags"),
    Command.withExamples([
      { command: "source <(cadre completions bash)", description: "In ~/.bashrc" },
      { command: "cadre completions zsh > ~/.zfunc/_cadre", description: "In a folder of $fpath" },
      { command: "cadre completions fish > ~/.config/fish/completions/cadre.fish", description: "Once" }
    ])
  )

/** All commands; one of them prints what there is. */
const tree = (): Command.Command.Any => cadre

/** All commands of `cadre`. */
export const cadre = root.pipe(
  Command.withSubcommands([
    submit,
    status,
    task,
    submissions,
    schedule,
    executor,
    server,
    library,
    key,
    bundle,
    doctor,
    completions
  ])
)

/** Runs what the words of a command line say, as this process. */
export const run = (words: ReadonlyArray<string>, front: Front): void => CommandLine.run(cadre, words, front)
