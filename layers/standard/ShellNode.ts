/**
 * Runs commands in process groups of their own.
 *
 * @since 0.1.0
 */
import * as NodeChildProcessSpawner from "@effect/platform-node/NodeChildProcessSpawner"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import { Duration, Effect, Fiber, Layer, Predicate, Stream } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { ChildProcess } from "effect/process"
import { constants } from "node:os"
import { bytesOfSize, durationOfTime } from "../../services/standard/Quantity.ts"
import { type Shell, ShellFailed, ShellNotStarted, ShellTimedOut } from "../../services/standard/Shell.ts"
import type { TaskDefinition } from "../../src/task/TaskDefinition.ts"
import { BoundedOutput } from "./BoundedOutput.ts"

/** How long a command that was told to end has until it is killed. */
const grace = "1 second"

/** How long output is waited for that somebody holds open who has left the process group. */
const patience = "2 seconds"

const lines = 20

const spawner = NodeChildProcessSpawner.layer.pipe(Layer.provide([NodeFileSystem.layer, NodePath.layer]))

interface Ended {
  readonly code: number
  readonly signal?: string
}

const numbers: { readonly [signal: string]: number } = constants.signals

/** The spawner tells a signal only in the message of its error. */
const signalOf = ({ reason: { cause } }: PlatformError): string | undefined =>
  cause instanceof Error ? /signal: '(SIG\w+)'/.exec(cause.message)?.[1] : undefined

const ended = (error: PlatformError): Effect.Effect<Ended, PlatformError> => {
  const signal = signalOf(error)
  return signal === undefined ? Effect.fail(error) : Effect.succeed({ code: 128 + (numbers[signal] ?? 0), signal })
}

/** Why a command was not started. */
const reasonOf = (error: unknown, cwd: string | undefined): string => {
  const code = Predicate.hasProperty(error, "code") ? error.code : undefined
  if (cwd !== undefined && code === "ENOENT") return `the folder ${cwd} does not exist`
  if (cwd !== undefined && code === "ENOTDIR") return `${cwd} is no folder`
  if (code === "E2BIG") return "it is too long, or its variables are; what is long can be given as stdin"
  return error instanceof Error ? error.message : String(error)
}

/** Runs a command, ends all of its process group, and only then says how it went. */
export const shell = Effect.fnUntraced(
  function*({ command, cwd, env, failOnExit, maxOutput, stdin, timeout }: TaskDefinition.Payload<typeof Shell>) {
    const limit = bytesOfSize(maxOutput)
    const output = { stdout: new BoundedOutput(limit), stderr: new BoundedOutput(limit) }
    const tails = () => ({ stdout: output.stdout.lastLines(lines), stderr: output.stderr.lastLines(lines) })
    const child = ChildProcess.make(command, {
      shell: "/bin/sh",
      cwd,
      env: env ?? {},
      extendEnv: true,
      stdin: stdin === undefined ? "ignore" : Stream.make(new TextEncoder().encode(stdin)),
      forceKillAfter: grace
    })
    const read = (which: keyof typeof output, from: Stream.Stream<Uint8Array, PlatformError>) =>
      Stream.runForEach(from, (chunk) => Effect.sync(() => output[which].add(chunk)))
    const notStarted = (error: unknown) => Effect.fail(new ShellNotStarted({ command, reason: reasonOf(error, cwd) }))
    const run = Effect.gen(function*() {
      const scope = yield* Effect.scope
      // Whatever it has left behind ends with this scope, and so does what holds its output open.
      const { end, reading } = yield* Effect.scoped(Effect.gen(function*() {
        // What the system refuses at once is thrown.
        const handle = yield* Effect.catchDefect(child, notStarted)
        const both = Effect.all([read("stdout", handle.stdout), read("stderr", handle.stderr)], { concurrency: 2 })
        const reading = yield* Effect.forkIn(both, scope)
        const end = yield* Effect.matchEffect(handle.exitCode, {
          onSuccess: (code) => Effect.succeed<Ended>({ code }),
          onFailure: ended
        })
        return { end, reading }
      }))
      yield* Effect.timeoutOption(Fiber.await(reading), patience)
      return end
    }).pipe(
      Effect.scoped,
      Effect.provide(spawner),
      Effect.catchTag("PlatformError", ({ reason }) => notStarted(reason.cause ?? reason))
    )
    const after = timeout === undefined ? undefined : durationOfTime(timeout)
    const end = yield* after === undefined ? run : Effect.timeoutOrElse(run, {
      duration: after,
      orElse: () => Effect.fail(new ShellTimedOut({ command, after: Duration.toMillis(after), ...tails() }))
    })
    if (end.code !== 0 && failOnExit) return yield* new ShellFailed({ command, ...end, ...tails() })
    const { stderr, stdout } = output
    return { ...end, stdout: stdout.text, stderr: stderr.text, truncated: stdout.isTruncated || stderr.isTruncated }
  }
)
