/**
 * `cadre submit --cron`: has a server submit a task again and again.
 *
 * @since 0.1.0
 */
import { Cron, DateTime, Duration, Effect, Option, Result, type Stdio } from "effect"
import type { SubmitOptions } from "../../../services/Submitter.ts"
import type { TaskLibrary } from "../../../services/TaskLibrary.ts"
import { type CommandFailed, unusable } from "../../cli/ExitCode.ts"
import type { CatchUp, Overlap } from "../../operate/Schedule.ts"
import type { TaskDefinition } from "../../task/TaskDefinition.ts"
import type { Handing } from "./Connecting.ts"
import { failed } from "./Connecting.ts"
import { encoded, knownOf } from "./Handover.ts"
import { note, type Output } from "./Root.ts"
import { printOne, printRows } from "./Rows.ts"
import { view } from "./schedule.ts"

/** When. */
export interface Times {
  readonly cron: string
  readonly timeZone: string
}

/** The times that were asked for, if they can be read. */
export const readTimes = (
  cron: string,
  timeZone: Option.Option<string>
): Effect.Effect<Times, CommandFailed> => {
  const name = Option.getOrElse(timeZone, () => new Intl.DateTimeFormat().resolvedOptions().timeZone)
  const zone = DateTime.zoneFromString(name)
  if (Option.isNone(zone)) {
    return Effect.fail(unusable(`--time-zone: There is no time zone "${name}": write one such as Europe/Rome or UTC`))
  }
  const read = Cron.parse(cron, zone.value)
  return Result.isFailure(read)
    ? Effect.fail(unusable(
      `--cron: "${cron}" cannot be read (${read.failure.message}): write minute, hour, day of the month, month and ` +
        "day of the week, such as \"0 3 * * *\""
    ))
    : Effect.succeed({ cron, timeZone: name })
}

/** What is submitted at each of its times. */
export interface Options {
  readonly handing: Handing
  readonly libraries: ReadonlyArray<TaskLibrary.Any>
  readonly task: TaskDefinition.Any
  readonly payload: unknown
  readonly options: SubmitOptions
  readonly times: Times
  readonly id: string | undefined
  readonly submitter: string
  readonly catchUp: CatchUp
  readonly overlap: Overlap
  readonly output: Output
}

/** Makes the schedule, and shows it. */
export const schedule = Effect.fnUntraced(function*(
  { catchUp, handing, id, libraries, options, output, overlap, payload, submitter, task, times }: Options
): Effect.fn.Return<void, CommandFailed, Stdio.Stdio> {
  const { known, registry } = yield* knownOf({ handing, libraries, task })
  const deadline = options.deadline ?? task.deadline
  const { operator } = handing
  const row = yield* Effect.catch(
    operator.schedule({
      ...(id !== undefined && { id }),
      ...times,
      catchUp,
      overlap,
      submitter,
      spec: registry.specOf(known, options),
      priority: options.priority ?? task.priority,
      payload: yield* encoded(known, payload),
      ...(deadline !== undefined && { deadline: Duration.toMillis(deadline) })
    }),
    failed(operator)
  )
  if (output !== "table") return yield* printOne(output, "", view.data(row))
  yield* printRows(output, view, [row])
  if (!handing.startsExecutors) {
    yield* note("At these times an executor must be there: cadre executor start --library <module>")
  }
})
