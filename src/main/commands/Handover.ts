/**
 * Hands over tasks that go on by themselves.
 *
 * @since 0.1.0
 */
import { Clock, Effect, type Scope, Stream } from "effect"
import { Connection } from "../../../layers/submitter/Connection.ts"
import { type Known, Registry, timing } from "../../../layers/submitter/Registry.ts"
import { dependencies } from "../../../layers/submitter/Runs.ts"
import { afterTurn } from "../../../layers/TurnScheduler.ts"
import type { SubmitOptions } from "../../../services/Submitter.ts"
import type { TaskLibrary } from "../../../services/TaskLibrary.ts"
import { CommandFailed, unusable } from "../../cli/ExitCode.ts"
import { plural } from "../../cli/Quantity.ts"
import type { Entry } from "../../dispatch/Event.ts"
import { hashPayload } from "../../task/PayloadHash.ts"
import { idempotencyKey, type TaskDefinition } from "../../task/TaskDefinition.ts"
import { NoExecutor, type SubmitError, UnknownDependency, UnknownTask } from "../../task/TaskError.ts"
import type { Handing } from "./Connecting.ts"
import { note } from "./Root.ts"

/** What is handed over. */
export interface Options {
  readonly handing: Handing
  readonly submission: string
  readonly libraries: ReadonlyArray<TaskLibrary.Any>
  readonly task: TaskDefinition.Any
  readonly payloads: Stream.Stream<unknown, CommandFailed>
  readonly options: SubmitOptions
}

/** What was handed over. */
export interface HandedOver {
  readonly submission: string
  readonly tasks: number
  /** The id of its first task. */
  readonly first: string | undefined
}

/** How many tasks are handed over at once. */
const most = 1_000

/** Why nothing, or nothing more, could be submitted. */
export const refused = (error: SubmitError | CommandFailed): CommandFailed => {
  if (error instanceof CommandFailed) return error
  if (error instanceof NoExecutor) {
    return unusable(
      `No executor can run task ${error.taskName}: ${error.missing.join(", ")}. cadre executor start provides one, ` +
        "--when-unmet wait waits for it"
    )
  }
  const isServer = error._tag === "ConnectionLost" || error._tag === "ServerDraining" || error._tag === "ServerFull"
  return new CommandFailed({ code: isServer ? 3 : 2, problem: error.message })
}

/** A task as a server takes it. */
export const knownOf = (
  { handing, libraries, task }: Pick<Options, "handing" | "libraries" | "task">
): Effect.Effect<{ readonly registry: Registry; readonly known: Known }, CommandFailed> => {
  const registry = new Registry(libraries, handing.sealer, false)
  const known = registry.find(task)
  return known instanceof UnknownTask ? Effect.fail(refused(known)) : Effect.succeed({ registry, known })
}

/** A payload's bytes. */
export const encoded = (known: Known, payload: unknown): Effect.Effect<Uint8Array, CommandFailed> =>
  Effect.mapError(
    known.encodePayload(payload),
    ({ message }) => unusable(`The payload cannot be encoded for task ${known.definition.name}: ${message}`)
    // What its schema may need beside is nothing that a command could provide.
  ) as Effect.Effect<Uint8Array, CommandFailed>

/** Hands over a task for each payload; once that is done they are nobody's to cancel when the scope is left. */
export const handOver = Effect.fnUntraced(function*(
  { handing, libraries, options, payloads, submission, task }: Options
): Effect.fn.Return<HandedOver, CommandFailed, Scope.Scope> {
  const { known, registry } = yield* knownOf({ handing, libraries, task })
  const port = yield* handing.server.connect(submission)
  const connection = new Connection(submission, port, yield* Clock.Clock, yield* afterTurn)
  yield* Effect.addFinalizer(() => Effect.sync(() => connection.close()))
  connection.listen()
  const after = dependencies(connection, task.name, options.after ?? [])
  if (after instanceof UnknownDependency) return yield* refused(after)

  const entryOf = (values: ReadonlyArray<unknown>, pieces: ReadonlyArray<Uint8Array>): Entry => {
    const keys = values.flatMap((payload) => idempotencyKey(task, payload) ?? [])
    return {
      kind: "list",
      count: pieces.length,
      spec: registry.specOf(known, options),
      priority: options.priority ?? task.priority,
      ...timing(known, options),
      ...(after.length > 0 && { after }),
      ...(keys.length > 0 && { keys, hashes: pieces.map(hashPayload) })
    }
  }
  let tasks = 0
  let first: string | undefined
  const send = Effect.fnUntraced(function*(values: ReadonlyArray<unknown>, isLast: boolean) {
    const pieces: Array<Uint8Array> = []
    for (const value of values) pieces.push(yield* encoded(known, value))
    yield* Effect.callback<void, CommandFailed>((resume) => {
      const failed = (error: SubmitError) => resume(Effect.fail(refused(error)))
      connection.submit(
        [
          { entry: entryOf(values, pieces), payloads: { _tag: "Pieces", pieces }, isFollowed: false, isDetached: true }
        ],
        { submission, whenUnmet: options.whenUnmet ?? "fail", isOpen: !isLast },
        {
          names: [task.name],
          accepted: ({ first: [position] }) => {
            if (first === undefined && position !== undefined) first = port.idOf(position)
            resume(Effect.void)
          },
          refused: failed,
          lost: failed,
          ended: () => undefined
        }
      )
      port.flush()
    })
    tasks += pieces.length
  })

  // The last batch closes the submission: so one is always held back.
  let held: ReadonlyArray<unknown> | undefined
  const each = (values: ReadonlyArray<unknown>) =>
    Effect.suspend(() => {
      const before = held
      held = values
      return before === undefined ? Effect.void : send(before, false)
    })
  const close = Effect.suspend(() => held === undefined ? Effect.void : send(held, true))
  const batches = Stream.chunks(Stream.rechunk(payloads, most))
  yield* Stream.runForEach(batches, each).pipe(
    Effect.catch((error) =>
      Effect.flatMap(close, () =>
        tasks === 0
          ? Effect.fail(error)
          : Effect.fail(
            new CommandFailed({ code: error.code, problem: `${error.problem}\n${goesOn(submission, tasks)}` })
          ))
    ),
    Effect.onInterrupt(() => tasks === 0 ? Effect.void : note(goesOn(submission, tasks))),
    Effect.andThen(close)
  )
  return { submission, tasks, first }
})

const goesOn = (submission: string, tasks: number): string =>
  `${
    plural(tasks, "task")
  } had been handed over as submission ${submission}: cadre submission cancel ${submission} cancels`
