/**
 * `cadre status`: the server on one screen.
 *
 * @since 0.1.0
 */
import { Effect, type Option, type Stdio } from "effect"
import type { CommandFailed } from "../../cli/ExitCode.ts"
import { serverData, serverText } from "../../cli/ServerText.ts"
import { withOperator } from "./Connecting.ts"
import { localTime } from "./LocalZone.ts"
import type { Output } from "./Root.ts"
import { printOne } from "./Rows.ts"

/** Shows it. */
export const status = (
  { connect, output }: { readonly connect: Option.Option<string>; readonly output: Output }
): Effect.Effect<void, CommandFailed, Stdio.Stdio> =>
  withOperator(connect, (operator) =>
    Effect.gen(function*() {
      const server = yield* operator.status
      yield* printOne(output, serverText(server, yield* localTime), serverData(server))
    }))
