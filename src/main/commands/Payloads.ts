/**
 * Where payloads come from: the command line, a file, or standard input.
 *
 * @since 0.1.0
 */
import { Effect, Exit, FileSystem, Result, Stdio, Stream } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { type CommandFailed, unusable } from "../../cli/ExitCode.ts"
import { LineNumbers, readJson } from "../../cli/Lines.ts"
import { jsonSchema, payloadReader, takesNothing } from "../../cli/TaskText.ts"
import { exitOf } from "../../task/Coding.ts"
import type { TaskDefinition } from "../../task/TaskDefinition.ts"

/** How many bad lines are told one by one. */
const told = 10

/** Payloads that are read as they are needed, and what is known of them so far. */
export interface Payloads {
  readonly payloads: Stream.Stream<unknown, CommandFailed>
  /** The line of each payload; undefined where there are no lines. */
  readonly lines: LineNumbers | undefined
  readonly state: {
    skipped: number
    /** How many bytes were read, and of how many; undefined where nobody knows. */
    bytes: number
    readonly size: number | undefined
    isRead: boolean
  }
}

const expects = (task: TaskDefinition.Any): string => {
  const schema = jsonSchema(task.payload)
  return schema === undefined ? "" : `\nIts JSON Schema: ${JSON.stringify(schema)}`
}

/** The one payload of `--payload`: JSON, or the file of JSON after an `@`. Without it, that of a task that takes none. */
export const single: (
  task: TaskDefinition.Any,
  written: string | undefined
) => Effect.Effect<Payloads, CommandFailed, FileSystem.FileSystem> = Effect.fnUntraced(function*(task, written) {
  const state = { skipped: 0, bytes: 0, size: undefined, isRead: true }
  if (written === undefined) {
    if (takesNothing(task)) return { payloads: Stream.succeed(undefined), lines: undefined, state }
    return yield* unusable(
      `Task ${task.name} needs a payload: --payload '<json>', --payload @file.json or --from file.ndjson.${
        expects(task)
      }`
    )
  }
  const isFile = written.startsWith("@")
  const fs = yield* FileSystem.FileSystem
  const text = isFile
    ? yield* Effect.mapError(fs.readFileString(written.slice(1)), (error) => unreadable(written.slice(1), error))
    : written
  const where = isFile ? written.slice(1) : "--payload"
  const json = readJson(text)
  if (Result.isFailure(json)) return yield* unusable(`${where}: ${json.failure}`)
  const payload = yield* Effect.mapError(
    payloadReader(task)(json.success),
    (problem) => unusable(`${where} does not match the payload of task ${task.name}:\n${problem}${expects(task)}`)
  )
  return { payloads: Stream.succeed(payload), lines: undefined, state }
})

const unreadable = (path: string, { message, reason }: PlatformError): CommandFailed =>
  unusable(
    reason._tag === "NotFound"
      ? `There is no file ${path}`
      : reason._tag === "PermissionDenied"
      ? `The file ${path} may not be read`
      : `The file ${path} cannot be read: ${message}`
  )

/** A payload a line, of a file or of standard input (`-`). */
export const fromLines = Effect.fnUntraced(function*(
  task: TaskDefinition.Any,
  path: string,
  onBadLine: "stop" | "skip",
  tell: (text: string) => Effect.Effect<void>
) {
  const lines = new LineNumbers()
  const name = path === "-" ? "standard input" : path
  const fs = yield* FileSystem.FileSystem
  const { stdin } = yield* Stdio.Stdio
  const info = path === "-" ? undefined : yield* Effect.mapError(fs.stat(path), (error) => unreadable(path, error))
  if (info?.type === "Directory") return yield* unusable(`${path} is a folder: name a file with one JSON value a line`)
  const state: Payloads["state"] = {
    skipped: 0,
    bytes: 0,
    size: info?.type === "File" ? Number(info.size) : undefined,
    isRead: false
  }
  const decode = payloadReader(task)

  const problemOf = Effect.fnUntraced(function*(line: string, payloads: Array<unknown>) {
    const json = readJson(line)
    if (Result.isFailure(json)) return json.failure
    const decoded = decode(json.success)
    const exit = exitOf(decoded)
    const result = exit !== undefined && Exit.isSuccess(exit)
      ? Result.succeed(exit.value)
      : yield* Effect.result(decoded)
    if (Result.isFailure(result)) return result.failure
    payloads.push(result.success)
    return undefined
  })

  /** Those lines of a piece that can be used, up to the first bad one unless such are passed over. */
  const read = Effect.fnUntraced(function*(piece: ReadonlyArray<string>) {
    const payloads: Array<unknown> = []
    for (const line of piece) {
      const problem = line.trim() === "" ? "" : yield* problemOf(line, payloads)
      lines.add(problem === undefined)
      if (problem === undefined || problem === "") continue
      const text = `${name}, line ${lines.lines}: ${problem.replace(/\s*\n\s*/g, " ")}`
      if (onBadLine === "stop") {
        return {
          payloads,
          failure: unusable(
            `${text}\nThe ${lines.payloads} payloads before it were submitted, none after it. ` +
              `--on-bad-line skip passes over such lines.`
          )
        }
      }
      state.skipped++
      if (state.skipped <= told) yield* tell(`Skipped: ${text}`)
      if (state.skipped === told) yield* tell("Further bad lines are only counted")
    }
    return { payloads, failure: undefined }
  })

  const bytes = path === "-" ? stdin : fs.stream(path)
  const payloads = bytes.pipe(
    Stream.mapError((error) => unreadable(path, error)),
    Stream.tap((piece) => Effect.sync(() => state.bytes += piece.length)),
    Stream.decodeText,
    Stream.splitLines,
    Stream.chunks,
    Stream.mapEffect(read),
    Stream.flatMap(({ failure, payloads }) =>
      failure === undefined
        ? Stream.fromArray(payloads)
        : Stream.concat(Stream.fromArray(payloads), Stream.fail(failure))
    ),
    Stream.onEnd(Effect.sync(() => state.isRead = true))
  )
  return { payloads, lines, state } satisfies Payloads
})
