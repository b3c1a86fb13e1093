/**
 * The modules that a command is about: found by name, imported, and built as
 * far as it takes to know their libraries.
 *
 * @since 0.1.0
 */
import { Cause, Effect, Layer, type Scope, Stream } from "effect"
import process from "node:process"
import * as EntryModule from "../../../layers/EntryModule.ts"
import { locate } from "../../../layers/ModuleFile.ts"
import { Submitter } from "../../../services/Submitter.ts"
import { type Implementation, implementations } from "../../../services/TaskLibrary.ts"
import type { TaskModule } from "../../../services/TaskModule.ts"
import { failureText } from "../../cli/Ending.ts"
import { type CommandFailed, unusable } from "../../cli/ExitCode.ts"
import { didYouMean } from "../../cli/Suggestion.ts"
import { Prepared } from "./Front.ts"
import { note } from "./Root.ts"

/** There is no such module: what was looked for, and what can be named. */
export const unknownModule = (specifier: string, lookedFor: ReadonlyArray<string>): CommandFailed =>
  unusable(
    `There is no module "${specifier}". Looked for:\n${lookedFor.map((path) => `  ${path}`).join("\n")}\n` +
      `Name a file that exports a TaskModule, or "standard" for the library that ships with Cadre`
  )

/** Why a Layer could not be built: its errors and defects in words, without stacks. */
export const buildProblem = (cause: Cause.Cause<unknown>): string =>
  cause.reasons.flatMap((reason) =>
    Cause.isFailReason(reason)
      ? [failureText(reason.error)]
      : Cause.isDieReason(reason)
      ? [failureText(reason.defect)]
      : []
  ).join("; ") || "it was interrupted"

/** Imports a module by the name that was written for it. */
export const load: (specifier: string) => Effect.Effect<TaskModule.Any, CommandFailed> = Effect.fnUntraced(
  function*(specifier) {
    const prepared = (yield* Prepared).modules[specifier]
    const located = prepared === undefined ? locate(specifier, process.cwd()) : { url: prepared }
    if ("lookedFor" in located) return yield* unknownModule(specifier, located.lookedFor)
    const { effects, exported } = yield* Effect.mapError(
      EntryModule.loadTasks(located.url),
      ({ problem }) => unusable(`${specifier}: ${problem}`)
    )
    for (const effect of effects) yield* note(`${specifier}: ${effect}`)
    return exported
  }
)

const nobody = Effect.die(new Error("Tasks cannot be submitted while a module is only looked at"))

/** For layers of handlers that ask for a submitter: while a module is only looked at, nothing is submitted. */
const idle = Submitter.of({
  run: () => nobody,
  runAll: () => Stream.fromEffect(nobody),
  submit: () => nobody,
  submitAll: () => nobody,
  submitGraph: () => nobody
})

/** Builds a module's Layer and gives what it implements, while the scope lasts. */
export const implemented = (
  specifier: string,
  module: TaskModule.Any
): Effect.Effect<ReadonlyArray<Implementation>, CommandFailed, Scope.Scope> =>
  // `Runs` is a phantom; handlers have nothing else to ask for.
  Layer.build(module.implementation as Layer.Layer<never, unknown, Submitter>).pipe(
    Effect.provideService(Submitter, idle),
    Effect.map(implementations),
    Effect.catchCause((cause) =>
      Effect.fail(unusable(`${specifier}: The Layer of its handlers cannot be built: ${buildProblem(cause)}`))
    )
  )

/** The task of that name. */
export const findTask = (specifier: string, found: ReadonlyArray<Implementation>, name: string) => {
  for (const { library } of found) {
    const task = library.tasks.get(name)
    if (task !== undefined) return Effect.succeed(task)
  }
  const known = found.flatMap(({ library }) => [...library.tasks.keys()])
  return Effect.fail(unusable(`${specifier} has no task "${name}". ${didYouMean(name, known)}`))
}
