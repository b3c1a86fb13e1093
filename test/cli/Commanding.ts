/** Runs commands in this process, against a server that is only told of. */
import { Clock, ConfigProvider, Console, Effect, FileSystem, Layer, Path, Sink, Stdio, Stream, Terminal } from "effect"
import * as ChildProcessSpawner from "effect/process/ChildProcessSpawner"
import { TestClock } from "effect/testing"
import type { Operator } from "../../services/Operator.ts"
import { commandEnding } from "../../src/cli/ExitCode.ts"
import { cadre } from "../../src/main/commands/cadre.ts"
import { effectOf } from "../../src/main/commands/CommandLine.ts"
import { Connecting, type Connector } from "../../src/main/commands/Connecting.ts"
import { LocalZone } from "../../src/main/commands/LocalZone.ts"
import { make, now } from "./FakeOperator.ts"

const unused = Effect.die(new Error("unused"))

const services = (written: Array<string>, input: string) =>
  Layer.mergeAll(
    FileSystem.layerNoop({}),
    Path.layer,
    Stdio.layerTest({
      stdin: Stream.make(new TextEncoder().encode(input)),
      stdout: () =>
        Sink.forEach((text) =>
          Effect.sync(() => void written.push(typeof text === "string" ? text : new TextDecoder().decode(text)))
        )
    }),
    Layer.succeed(
      Terminal.Terminal,
      Terminal.make({
        columns: Effect.succeed(80),
        rows: Effect.succeed(24),
        size: unused,
        readInput: unused,
        readLine: unused,
        display: () => Effect.void
      })
    ),
    Layer.succeed(ChildProcessSpawner.ChildProcessSpawner, ChildProcessSpawner.make(() => unused))
  )

/** What a command printed, and its exit code. */
export interface Commanded {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** What it finds. */
export interface Surroundings {
  /** The variables of a process, so that it finds what that finds, rather than a server that is only told of. */
  readonly variables?: Readonly<Record<string, string>>
  readonly operator?: Operator["Service"]
  readonly server?: Connector["server"]
  /** On standard input. */
  readonly input?: string
  /** Hears what goes to standard error as it does. */
  readonly notes?: Array<string>
}

/** Runs a command line, where clocks are an hour ahead of UTC. */
export const command = (
  line: string | ReadonlyArray<string>,
  { input = "", notes = [], operator = make(), server = () => unused, variables }: Surroundings = {}
): Effect.Effect<Commanded> =>
  Effect.gen(function*() {
    if (variables === undefined && (yield* Clock.currentTimeMillis) < now) yield* TestClock.setTime(now)
    const out: Array<string> = []
    const say = (into: Array<string>) => (...words: ReadonlyArray<unknown>) => void into.push(`${words.join(" ")}\n`)
    const words = typeof line === "string" ? line.split(" ") : line
    const found = { operator: () => Effect.succeed(operator), server }
    const exit = yield* effectOf(cadre, words, { version: "0.0.0", root: "", modules: {}, entries: {} }).pipe(
      Effect.provide(services(out, input)),
      variables === undefined
        ? Effect.provideService(Connecting, found)
        : Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown(variables)),
      Effect.provideService(LocalZone, () => 60),
      Effect.provideService(Console.Console, { ...globalThis.console, log: say(out), error: say(notes) }),
      Effect.exit
    )
    const { code, text } = commandEnding(exit, undefined)
    return { code, out: out.join(""), err: notes.join("") + (text === undefined ? "" : `${text}\n`) }
  })
