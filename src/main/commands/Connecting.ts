/**
 * Where commands find their server.
 *
 * @since 0.1.0
 */
import { Context, Effect, Option, type Scope } from "effect"
import type { Operator, OperatorError } from "../../../services/Operator.ts"
import type { Server } from "../../../services/Server.ts"
import { CommandFailed, unusable } from "../../cli/ExitCode.ts"
import { didYouMean, suggestions } from "../../cli/Suggestion.ts"
import type { ScheduleRefused } from "../../operate/Schedule.ts"
import type { NotFound } from "../../operate/View.ts"
import type { Sealer } from "../../task/Secret.ts"

/** What a server is to run. */
export interface Wanted {
  /** As it was written. */
  readonly specifier: string
  /** Where the module is. */
  readonly url: string
  /** How many threads, and how many bytes each may use. */
  readonly threads: number | undefined
  readonly memory: number | undefined
  /** What the executors must carry. */
  readonly labels: ReadonlyArray<string>
}

/** A server that tasks are handed to, while the scope lasts. */
export interface Handing {
  readonly server: Server["Service"]
  readonly operator: Operator["Service"]
  /** What fields of payloads are sealed with that only executors may read. */
  readonly sealer: Sealer | undefined
  /** Whether it has executors for what is wanted, also later, when tasks of it wait. */
  readonly startsExecutors: boolean
  /** Waits until there are executors for what is wanted, if the server is one that starts them; fails with why there are none. */
  readonly ready: Effect.Effect<void, CommandFailed>
}

/** Finds servers. */
export interface Connector {
  /**
   * A server to hand tasks to: at that address, or that of this user on this
   * machine, which is started if there is none. If it is on this machine it is
   * asked for executors while the scope lasts.
   */
  readonly server: (
    address: string | undefined,
    wanted: Wanted
  ) => Effect.Effect<Handing, CommandFailed, Scope.Scope>
  /**
   * The operator's side of the server at that address; without one of the
   * server of this user on this machine. None is started for it: who only looks
   * changes nothing.
   */
  readonly operator: (
    address: string | undefined
  ) => Effect.Effect<Operator["Service"], CommandFailed, Scope.Scope>
}

/** It, for commands. */
export class Connecting extends Context.Reference<Connector>("cadre/src/main/commands/Connecting", {
  defaultValue: () => ({
    server: (address, wanted) =>
      Effect.flatMap(Effect.promise(() => import("./Servers.ts")), ({ server }) => server(address, wanted)),
    operator: (address) =>
      Effect.flatMap(Effect.promise(() => import("./Servers.ts")), ({ operator }) => operator(address))
  })
}) {}

/** All that an operator may be told instead of an answer. */
export type Answer = OperatorError | NotFound | ScheduleRefused | CommandFailed

const command: Readonly<Record<NotFound["what"], string>> = {
  task: "cadre task list",
  submission: "cadre submission list",
  executor: "cadre executor list",
  schedule: "cadre schedule list"
}

/** The ids that there are, of the newest that is. */
const idsOf = (operator: Operator["Service"], what: NotFound["what"]) => {
  const limit = 200
  const ids = <E>(rows: Effect.Effect<ReadonlyArray<string>, E>) => Effect.orElseSucceed(rows, () => [])
  switch (what) {
    case "task":
      return ids(
        Effect.map(operator.tasks({ selector: { _tag: "All" }, limit }), ({ items }) => items.map(({ id }) => id))
      )
    case "submission":
      return ids(Effect.map(operator.submissions({ limit }), ({ items }) => items.map(({ id }) => id)))
    case "executor":
      return ids(Effect.map(operator.executors, (rows) => rows.map(({ executorId }) => executorId)))
    case "schedule":
      return ids(Effect.map(operator.schedules, (rows) => rows.map(({ id }) => id)))
  }
}

/** What it means for who called the command. */
export const failed = (operator: Operator["Service"]) => (error: Answer): Effect.Effect<never, CommandFailed> => {
  switch (error._tag) {
    case "CommandFailed":
      return Effect.fail(error)
    case "ConnectionLost":
    case "Unavailable":
      return Effect.fail(new CommandFailed({ code: 3, problem: error.message }))
    case "ScheduleRefused":
      return Effect.fail(unusable(error.message))
    case "NotFound":
      return Effect.flatMap(idsOf(operator, error.what), (known) => {
        const near = suggestions(error.id, known)
        const what = near.length > 0 ? didYouMean(error.id, known) : `${command[error.what]} shows what there is`
        return Effect.fail(unusable(`${error.message}. ${what}`))
      })
  }
}

/** Asks or tells the server; what it answers instead becomes the end of the command. */
export const withOperator = <A, R>(
  connect: Option.Option<string>,
  use: (operator: Operator["Service"]) => Effect.Effect<A, Answer, R>
): Effect.Effect<A, CommandFailed, Exclude<R, Scope.Scope>> =>
  Effect.scoped(Effect.gen(function*() {
    const { operator } = yield* Connecting
    const found = yield* operator(Option.getOrUndefined(connect))
    return yield* Effect.catch(use(found), failed(found))
  }))
