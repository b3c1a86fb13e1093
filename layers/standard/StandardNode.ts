/**
 * The standard library on Node. What is heavy is loaded with the first task
 * that needs it.
 *
 * @since 0.1.0
 */
import { Effect, type Layer, Option } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { Foreground } from "../../services/Foreground.ts"
import { durationOfTime } from "../../services/standard/Quantity.ts"
import { Standard } from "../../services/standard/Standard.ts"
import { type EndOfInput, type Line, TerminalBroken } from "../../services/standard/Terminal.ts"
import { FailedOnPurpose } from "../../services/standard/Trouble.ts"
import type { TaskLibrary } from "../../services/TaskLibrary.ts"
import type { Implements } from "../../src/task/TaskDefinition.ts"
import { fibonacci } from "./FibonacciTurns.ts"
import { crash, hang } from "./TroubleNode.ts"

const lazily =
  <M, P, A, E, R>(load: () => Promise<M>, handlerOf: (module: M) => (payload: P) => Effect.Effect<A, E, R>) =>
  (payload: P): Effect.Effect<A, E, R> => Effect.flatMap(Effect.promise(load), (module) => handlerOf(module)(payload))

// Apart from where they are given: there, what they need would be taken for unknown.
const hashFile = lazily(() => import("./HashFileNode.ts"), ({ hashFile }) => hashFile)
const shell = lazily(() => import("./ShellNode.ts"), ({ shell }) => shell)
const fetch = lazily(() => import("./FetchHttp.ts"), ({ fetch }) => fetch)

const broken = ({ message }: PlatformError) => Effect.fail(new TerminalBroken({ reason: message }))

const lineOf = (line: Option.Option<string>): Line | EndOfInput =>
  Option.match(line, { onNone: () => ({ _tag: "EndOfInput" }), onSome: (text) => ({ _tag: "Line", text }) })

/** Implements the library; the tasks of the terminal run where there is a `Foreground`. */
export const layer: Layer.Layer<Implements<TaskLibrary.Tasks<typeof Standard>>> = Standard.toLayer({
  Print: Effect.fnUntraced(function*({ newline, text }) {
    const { print } = yield* Foreground
    yield* print(newline ? `${text}\n` : text)
  }, Effect.catchTag("PlatformError", broken)),
  ReadLine: Effect.fnUntraced(function*() {
    const { readLine } = yield* Foreground
    return lineOf(yield* readLine)
  }, Effect.catchTag("PlatformError", broken)),
  Prompt: Effect.fnUntraced(function*({ default: otherwise, question }) {
    const { prompt } = yield* Foreground
    const line = yield* prompt(otherwise === undefined ? `${question} ` : `${question} [${otherwise}] `)
    return lineOf(Option.map(line, (text) => text === "" ? otherwise ?? "" : text))
  }, Effect.catchTag("PlatformError", broken)),
  Echo: ({ value }) => Effect.succeed(value),
  Sleep: ({ duration }) => Effect.sleep(durationOfTime(duration)),
  HashFile: hashFile,
  Shell: shell,
  Fetch: fetch,
  Fibonacci: fibonacci,
  Fail: ({ message }) => Effect.fail(new FailedOnPurpose({ message })),
  Crash: crash,
  Hang: hang
})
