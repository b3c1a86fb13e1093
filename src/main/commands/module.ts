/**
 * The commands that import a module of the user, and no others: this is bundled
 * with that module, so that both have one copy of `effect`.
 *
 * @since 0.1.0
 */
import * as Command from "effect/cli/Command"
import * as CommandLine from "./CommandLine.ts"
import type { Front } from "./Front.ts"
import { library } from "./LibraryCommands.ts"
import { submissions, task } from "./OperatorCommands.ts"
import { root } from "./Root.ts"
import { submit } from "./SubmitCommand.ts"

const cadre = root.pipe(Command.withSubcommands([submit, library, task, submissions]))

/** Runs what the words of a command line say, as this process. */
export const run = (words: ReadonlyArray<string>, front: Front): void => CommandLine.run(cadre, words, front)
