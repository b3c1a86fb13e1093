/**
 * `cadre executor`: who runs tasks.
 *
 * @since 0.1.0
 */
import { Effect, type Option, type Stdio } from "effect"
import type { Operator } from "../../../services/Operator.ts"
import { executorData, executorList } from "../../cli/ExecutorText.ts"
import { type CommandFailed, unusable } from "../../cli/ExitCode.ts"
import type { ExecutorRow } from "../../operate/View.ts"
import { NotFound } from "../../operate/View.ts"
import { withOperator } from "./Connecting.ts"
import { note, type Output } from "./Root.ts"
import { printRows } from "./Rows.ts"

/** What was asked for. */
export interface Options {
  readonly connect: Option.Option<string>
  readonly output: Output
}

const view = { list: executorList, data: executorData, noun: "executors" }

/** `cadre executor list`. */
export const list = ({ connect, output }: Options): Effect.Effect<void, CommandFailed, Stdio.Stdio> =>
  withOperator(connect, (operator) => Effect.flatMap(operator.executors, (rows) => printRows(output, view, rows)))

/** Those that are meant: by their ids, by the beginning of one where that is enough, or all. */
const meant = Effect.fnUntraced(function*(operator: Operator["Service"], words: ReadonlyArray<string>) {
  const known = (yield* operator.executors).map(({ executorId }) => executorId)
  if (words.includes("all")) return words.length > 1 ? yield* unusable("\"all\" stands alone") : known
  const found: Array<string> = []
  for (const word of words) {
    const alike = known.includes(word) ? [word] : known.filter((id) => id.startsWith(word))
    if (alike.length > 1) {
      return yield* unusable(`"${word}" may be ${alike.join(" or ")}: write more of it`)
    }
    const [id] = alike
    if (id === undefined) return yield* new NotFound({ what: "executor", id: word })
    found.push(id)
  }
  return [...new Set(found)]
})

/** `cadre executor drain` and, with `stop`, `cadre executor stop`. */
export const drain = (
  { connect, executors, output, stop }: Options & {
    readonly executors: ReadonlyArray<string>
    readonly stop: boolean
  }
): Effect.Effect<void, CommandFailed, Stdio.Stdio> =>
  withOperator(connect, (operator) =>
    Effect.gen(function*() {
      const rows: Array<ExecutorRow> = []
      for (const id of yield* meant(operator, executors)) rows.push(yield* operator.drainExecutor(id, { stop }))
      yield* printRows(output, view, rows)
      const running = rows.reduce((sum, { running }) => sum + running, 0)
      if (running > 0 && output === "table") {
        yield* note(`What they run goes on${stop ? ", then they end" : ""}; nothing new is given to them`)
      }
    }))
