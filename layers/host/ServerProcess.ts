/**
 * Runs a server as this process: settings from variables, signals, a log, and
 * an exit code.
 *
 * @since 0.1.0
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Cause, Effect, Exit, Logger } from "effect"
import type { Ending } from "../../src/cli/Ending.ts"
import { AlreadyRunning, CannotServe } from "../../src/host/HostError.ts"
import { settings } from "../../src/host/Settings.ts"
import * as ProgramProcess from "../ProgramProcess.ts"
import { listen } from "./Listening.ts"
import * as LogFile from "./LogFile.ts"
import { notify, tell } from "./Readiness.ts"
import * as RuntimeFolder from "./RuntimeFolder.ts"
import { run } from "./ServerHost.ts"

/** How it is run. */
export interface Options {
  readonly version: string
  /** It logs to standard error, rather than to a file in the runtime folder. */
  readonly isForeground: boolean
}

/** Exit codes, as those of `cadre`. */
const codes = { done: 0, failed: 1, unusable: 2 } as const

const logged = Effect.fnUntraced(function*({ isForeground }: Options) {
  if (isForeground) {
    return Logger.layer([Logger.withConsoleError(Logger.formatLogFmt)])
  }
  const { logFiles, logSize } = yield* settings
  const { folder, log } = yield* RuntimeFolder.files
  yield* RuntimeFolder.own(folder, "CADRE_RUNTIME_DIR")
  return LogFile.layer(yield* LogFile.open(log, { size: logSize, files: logFiles }))
})

/** What a failure is, in words. */
const textOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  // That it cannot run goes without saying.
  if (error instanceof CannotServe) return error.reason
  return error instanceof Error ? error.message : String(error)
}

const isKnown = (cause: Cause.Cause<unknown>): boolean => cause.reasons.every(Cause.isFailReason)

const main = (options: Options) =>
  Effect.gen(function*() {
    const logging = yield* logged(options)
    const serving = run({
      settings: yield* settings,
      version: options.version,
      listen,
      ready: (addresses) => Effect.sync(() => tell({ _tag: "Ready", addresses, pid: process.pid }))
    })
    yield* serving.pipe(
      Effect.filterOrFail(
        ({ isOrderly }) => isOrderly,
        ({ reason }) => new CannotServe({ reason })
      ),
      Effect.tapCause((cause) =>
        // In the foreground it is the last thing that is said.
        options.isForeground || Cause.hasInterruptsOnly(cause)
          ? Effect.void
          : Effect.logError(isKnown(cause) ? textOf(cause) : cause)
      ),
      Effect.provide(logging)
    )
  }).pipe(
    Effect.scoped,
    Effect.tapCause((cause) =>
      Effect.sync(() =>
        Cause.hasInterruptsOnly(cause)
          ? notify("STOPPING=1")
          : tell({ _tag: "Failed", reason: textOf(cause), isRunning: Cause.squash(cause) instanceof AlreadyRunning })
      )
    )
  )

const endingOf = (isForeground: boolean) => (exit: Exit.Exit<unknown, unknown>): Ending => {
  // Asked to end by a signal, it has drained.
  if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return { code: codes.done, text: undefined }
  const isRefused = isKnown(exit.cause) && !(Cause.squash(exit.cause) instanceof CannotServe)
  const code = isRefused ? codes.unusable : codes.failed
  // In the background it is in the log already.
  return { code, text: isForeground ? `The server cannot run: ${textOf(exit.cause)}` : undefined }
}

/** Runs it. */
export const start = (options: Options): void =>
  ProgramProcess.run(main(options), NodeFileSystem.layer, {
    ending: endingOf(options.isForeground),
    ...(options.isForeground && {
      interrupted: () => "The server ends when what runs has ended; a second signal ends it at once"
    })
  })
