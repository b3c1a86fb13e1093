/**
 * Runs a tree of commands as this process.
 *
 * @since 0.1.0
 */
import { Console, Effect, References } from "effect"
import * as CliConfig from "effect/cli/CliConfig"
import * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import type { HelpDoc } from "effect/cli/HelpDoc"
import * as TerminalCapabilities from "effect/cli/TerminalCapabilities"
import * as CommandServices from "../../../layers/CommandServices.ts"
import * as ProgramProcess from "../../../layers/ProgramProcess.ts"
import type { ProgramServices } from "../../../services/Program.ts"
import { commandEnding, CommandFailed } from "../../cli/ExitCode.ts"
import { didYouMean, suggestions } from "../../cli/Suggestion.ts"
import { type Front, Prepared } from "./Front.ts"
import { note } from "./Root.ts"

/** Bad usage is an error and not data; who asks for help gets it on standard output. */
const presenter: CliOutput.Presenter = {
  present: Effect.fnUntraced(function*(event) {
    const { canColor } = yield* TerminalCapabilities.TerminalCapabilities
    const formatter = CliOutput.defaultFormatter({ colors: canColor })
    switch (event._tag) {
      case "Help":
        return yield* Console.log(formatter.formatHelpDoc(event.helpDoc))
      case "InvalidInvocation": {
        // The flags of a command that there is not are not known either.
        const isUnknown = event.errors.some(({ _tag }) => _tag === "UnknownSubcommand")
        const errors = event.errors.filter(({ _tag }) => !isUnknown || _tag === "UnknownSubcommand")
        for (const error of errors) yield* note(messageOf(error, event.helpDoc))
        return yield* note(`See: ${event.commandPath.join(" ")} --help`)
      }
      case "Version":
        return yield* Console.log(event.version)
    }
  })
}

/** What was wrong with the words of a command, with what was meant if that can be told. */
const messageOf = (
  error: CliError.NonShowHelpErrors,
  { flags, globalFlags, inheritedFlags, subcommands }: HelpDoc
): string => {
  const [what = ""] = error.message.split("\n")
  if (error._tag === "UnrecognizedOption") {
    const names = [flags, inheritedFlags ?? [], globalFlags ?? []].flat().map(({ name }) => name)
    const near = suggestions(error.option.replace(/^-+/, ""), names)
    return near.length === 0 ? what : `${what}. Did you mean --${near.join(" or --")}?`
  }
  return error._tag === "UnknownSubcommand"
    ? `${what}. ${
      didYouMean(error.subcommand, (subcommands ?? []).flatMap(({ commands }) => commands.map(({ name }) => name)))
    }`
    : error.message.replace(/Expected: (?=Expected|There is)/, "")
}

/** What the words of a command line say. */
export const effectOf = <Input, Context, E>(
  tree: Command.Command<"cadre", Input, Context, E, ProgramServices>,
  words: ReadonlyArray<string>,
  front: Front
): Effect.Effect<void, E | CommandFailed, ProgramServices> =>
  Command.runWith(tree, { version: front.version })(words).pipe(
    Effect.catchIf(CliError.isCliError, usage),
    Effect.provideService(Prepared, front),
    Effect.provideService(CliOutput.Presenter, presenter),
    Effect.provideService(CliConfig.CliConfig, {
      builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.LogLevel]
    }),
    Effect.provide(TerminalCapabilities.layer),
    // What tasks log is not data.
    Effect.provideService(References.LogToStderr, true)
  )

/** Commands that leave nothing to be cancelled. */
const looking = new Set(["status", "list", "show", "logs", "explain", "wait", "drain"])

/** Runs what the words of a command line say, as this process. */
export const run = <Input, Context, E>(
  tree: Command.Command<"cadre", Input, Context, E, ProgramServices>,
  words: ReadonlyArray<string>,
  front: Front
): void => {
  const isLooking = words.slice(0, 2).some((word) => looking.has(word))
  ProgramProcess.run(effectOf(tree, words, front), CommandServices.layer, {
    ending: commandEnding,
    endsWithOutput: true,
    ...(!isLooking && {
      interrupted: (signal) => signal === "SIGINT" ? "Cancelling; Ctrl-C again ends it at once" : "Cancelling"
    })
  })
}

/** What was wrong has been told; help that nobody asked for is no failure. */
const usage = (error: CliError.CliError): Effect.Effect<void, CommandFailed> =>
  error._tag === "ShowHelp" && error.errors.length === 0
    ? Effect.void
    : Effect.fail(new CommandFailed({ code: 2, problem: error._tag === "ShowHelp" ? "" : error.message }))
