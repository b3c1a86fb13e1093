/**
 * Finds the server of this user on this machine, or starts one: however many
 * look for it at the same moment, they find the same.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import process from "node:process"
import { type RuntimeFiles } from "../../src/host/Folders.ts"
import { NoServer, type SettingInvalid } from "../../src/host/HostError.ts"
import { earlyEndText, isKilled } from "../../src/host/Launch.ts"
import { parseRecord, type ServerRecord } from "../../src/host/ServerRecord.ts"
import { launch } from "./Launch.ts"
import * as ProcessLock from "./ProcessLock.ts"
import * as RuntimeFolder from "./RuntimeFolder.ts"

/** How a server is started where there is none. */
export interface Starting {
  /** Node's words, with the file that it runs: found out only where it is needed. */
  readonly words: Effect.Effect<ReadonlyArray<string>, NoServer>
  /** Settings of the server, as variables. */
  readonly variables: Readonly<Record<string, string | undefined>>
}

/** A server that answers. */
export interface Found {
  /** `unix:` and the path of its socket. */
  readonly address: string
  readonly files: RuntimeFiles
  /** Whether it was started for this. */
  readonly isStarted: boolean
}

/** Milliseconds that a server may take to come up. */
const patience = 30_000
/** Milliseconds between two looks while somebody else starts one: at first, and at most. */
const firstPause = 8
const longestPause = 50
/** How often a server is started again that was killed before it was ready. */
const attempts = 3

/** Whether somebody answers at a socket; one that is left of a server that was killed is silent. */
export const answers = (path: string): Effect.Effect<boolean> =>
  Effect.callback((resume) => {
    const socket = process.getBuiltinModule("node:net").connect({ path })
    const done = (isThere: boolean) => {
      socket.destroy()
      resume(Effect.succeed(isThere))
    }
    socket.once("connect", () => done(true)).once("error", () => done(false))
    return Effect.sync(() => void socket.destroy())
  })

/** The address of a socket. */
export const addressOf = ({ socket }: RuntimeFiles): string => `unix:${socket}`

/** What the server in a folder has written of itself, whether it lives or not. */
export const record = ({ record }: RuntimeFiles): Effect.Effect<ServerRecord | undefined> =>
  Effect.sync(() => {
    try {
      return parseRecord(readFileSync(record, "utf8"))
    } catch {
      return undefined
    }
  })

/** The server, if there is one. */
export const find: Effect.Effect<Found | undefined, SettingInvalid> = Effect.gen(function*() {
  const files = yield* RuntimeFolder.files
  return (yield* answers(files.socket)) ? { address: addressOf(files), files, isStarted: false } : undefined
})

const failed = (files: RuntimeFiles, reason: string) => new NoServer({ address: addressOf(files), reason })

/** Starts one, with the lock in hand; false if another is coming up. */
const start = Effect.fnUntraced(function*(files: RuntimeFiles, { variables, words }: Starting) {
  // Wherever this program has them from, it must be the same.
  const folders = { CADRE_RUNTIME_DIR: files.folder, CADRE_DATA_DIR: yield* RuntimeFolder.data }
  const options = { words: yield* words, variables: { ...folders, ...variables }, log: files.log }
  for (let attempt = 1;; attempt++) {
    const result = yield* launch(options)
    if (!("_tag" in result)) {
      if (isKilled(result) && attempt < attempts) continue
      return yield* failed(files, earlyEndText(result))
    }
    if (result._tag === "Ready") return true
    if (result.isRunning) return false
    return yield* failed(files, `it could not be started: ${result.reason}`)
  }
})

/** The server: found, or started. */
export const ensure = Effect.fnUntraced(function*(starting: Starting) {
  const files = yield* RuntimeFolder.files
  yield* RuntimeFolder.own(files.folder, "CADRE_RUNTIME_DIR")
  const address = addressOf(files)
  // Once under the lock: somebody else may have started it just before.
  const once = Effect.gen(function*() {
    if (yield* answers(files.socket)) return { address, files, isStarted: false } satisfies Found
    if (!(yield* ProcessLock.take(files.startLock))) return undefined
    if (yield* answers(files.socket)) return { address, files, isStarted: false } satisfies Found
    return (yield* start(files, starting)) ? { address, files, isStarted: true } satisfies Found : undefined
  }).pipe(Effect.scoped)
  const look = (pause: number): Effect.Effect<Found, NoServer | SettingInvalid> =>
    Effect.flatMap(once, (found) =>
      found === undefined
        ? Effect.delay(Effect.suspend(() => look(Math.min(longestPause, 1.5 * pause))), pause)
        : Effect.succeed(found))
  return yield* Effect.timeoutOrElse(look(firstPause), {
    duration: patience,
    orElse: () => Effect.fail(failed(files, `none came up within ${patience / 1_000} s. Its log is ${files.log}`))
  })
})
