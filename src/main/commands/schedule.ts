/**
 * `cadre schedule`: what the server submits by itself.
 *
 * @since 0.1.0
 */
import { Effect, type Option, type Stdio } from "effect"
import type { Operator } from "../../../services/Operator.ts"
import type { CommandFailed } from "../../cli/ExitCode.ts"
import { scheduleData, scheduleList } from "../../cli/ScheduleText.ts"
import type { ScheduleRow } from "../../operate/Schedule.ts"
import { type Answer, withOperator } from "./Connecting.ts"
import type { Output } from "./Root.ts"
import { printRows } from "./Rows.ts"

/** What was asked for. */
export interface Options {
  readonly connect: Option.Option<string>
  readonly output: Output
}

/** How schedules are shown. */
export const view = { list: scheduleList, data: scheduleData, noun: "schedules" }

/** `cadre schedule list`. */
export const list = ({ connect, output }: Options): Effect.Effect<void, CommandFailed, Stdio.Stdio> =>
  withOperator(connect, (operator) => Effect.flatMap(operator.schedules, (rows) => printRows(output, view, rows)))

const order = (
  { connect, output, schedules }: Options & { readonly schedules: ReadonlyArray<string> },
  give: (operator: Operator["Service"], id: string) => Effect.Effect<ScheduleRow, Answer>
) =>
  withOperator(connect, (operator) =>
    Effect.gen(function*() {
      const rows: Array<ScheduleRow> = []
      for (const id of schedules) rows.push(yield* give(operator, id))
      yield* printRows(output, view, rows)
    }))

/** `cadre schedule remove`: shows what is no more. */
export const remove = (
  options: Options & { readonly schedules: ReadonlyArray<string> }
): Effect.Effect<void, CommandFailed, Stdio.Stdio> => order(options, (operator, id) => operator.removeSchedule(id))

/** `cadre schedule pause` and `cadre schedule resume`. */
export const pause = (
  options: Options & { readonly schedules: ReadonlyArray<string>; readonly isPaused: boolean }
): Effect.Effect<void, CommandFailed, Stdio.Stdio> =>
  order(options, (operator, id) => operator.pauseSchedule(id, options.isPaused))
