/**
 * Reads outcomes as they come: counts them, prints them if that was asked for,
 * and tells of those that failed.
 *
 * @since 0.1.0
 */
import { Effect, type Stdio, Stream } from "effect"
import { mapped } from "../../../layers/MappedStack.ts"
import { type CommandFailed } from "../../cli/ExitCode.ts"
import { plain } from "../../cli/Table.ts"
import { type AnyOutcome, type OutcomeRecord, outcomeText, type recorder } from "../../cli/TaskText.ts"
import type { ProgressLine } from "./ProgressLine.ts"
import { type Output, printAll } from "./Root.ts"

/** How many failures are told one by one where results are not printed. */
const told = 10

/** What has become of the tasks so far. */
export interface Tally {
  succeeded: number
  failed: number
}

/** How outcomes are read. */
export interface Options {
  readonly output: Output
  /** Whether each is printed. */
  readonly results: boolean
  readonly record: ReturnType<typeof recorder>
  readonly lineOf: ((index: number) => number) | undefined
  readonly progress: ProgressLine
}

/** A row of the table: which, how it ended, and what came of it. */
const row = ({ error, index, line, message, outcome, value }: OutcomeRecord): string => {
  const came = outcome === "Succeeded" && message === undefined
    ? value === undefined ? "" : JSON.stringify(value)
    : message ?? JSON.stringify(error)
  return `${String(line ?? index).padStart(6)}  ${outcome.padEnd(11)}  ${plain(came.split("\n")[0] ?? "")}`.trimEnd()
}

/** Reads them to their end. The outcomes of one turn are written at once. */
export const read = <E, R>(
  outcomes: Stream.Stream<AnyOutcome, E, R>,
  tally: Tally,
  { lineOf, output, progress, record, results }: Options
): Effect.Effect<void, E | CommandFailed, R | Stdio.Stdio> => {
  const place = (index: number): string => lineOf === undefined ? `Task ${index}` : `Line ${lineOf(index)}`

  const count = Effect.fnUntraced(function*(piece: ReadonlyArray<AnyOutcome>) {
    for (const outcome of piece) {
      if (outcome._tag === "Succeeded") tally.succeeded++
      else {
        tally.failed++
        if (!results && tally.failed <= told) {
          yield* progress.note(`${place(outcome.index)}: ${outcome._tag}: ${mapped(outcomeText(outcome))}`)
          if (tally.failed === told) yield* progress.note("Further failures are only counted; --results shows all")
        }
      }
    }
  })

  const counted = Stream.tap(Stream.chunks(outcomes), count)
  if (!results || output === "quiet") return Stream.runDrain(counted)

  let isFirst = true
  const text = Effect.fnUntraced(function*(piece: ReadonlyArray<AnyOutcome>) {
    let written = ""
    for (const outcome of piece) {
      const recorded = yield* record(outcome, lineOf?.(outcome.index))
      if (output === "json") written += `${isFirst ? "[\n" : ",\n"}${JSON.stringify(recorded)}`
      else written += `${output === "ndjson" ? JSON.stringify(recorded) : row(recorded)}\n`
      isFirst = false
    }
    yield* progress.clear
    return written
  })
  const texts = Stream.mapEffect(counted, text)
  const all = output === "json"
    ? Stream.concat(texts, Stream.sync(() => isFirst ? "[]\n" : "\n]\n"))
    : texts
  return printAll(all)
}
