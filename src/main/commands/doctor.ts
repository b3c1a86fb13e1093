/**
 * `cadre doctor`: what this machine can enforce, reach and run.
 *
 * @since 0.1.0
 */
import { Effect, type Stdio } from "effect"
import { facts } from "../../../layers/MachineFacts.ts"
import { diagnose, type Diagnosis } from "../../cli/Diagnosis.ts"
import { CommandFailed } from "../../cli/ExitCode.ts"
import { plural } from "../../cli/Quantity.ts"
import { plain, table } from "../../cli/Table.ts"
import { type Output, print } from "./Root.ts"

const textOf = (rows: ReadonlyArray<Diagnosis>): string =>
  table(rows.flatMap(({ check, found, mend, status }) => [
    [status, check, plain(found)],
    ...(mend === undefined ? [] : [["", "", `  -> ${mend}`]])
  ]))

/** The version of `effect` that Cadre pins. */
const wantedEffect = "4.1.0"

/** Looks and tells; fails only for what Cadre cannot do without. */
export const doctor: (output: Output) => Effect.Effect<void, CommandFailed, Stdio.Stdio> = Effect.fnUntraced(
  function*(output) {
    const rows = diagnose(yield* facts(wantedEffect, () => import("rolldown")))
    if (output === "table") yield* print(textOf(rows))
    else if (output === "json") yield* print(JSON.stringify(rows, undefined, 2))
    else if (output === "ndjson") yield* print(rows.map((row) => JSON.stringify(row)).join("\n"))
    const failed = rows.filter(({ status }) => status === "fail").length
    if (failed > 0) {
      return yield* new CommandFailed({
        code: 1,
        problem: output === "quiet" ? "" : `${plural(failed, "check")} failed`
      })
    }
  }
)
