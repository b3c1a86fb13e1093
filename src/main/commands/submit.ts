/**
 * `cadre submit`: runs one task, or one for each line of a file.
 *
 * @since 0.1.0
 */
import { ByteSize, Clock, Duration, Effect, type FileSystem, Option, type Scope, type Stdio, Stream } from "effect"
import process from "node:process"
import { mapped } from "../../../layers/MappedStack.ts"
import type { RunAllOptions, SubmitOptions, Submitter } from "../../../services/Submitter.ts"
import type { TaskLibrary } from "../../../services/TaskLibrary.ts"
import { CommandFailed, unusable } from "../../cli/ExitCode.ts"
import { logText } from "../../cli/LogText.ts"
import { countText, durationText, plural, rateText } from "../../cli/Quantity.ts"
import { conflict } from "../../cli/SubmitConflict.ts"
import { type AnyOutcome, jsonText, outcomeText, recorder } from "../../cli/TaskText.ts"
import type { CatchUp, Overlap } from "../../operate/Schedule.ts"
import type { LogLine } from "../../task/LogLine.ts"
import type { TaskDefinition } from "../../task/TaskDefinition.ts"
import { Connecting, type Handing } from "./Connecting.ts"
import * as Executors from "./Executors.ts"
import { handOver, refused } from "./Handover.ts"
import { localTime } from "./LocalZone.ts"
import { findTask, load } from "./Modules.ts"
import * as Outcomes from "./Outcomes.ts"
import { fromLines, type Payloads, single } from "./Payloads.ts"
import * as ProgressLine from "./ProgressLine.ts"
import * as Recurring from "./Recurring.ts"
import { note, type Output, print } from "./Root.ts"
import { printOne } from "./Rows.ts"

/** What was asked for. */
export interface Options {
  readonly module: string
  readonly task: string
  readonly payload: Option.Option<string>
  readonly from: Option.Option<string>
  readonly onBadLine: "stop" | "skip"
  readonly connect: Option.Option<string>
  readonly inProcess: boolean
  readonly threads: Option.Option<number>
  readonly memory: Option.Option<ByteSize.ByteSize>
  readonly results: boolean
  readonly follow: Option.Option<boolean>
  readonly detach: boolean
  readonly progress: Option.Option<boolean>
  readonly timeout: Option.Option<Duration.Duration>
  readonly concurrency: Option.Option<number>
  readonly name: Option.Option<string>
  readonly priority: Option.Option<number>
  readonly delay: Option.Option<Duration.Duration>
  readonly deadline: Option.Option<Duration.Duration>
  readonly after: ReadonlyArray<string>
  readonly label: ReadonlyArray<string>
  readonly whenUnmet: "fail" | "wait"
  readonly cron: Option.Option<string>
  readonly timeZone: Option.Option<string>
  readonly catchUp: Option.Option<CatchUp>
  readonly overlap: Option.Option<Overlap>
  readonly output: Output
}

/** How each of the tasks is handed over. */
const submitOptions = ({ after, deadline, delay, label, priority, whenUnmet }: Options): SubmitOptions => ({
  whenUnmet,
  ...(Option.isSome(priority) && { priority: priority.value }),
  ...(Option.isSome(delay) && { delay: delay.value }),
  ...(Option.isSome(deadline) && { deadline: deadline.value }),
  ...(after.length > 0 && { after: after.map((id) => ({ id })) }),
  ...(label.length > 0 && { labels: label })
})

/** The outcomes of all payloads; what they need beside the submitter is nothing that a command could provide. */
const outcomesOf = (
  submitter: Submitter["Service"],
  task: TaskDefinition.Any,
  payloads: Payloads["payloads"],
  options: RunAllOptions
): Stream.Stream<AnyOutcome, CommandFailed> =>
  submitter.runAll(task, payloads, options).pipe(Stream.mapError(refused)) as Stream.Stream<AnyOutcome, CommandFailed>

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

/** What a command was found to be about. */
interface Job {
  readonly options: Options
  readonly task: TaskDefinition.Any
  readonly libraries: ReadonlyArray<TaskLibrary.Any>
  /** Where tasks are run: it is started when all that was written has turned out to be usable. */
  readonly started: Effect.Effect<Submitter["Service"], CommandFailed, Stdio.Stdio | Scope.Scope>
  /** Whether what tasks log would else be seen by nobody. */
  readonly isElsewhere: boolean
}

/** Says what a task logs, as it comes. */
const logging = Effect.fnUntraced(
  function*(say: (text: string) => Effect.Effect<void>, name: (index: number) => string) {
    const local = yield* localTime
    const run = Effect.runForkWith(yield* Effect.context())
    return (index: number, line: LogLine): void => {
      const id = name(index)
      run(
        say(
          logText({ epoch: 0, line }, {
            local,
            isRaw: false,
            hasColours: process.stderr.isTTY,
            ...(id !== "" && { id })
          })
        )
      )
    }
  }
)

/** Runs a task for each payload, and tells of them as they end. */
const many = Effect.fnUntraced(function*({ isElsewhere, options, started, task }: Job, path: string) {
  const { concurrency, follow, onBadLine, output, progress, results } = options
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
  const runOptions: RunAllOptions = {
    ...submitOptions(options),
    ...(Option.isSome(concurrency) && { concurrency: concurrency.value }),
    ...(isElsewhere && Option.getOrElse(follow, () => false) && {
      onLog: yield* logging((text) => line.note(text), (index) => `line ${lines.of(index)}`)
    })
  }
  yield* Outcomes.read(
    outcomesOf(submitter, task, payloads, runOptions),
    tally,
    { output, results, record: recorder(task, mapped), lineOf: (index) => lines.of(index), progress: line }
  ).pipe(
    Effect.onExit(() => Effect.ignore(summary))
  )
  if (tally.failed > 0) return yield* new CommandFailed({ code: 1, problem: "" })
})

const one = Effect.fnUntraced(function*({ isElsewhere, options, started, task }: Job) {
  const { payloads } = yield* single(task, Option.getOrUndefined(options.payload))
  const isFollowed = isElsewhere && Option.getOrElse(options.follow, () => options.output !== "quiet")
  const outcome = yield* Stream.runHead(outcomesOf(yield* started, task, payloads, {
    ...submitOptions(options),
    ...(isFollowed && { onLog: yield* logging(note, () => "") })
  }))
  if (Option.isSome(outcome)) yield* tellOne(outcome.value, task, options.output)
})

/** Names nobody else has: tasks of one submitter are told apart by their order alone. */
const submissionName = ({ name, task }: Options): string =>
  `${Option.getOrElse(name, () => task)}-${crypto.randomUUID().slice(0, 8)}`

/** Hands tasks over and leaves. */
const detached = Effect.fnUntraced(
  function*({ libraries, options, task }: Job, handing: Effect.Effect<Handing, CommandFailed, Scope.Scope>) {
    const { from, output } = options
    const { payloads } = Option.isSome(from)
      ? yield* fromLines(task, from.value, options.onBadLine, note)
      : yield* single(task, Option.getOrUndefined(options.payload))
    const found = yield* handing
    yield* found.ready
    const done = yield* handOver({
      handing: found,
      submission: submissionName(options),
      libraries,
      task,
      payloads,
      options: submitOptions(options)
    })
    if (done.tasks === 0) return yield* unusable("There are no payloads: nothing was handed over")
    if (output === "table") {
      yield* print(done.submission)
      yield* note(
        `${plural(done.tasks, "task")} handed over${done.first === undefined ? "" : `, from ${done.first} on`}: ` +
          `cadre submission wait ${done.submission} waits`
      )
    } else yield* printOne(output, "", done)
  }
)

/** Has a task submitted again and again. */
const recurring = Effect.fnUntraced(function*(
  { libraries, options, task }: Job,
  handing: Effect.Effect<Handing, CommandFailed, Scope.Scope>,
  times: Recurring.Times
) {
  const { payloads } = yield* single(task, Option.getOrUndefined(options.payload))
  const payload = Option.getOrUndefined(yield* Stream.runHead(payloads))
  yield* Recurring.schedule({
    handing: yield* handing,
    libraries,
    task,
    payload,
    options: submitOptions(options),
    times,
    id: Option.getOrUndefined(options.name),
    submitter: submissionName(options),
    catchUp: Option.getOrElse(options.catchUp, () => "none"),
    overlap: Option.getOrElse(options.overlap, () => "skip"),
    output: options.output
  })
})

const late = (timeout: Duration.Duration): CommandFailed =>
  new CommandFailed({
    code: 4,
    problem: `It took longer than ${
      durationText(Duration.toMillis(timeout))
    } (--timeout): what had not ended was cancelled`
  })

const run = Effect.fnUntraced(function*(options: Options) {
  const times = Option.isSome(options.cron)
    ? yield* Recurring.readTimes(options.cron.value, options.timeZone)
    : undefined
  const module = yield* load(options.module)
  const threads = Option.getOrUndefined(options.threads)
  const built = yield* Executors.built(options.module, module, options.inProcess && threads === undefined)
  const task = yield* findTask(options.module, built.found, options.task)
  const libraries = built.found.map(({ library }) => library)
  const memory = Option.getOrUndefined(options.memory)
  const isForeground = Executors.isForeground(task)
  if (isForeground && (options.detach || times !== undefined)) {
    return yield* unusable(
      `Task ${task.name} talks to the terminal, so that only this process can run it: leave out ${
        times === undefined ? "--detach" : "--cron"
      }`
    )
  }
  const isElsewhere = !options.inProcess && !isForeground
  const wanted = {
    specifier: options.module,
    url: module.url,
    threads,
    memory: memory === undefined ? undefined : ByteSize.toNumberUnsafe(memory),
    labels: options.label
  }
  const handing = Effect.gen(function*() {
    const { server } = yield* Connecting
    const found = yield* server(Option.getOrUndefined(options.connect), wanted)
    yield* found.ready
    return found
  })
  const started = isElsewhere
    ? Executors.remote(handing, libraries, submissionName(options))
    : Executors.start({ specifier: options.module, module, task, threads, memory, built })
  const job = { options, task, libraries, started, isElsewhere }
  if (times !== undefined) return yield* recurring(job, handing, times)
  if (options.detach) return yield* detached(job, handing)
  yield* Option.match(options.from, { onNone: () => one(job), onSome: (path) => many(job, path) })
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
