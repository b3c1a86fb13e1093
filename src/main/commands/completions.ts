/**
 * `cadre completions`: scripts that complete commands and flags.
 *
 * @since 0.1.0
 */
import type { Effect, Stdio } from "effect"
import type { Command } from "effect/cli/Command"
import * as Completions from "effect/cli/Completions"
import type { CommandFailed } from "../../cli/ExitCode.ts"
import { print } from "./Root.ts"

const file = { _tag: "Path", pathType: "either" } as const

/** Those whose value is a file. They are read as text, since "standard" and "-" are values too. */
const files = new Set(["module", "from", "against"])

const help: Completions.FlagDescriptor = {
  name: "help",
  aliases: ["h"],
  description: "Show help information",
  type: { _tag: "Boolean" },
  negation: false
}

const withFiles = (command: Completions.CommandDescriptor): Completions.CommandDescriptor => ({
  ...command,
  flags: [...command.flags.map((flag) => files.has(flag.name) ? { ...flag, type: file } : flag), help],
  arguments: command.arguments.map((argument) => files.has(argument.name) ? { ...argument, type: file } : argument),
  subcommands: command.subcommands.map(withFiles)
})

/** Prints it. */
export const completions = (
  shell: Completions.Shell,
  command: Command.Any
): Effect.Effect<void, CommandFailed, Stdio.Stdio> =>
  print(Completions.generate("cadre", shell, withFiles(Completions.fromCommand(command))))
