/**
 * `cadre submit`: runs one task, or one for each line of a file.
 *
 * @since 0.1.0
 */
import { type ByteSize, Clock, Duration, Effect, type FileSystem, Option, type Scope, type Stdio, Stream } from "effect"
import { availableParallelism } from "node:os"
import process from "node:process"
import { mapped } from "../../../layers/MappedStack.ts"
import type { Submitter } from "../../../services/Submitter.ts"
import { CommandFailed, unusable } from "../../cli/ExitCode.ts"
import { countText, durationText, plural, rateText } from "../../cli/Quantity.ts"
import { type AnyOutcome, jsonText, outcomeText, recorder } from "../../cli/TaskText.ts"
import type { TaskDefinition } from "../../task/TaskDefinition.ts"
import type { SubmitError } from "../../task/TaskError.ts"
import * as Executors from "./Executors.ts"
import { findTask, load } from "./Modules.ts"
import * as Outcomes from "./Outcomes.ts"
import { fromLines, type Payloads, single } from "./Payloads.ts"
import * as ProgressLine from "./ProgressLine.ts"
import { note, type Output, print } from "./Root.ts"

/** What was asked for. */
export interface Options {
  readonly module: string
  readonly task: string
  readonly payload: Option.Option<string>
  readonly from: Option.Option<string>
  readonly onBadLine: "stop" | "skip"
  readonly inProcess: boolean
  readonly threads: Option.Option<number>
  readonly memory: Option.Option<ByteSize.ByteSize>
  readonly results: boolean
  readonly progress: Option.Option<boolean>
  readonly timeout: Option.Option<Duration.Duration>
  readonly concurrency: Option.Option<number>
  readonly output: Output
}

/** Flags that cannot be had together, in words. */
const conflict = ({ from, inProcess, memory, onBadLine, payload, threads }: Options): string | undefined => {
  if (Option.isSome(payload) && Option.isSome(from)) return "--payload and --from exclude each other: name one of them"
  if (inProcess && Option.isSome(threads)) return "--in-process and --threads exclude each other: name one of them"
  if (inProcess && Option.isSome(memory)) return "--memory is for worker threads: --in-process has none"
  if (Option.isNone(from) && onBadLine === "skip") return "--on-bad-line is for the lines of --from"
  return undefined
}

/** Why nothing, or nothing more, could be submitted. */
const refused = (error: SubmitError | CommandFailed): CommandFailed => {
  if (error instanceof CommandFailed) return error
  const isConnection = error._tag === "ConnectionLost" || error._tag === "ServerDraining"
  return new CommandFailed({ code: isConnection ? 3 : 2, problem: error.message })
}

/** The outcomes of all payloads; what they need beside the submitter is nothing that a command could provide. */
const outcomesOf = (
  submitter: Submitter["Service"],
  task: TaskDefinition.Any,
  payloads: Payloads["payloads"],
  concurrency: number | undefined
): Stream.Stream<AnyOutcome, CommandFailed> =>
  submitter.runAll(task, payloads, concurrency === undefined ? {} : { concurrency }).pipe(
    Stream.mapError(refused)
  ) as Stream.Stream<AnyOutcome, CommandFailed>

/** Tells of one task: its result is data, and why it has none is not. */
const tellOne = Effect.fnUntraced(function*(
  outcome: AnyOutcome,
  task: TaskDefinition.Any,
  output: Output
): Effect.fn.Return<void, CommandFailed, Stdio.Stdio> {
  const recorded = yield* recorder(task, mapped)(outcome)
  if (output === "json" || output === "ndjson") {
    yield* print(output === "json" ? jsonText(recorded) : JSON.stringify(recorded))
  } else if (output === "table" && recorded.value !== undefined) {
    yield* print(jsonText(recorded.value))
  }
  if (outcome._tag === "Succeeded") {
    if (recorded.message !== undefined) yield* note(recorded.message)
    return
  }
  return yield* new CommandFailed({ code: 1, problem: `${outcome._tag}: ${mapped(outcomeText(outcome))}` })
})

const summaryOf = (tally: Outcomes.Tally, submitted: number, skipped: number, elapsed: number): string => {
  const done = tally.succeeded + tally.failed
  return `${plural(done, "task")} in ${durationText(elapsed)} (${rateText(done, elapsed)}): ` + [
    `${countText(tally.succeeded)} succeeded`,
    ...(tally.failed > 0 ? [`${countText(tally.failed)} failed`] : []),
    ...(submitted > done ? [`${countText(submitted - done)} cancelled`] : []),
    ...(skipped > 0 ? [`${plural(skipped, "bad line")} skipped`] : [])
  ].join(", ")
}

/** Where tasks are run: it is started when all that was written has turned out to be usable. */
type Started = Effect.Effect<Submitter["Service"], CommandFailed, Stdio.Stdio | Scope.Scope>

/** Runs a task for each payload, and tells of them as they end. */
const many = Effect.fnUntraced(function*(options: Options, task: TaskDefinition.Any, started: Started, path: string) {
  const { concurrency, onBadLine, output, progress, results } = options
  const isData = output === "json" || output === "ndjson"
  const tally: Outcomes.Tally = { succeeded: 0, failed: 0 }
  let line = ProgressLine.hidden
  const { lines, payloads, state } = yield* fromLines(task, path, onBadLine, (text) => line.note(text))
  const submitter = yield* started
  const start = yield* Clock.currentTimeMillis
  // A terminal that data is written to is left alone.
  const isShown = Option.getOrElse(progress, () => output !== "quiet" && !(isData && process.stdout.isTTY))
  if (isShown) {
    line = yield* ProgressLine.shown(() => {
      const share = state.size === undefined || state.size === 0 ? undefined : state.bytes / state.size
      const total = state.isRead ? lines.payloads : share ? Math.round(lines.payloads / share) : undefined
      return { ...tally, submitted: lines.payloads, total }
    })
  }
  let isUnread = false
  process.stdout.prependOnceListener("error", () => isUnread = true)
  const summary = Effect.gen(function*() {
    // Who has closed the output has seen enough.
    if (isUnread) return
    const elapsed = (yield* Clock.currentTimeMillis) - start
    if (output !== "quiet") yield* line.note(summaryOf(tally, lines.payloads, state.skipped, elapsed))
    if (isData && !results) {
      const { failed, succeeded } = tally
      const cancelled = lines.payloads - succeeded - failed
      const data = { succeeded, failed, cancelled, skipped: state.skipped, millis: elapsed }
      yield* print(JSON.stringify(data))
    }
  })
  yield* Outcomes.read(
    outcomesOf(submitter, task, payloads, Option.getOrUndefined(concurrency)),
    tally,
    { output, results, record: recorder(task, mapped), lineOf: (index) => lines.of(index), progress: line }
  ).pipe(
    Effect.onExit(() => Effect.ignore(summary))
  )
  if (tally.failed > 0) return yield* new CommandFailed({ code: 1, problem: "" })
})

const one = Effect.fnUntraced(function*(options: Options, task: TaskDefinition.Any, started: Started) {
  const { payloads } = yield* single(task, Option.getOrUndefined(options.payload))
  const outcome = yield* Stream.runHead(outcomesOf(yield* started, task, payloads, undefined))
  if (Option.isSome(outcome)) yield* tellOne(outcome.value, task, options.output)
})

const late = (timeout: Duration.Duration): CommandFailed =>
  new CommandFailed({
    code: 4,
    problem: `It took longer than ${
      durationText(Duration.toMillis(timeout))
    } (--timeout): what had not ended was cancelled`
  })

const run = Effect.fnUntraced(function*(options: Options) {
  const module = yield* load(options.module)
  // One task is not sooner done by threads that have nothing to do.
  const threads = options.inProcess
    ? undefined
    : Option.getOrElse(options.threads, () => Option.isSome(options.from) ? availableParallelism() : 1)
  const built = yield* Executors.built(options.module, module, threads === undefined)
  const task = yield* findTask(options.module, built.found, options.task)
  const memory = Option.getOrUndefined(options.memory)
  const started = Executors.start({ specifier: options.module, module, task, threads, memory, built })
  yield* Option.match(options.from, {
    onNone: () => one(options, task, started),
    onSome: (path) => many(options, task, started, path)
  })
}, Effect.scoped)

/** Runs it. Its failures say all that there is to say. */
export const submit = (options: Options): Effect.Effect<void, CommandFailed, FileSystem.FileSystem | Stdio.Stdio> => {
  const problem = conflict(options)
  if (problem !== undefined) return Effect.fail(unusable(problem))
  return Option.match(options.timeout, {
    onNone: () => run(options),
    onSome: (timeout) =>
      Effect.timeoutOrElse(run(options), { duration: timeout, orElse: () => Effect.fail(late(timeout)) })
  })
}
