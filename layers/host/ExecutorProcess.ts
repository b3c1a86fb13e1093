/**
 * Runs executors as this process: signals, standard input, and an exit code.
 *
 * @since 0.1.0
 */
import { Cause, Deferred, Effect, Exit, Layer, Logger, Option } from "effect"
import process from "node:process"
import type { Ending } from "../../src/cli/Ending.ts"
import { type ExecutorSetting, parseSetting } from "../../src/host/ExecutorSetting.ts"
import { ExecutorsFailed, NoServer } from "../../src/host/HostError.ts"
import * as ProgramProcess from "../ProgramProcess.ts"
import * as ExecutorConnection from "./ExecutorConnection.ts"
import * as ExecutorHost from "./ExecutorHost.ts"

/** Exit codes, as those of `cadre`. */
const codes = { done: 0, failed: 1, unusable: 2, unreachable: 3 } as const

const endingOf = (exit: Exit.Exit<unknown, unknown>): Ending => {
  if (Exit.isSuccess(exit)) return { code: codes.done, text: undefined }
  // Whoever started it is gone.
  if (Cause.hasInterruptsOnly(exit.cause)) return { code: codes.failed, text: undefined }
  const error = Cause.squash(exit.cause)
  const text = error instanceof Error ? error.message : String(error)
  if (!exit.cause.reasons.every(Cause.isFailReason)) return { code: codes.failed, text: Cause.pretty(exit.cause) }
  const code = error instanceof NoServer ? codes.unreachable : codes.unusable
  return { code, text: error instanceof ExecutorsFailed ? error.reason : text }
}

/** Milliseconds that what runs has for its finalizers when nobody is left to hear of it. */
const lastTime = 5_000

const main = (setting: ExecutorSetting, leaving: Deferred.Deferred<void>) => {
  const isPooled = setting.process !== undefined
  const told = (text: string) => isPooled ? Effect.void : Effect.sync(() => process.stderr.write(`${text}\n`))
  let isBusy = () => false
  // Its end is the end of the server that has started it: whatever runs is of no use then.
  const orphaned = Effect.callback<never>((resume) => {
    const end = () => {
      if (!isBusy()) process.exit(codes.done)
      setTimeout(() => process.exit(codes.failed), lastTime)
      resume(Effect.interrupt)
    }
    process.stdin.resume().once("end", end).once("error", end)
  })
  return Effect.gen(function*() {
    const running = ExecutorHost.run({
      ...setting,
      keys: yield* ExecutorConnection.keys(setting),
      connecting: ExecutorConnection.connecting(setting, told),
      leaving,
      serving: (executors, busy) => {
        isBusy = busy
        return told(`Serving as ${executors.join(", ")}`)
      }
    })
    return yield* isPooled ? Effect.raceFirst(running, orphaned) : running
  })
}

/** Runs them; `text` is what they are told. The first signal lets them finish what they run, the second ends them. */
export const start = (text: string): void => {
  const setting = parseSetting(text)
  if (Option.isNone(setting)) throw new TypeError("cadre/executor is started by Cadre, with what it has to know")
  const leaving = Deferred.makeUnsafe<void>()
  const logging = Logger.layer([Logger.withConsoleError(Logger.formatLogFmt)])
  ProgramProcess.run(main(setting.value, leaving), Layer.mergeAll(logging), {
    ending: endingOf,
    asked: () => Deferred.doneUnsafe(leaving, Exit.void),
    ...(setting.value.process === undefined && {
      interrupted: () => "It ends when what runs has ended; a second signal ends it at once"
    })
  })
}
