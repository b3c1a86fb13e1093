/**
 * `cadre submission`: tasks that were handed over together.
 *
 * @since 0.1.0
 */
import { Clock, Duration, Effect, Option, type Stdio, Stream } from "effect"
import process from "node:process"
import type { Operator } from "../../../services/Operator.ts"
import { CommandFailed } from "../../cli/ExitCode.ts"
import { durationText, plural } from "../../cli/Quantity.ts"
import {
  endedOf,
  progressOf,
  resultData,
  resultList,
  submissionData,
  submissionDetail,
  submissionList,
  submissionSummary
} from "../../cli/SubmissionText.ts"
import { withOperator } from "./Connecting.ts"
import { legible } from "./Legible.ts"
import { localTime } from "./LocalZone.ts"
import * as ProgressLine from "./ProgressLine.ts"
import { note, type Output } from "./Root.ts"
import { paged, printOne, printPages } from "./Rows.ts"
import * as Task from "./task.ts"

/** What was asked for. */
export interface Options {
  readonly connect: Option.Option<string>
  readonly output: Output
  readonly submission: string
}

const rows = { list: submissionList, data: submissionData, noun: "submissions" }
const results = { list: resultList, data: resultData, noun: "tasks that have ended" }

/** `cadre submission list`. */
export const list = (
  { all, connect, limit, output }: Omit<Options, "submission"> & { readonly limit: number; readonly all: boolean }
): Effect.Effect<void, CommandFailed, Stdio.Stdio> =>
  withOperator(connect, (operator) =>
    Effect.gen(function*() {
      const { isCut, pages } = paged(all ? undefined : limit, operator.submissions)
      yield* printPages(output, rows, pages)
      if (isCut() && output === "table") {
        yield* note(`The newest ${plural(limit, "submission")}; --all shows all of them`)
      }
    }))

const idOf = (operator: Operator["Service"], written: string) =>
  written === "last" ? Task.newestSubmission(operator) : Effect.succeed(written)

/** `cadre submission show`. */
export const show = (
  { connect, module, output, results: isWanted, submission }: Options & {
    readonly results: boolean
    readonly module: Option.Option<string>
  }
): Effect.Effect<void, CommandFailed, Stdio.Stdio> =>
  withOperator(connect, (operator) =>
    Effect.gen(function*() {
      const id = yield* idOf(operator, submission)
      const row = yield* operator.submission(id)
      if (!isWanted) return yield* printOne(output, submissionDetail(row, yield* localTime), submissionData(row))
      const read = yield* legible(module)
      const pages = paged(undefined, ({ below = 0, limit }) =>
        Effect.flatMap(operator.results({ submission: id, after: below, limit }), ({ items, next }) =>
          Effect.map(
            Effect.forEach(
              items,
              (row) => Effect.map(read(row.outcome, row.taskName), (outcome) => ({ ...row, outcome }))
            ),
            (items) => ({ items, next })
          )))
      yield* printPages(output, results, pages.pages)
    }))

/** What `cadre submission wait` is told beside the submission. */
export interface WaitOptions extends Options {
  readonly timeout: Option.Option<Duration.Duration>
  readonly progress: Option.Option<boolean>
}

/** Waits until it has ended; ends with 1 if a task of it did not succeed. */
export const awaited = Effect.fnUntraced(function*(
  operator: Operator["Service"],
  id: string,
  { output, progress, timeout }: Pick<WaitOptions, "output" | "progress" | "timeout">
) {
  let row = yield* operator.submission(id)
  const before = endedOf(row)
  const start = yield* Clock.currentTimeMillis
  const isData = output === "json" || output === "ndjson"
  const isShown = Option.getOrElse(progress, () => output !== "quiet" && !(isData && process.stdout.isTTY))
  const ended = Effect.gen(function*() {
    if (row.isEnded) return
    if (isShown) yield* ProgressLine.shown(() => progressOf(row, before))
    for (;;) {
      yield* Stream.runForEach(operator.progress(id), (next) => Effect.sync(() => row = next))
      // Its last change may have come just before anybody listened.
      if (!row.isEnded) row = yield* operator.submission(id)
      if (row.isEnded) return
      yield* Effect.sleep("100 millis")
    }
  }).pipe(
    Effect.scoped,
    Effect.onInterrupt(() => note(`It goes on: cadre submission wait ${id} waits again`))
  )
  yield* Option.match(timeout, {
    onNone: () => ended,
    onSome: (duration) =>
      Effect.timeoutOrElse(ended, {
        duration,
        orElse: () =>
          new CommandFailed({
            code: 4,
            problem: `Submission ${id} had not ended after ${durationText(Duration.toMillis(duration))} (--timeout)`
          })
      })
  })
  const elapsed = (yield* Clock.currentTimeMillis) - start
  if (output === "table") yield* note(submissionSummary(row, before, elapsed))
  if (isData) yield* printOne(output, "", submissionData(row))
  if (row.failed + row.cancelled > 0) return yield* new CommandFailed({ code: 1, problem: "" })
})

/** `cadre submission wait`. */
export const wait = (options: WaitOptions): Effect.Effect<void, CommandFailed, Stdio.Stdio> =>
  withOperator(
    options.connect,
    (operator) => Effect.flatMap(idOf(operator, options.submission), (id) => awaited(operator, id, options))
  )

/** `cadre submission cancel`. */
export const cancel = (
  { connect, output, submission }: Options
): Effect.Effect<void, CommandFailed, Stdio.Stdio> =>
  Task.cancel({ connect, output, tasks: [], submission: Option.some(submission) })
