/**
 * `cadre completions`: scripts that complete commands and flags.
 *
 * @since 0.1.0
 */
import type { Effect, Stdio } from "effect"
import type { Command } from "effect/cli/Command"
import * as Completions from "effect/cli/Completions"
import type { CommandFailed } from "../../cli/ExitCode.ts"
import { selectorWords } from "../../cli/Selection.ts"
import { TaskStatus } from "../../operate/View.ts"
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

/** Words that a value may be; it may be others too. */
const words = new Map<string, ReadonlyArray<string>>([
  ["tasks", selectorWords],
  ["submission", ["last"]],
  ["executors", ["all"]],
  ["status", TaskStatus.literals]
])

const typed = <A extends { readonly name: string; readonly type: Completions.ArgumentType | Completions.FlagType }>(
  described: A
): A => {
  const values = words.get(described.name)
  if (values !== undefined) return { ...described, type: { _tag: "Choice", values } }
  return files.has(described.name) ? { ...described, type: file } : described
}

const withValues = (command: Completions.CommandDescriptor): Completions.CommandDescriptor => ({
  ...command,
  flags: [...command.flags.map(typed), help],
  arguments: command.arguments.map(typed),
  subcommands: command.subcommands.map(withValues)
})

/** Prints it. */
export const completions = (
  shell: Completions.Shell,
  command: Command.Any
): Effect.Effect<void, CommandFailed, Stdio.Stdio> =>
  print(Completions.generate("cadre", shell, withValues(Completions.fromCommand(command))))
