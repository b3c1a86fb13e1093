/**
 * `cadre server`: starts and ends the server of this user on this machine.
 *
 * @since 0.1.0
 */
import { Effect, type Option, type Stdio } from "effect"
import { resolve } from "node:path"
import process from "node:process"
import { become } from "../../../layers/host/Becoming.ts"
import * as Discovery from "../../../layers/host/Discovery.ts"
import * as Entries from "../../../layers/host/Entries.ts"
import * as RuntimeFolder from "../../../layers/host/RuntimeFolder.ts"
import { CommandFailed, unusable } from "../../cli/ExitCode.ts"
import { plural } from "../../cli/Quantity.ts"
import { NoServer, type SettingInvalid } from "../../host/HostError.ts"
import { readTime, type Settings, variablesOf } from "../../host/Settings.ts"
import { parse } from "../../protocol/Address.ts"
import { withOperator } from "./Connecting.ts"
import { Prepared } from "./Front.ts"
import { note, type Output, print } from "./Root.ts"

type Texts = Partial<Record<keyof Settings, string>>

/** What `cadre server start` was asked for: texts as they are written, which become the server's settings. */
export interface StartOptions {
  readonly foreground: boolean
  readonly settings: Texts
  readonly output: Output
}

/** What the others were asked for. */
export interface EndOptions {
  readonly connect: Option.Option<string>
  readonly output: Output
}

/** Why a flag cannot be used, in words. */
const wrong = ({ executorIdle, idle, lease, listen }: Texts): string | undefined => {
  for (const [flag, text] of Object.entries({ idle, lease, "executor-idle": executorIdle })) {
    if (text !== undefined && readTime(text) === undefined) {
      return `--${flag}: Expected a time such as 30s, "10 min" or never, got ${text}`
    }
  }
  for (const address of listen?.split(",") ?? []) {
    const parsed = parse(address.trim())
    if (parsed._tag === "AddressInvalid") return `--listen: ${parsed.message}`
  }
  return undefined
}

const failed = (error: NoServer | SettingInvalid): CommandFailed =>
  error instanceof NoServer ? new CommandFailed({ code: 3, problem: error.message }) : unusable(error.message)

const home = Effect.map(
  Prepared,
  ({ entries }) => entries["cli"] === undefined ? undefined : new URL("..", entries["cli"]).href
)

/** Starts it in the background, and comes back when it can be reached; or goes on as the server. */
export const start = Effect.fnUntraced(function*(
  { foreground, output, settings }: StartOptions
): Effect.fn.Return<void, CommandFailed, Stdio.Stdio> {
  const problem = wrong(settings)
  if (problem !== undefined) return yield* unusable(problem)
  const { store } = settings
  // A path is written as it is seen from here, and the server is elsewhere.
  const path = store === undefined || store === "memory" ? {} : { store: resolve(store) }
  const variables = variablesOf({ ...settings, ...path })
  const words = Effect.provideService(Entries.serverWords, Entries.Home, yield* home)
  if (foreground) return yield* become([...yield* Effect.mapError(words, failed), "--foreground"], variables)
  const { files, isStarted } = yield* Effect.mapError(Discovery.ensure({ words, variables }), failed)
  const record = yield* Discovery.record(files)
  const { addresses = [Discovery.addressOf(files)], pid } = record ?? {}
  if (!isStarted) {
    const who = `A server is running already${pid === undefined ? "" : ` (process ${pid})`}: ${addresses.join(", ")}`
    if (Object.keys(variables).length > 0) {
      return yield* unusable(`${who}. It goes on as it was set up: stop it first with cadre server stop`)
    }
    yield* note(who)
  }
  if (output === "table") yield* print(addresses.join("\n"))
  else if (output !== "quiet") yield* print(JSON.stringify({ ...record, isStarted }))
})

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** The process of the server on this machine that is meant, if it is one. */
const processOf = Effect.fnUntraced(function*(connect: Option.Option<string>) {
  const files = yield* Effect.mapError(RuntimeFolder.files, failed)
  const isOwn = connect._tag === "None" || connect.value === Discovery.addressOf(files)
  return isOwn ? (yield* Discovery.record(files))?.pid : undefined
})

/** Milliseconds after which people are told what is waited for. */
const patience = 1_000

/** Ends it: when what runs has ended, or at once. Comes back when its process is gone. */
export const stop = Effect.fnUntraced(function*(
  { connect, now, output }: EndOptions & { readonly now: boolean }
): Effect.fn.Return<void, CommandFailed, Stdio.Stdio> {
  const pid = yield* processOf(connect)
  const running = yield* withOperator(connect, (operator) =>
    Effect.gen(function*() {
      const { running } = yield* operator.status
      yield* operator.stop({ drain: !now })
      return running
    }))
  if (pid === undefined) {
    if (output !== "quiet") yield* note("The server has been told to end")
    return
  }
  const gone = Effect.gen(function*() {
    while (isAlive(pid)) yield* Effect.sleep(20)
  })
  const telling = Effect.gen(function*() {
    yield* Effect.sleep(patience)
    if (output === "quiet") return
    if (now) return yield* note("Waiting for its process to end")
    const what = running > 0 ? `${plural(running, "task")} that run` : "its process to end"
    yield* note(`Waiting for ${what}; cadre server stop --now ends it at once`)
  })
  yield* Effect.raceFirst(gone, Effect.andThen(telling, Effect.never))
  if (output === "table") yield* note("The server has ended")
  else if (output !== "quiet") yield* print(JSON.stringify({ pid }))
})

/** Lets it hand out nothing more, and take no more submissions; what runs goes on. */
export const drain = (
  { connect, output }: EndOptions
): Effect.Effect<void, CommandFailed, Stdio.Stdio> =>
  withOperator(connect, (operator) =>
    Effect.gen(function*() {
      yield* operator.drain
      const { queued, running } = yield* operator.status
      if (output === "table") yield* note(`The server drains: ${plural(running, "task")} run, ${queued} wait`)
      else if (output !== "quiet") yield* print(JSON.stringify({ isDraining: true, queued, running }))
    }))
