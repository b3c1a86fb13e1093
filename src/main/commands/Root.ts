/**
 * What all commands of `cadre` have: their flags, and how they say things.
 *
 * @since 0.1.0
 */
import { Console, Effect, type PlatformError, Stdio, Stream } from "effect"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { CommandFailed, exitCodesText } from "../../cli/ExitCode.ts"

/** How data is printed. */
export const outputs = ["table", "json", "ndjson", "quiet"] as const

/** One of them. */
export type Output = typeof outputs[number]

/** `cadre` itself; inside of a command it is its own flags. */
export const root = Command.make("cadre").pipe(
  Command.withDescription(
    `Runs sets of typed tasks concurrently.\nData goes to standard output, progress and notes to standard error.\nExit codes: ${exitCodesText}.`
  ),
  Command.withShortDescription("Runs sets of typed tasks concurrently"),
  Command.withSharedFlags({
    output: Flag.Literals("output", outputs).pipe(
      Flag.withDefault("table"),
      Flag.withDescription(
        "How data is printed: for people, as JSON, as one JSON value a line, or not at all"
      )
    )
  })
)

/** Tells people something; not data. */
export const note = (text: string): Effect.Effect<void> => Console.error(text)

const unwritten = (error: PlatformError.PlatformError) =>
  new CommandFailed({ code: 1, problem: `The results could not be written: ${error.message}` })

/** Writes data to standard output as fast as it is read. */
export const printAll = <E, R>(
  texts: Stream.Stream<string, E, R>
): Effect.Effect<void, E | CommandFailed, R | Stdio.Stdio> =>
  Effect.flatMap(Stdio.Stdio, (stdio) => {
    const failed = Stream.mapError(texts, (error) => ({ error }))
    return Effect.mapError(
      Stream.run(failed, stdio.stdout({ endOnDone: false })),
      (error) => "error" in error ? error.error : unwritten(error)
    )
  })

/** Writes data, and a line break after it. */
export const print = (text: string): Effect.Effect<void, CommandFailed, Stdio.Stdio> =>
  printAll(Stream.succeed(`${text}\n`))
