/**
 * Starts a server in the background, and waits until it says that it is ready.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { closeSync, openSync, readFileSync } from "node:fs"
import type { Socket } from "node:net"
import process from "node:process"
import { type EarlyEnd } from "../../src/host/Launch.ts"
import { parseReadiness, type Readiness } from "../../src/host/ServerRecord.ts"

/** What is started. */
export interface Options {
  /** Node's own words, with the file that it runs. */
  readonly words: ReadonlyArray<string>
  /** Variables beside those of this process; an undefined one is taken away. */
  readonly variables: Readonly<Record<string, string | undefined>>
  /** Where its output goes. */
  readonly log: string
}

/** Names the descriptor on which a server says that it is ready. */
export const readyVariable = "CADRE_READY_FD"

/** The first descriptor after the standard streams. */
const readyDescriptor = 3

const tailOf = (path: string, from: number): ReadonlyArray<string> => {
  try {
    return readFileSync(path).subarray(from).toString("utf8").split("\n").slice(-50)
  } catch {
    return []
  }
}

const start = ({ log, variables, words }: Options, done: (result: Readiness | EarlyEnd) => void): () => void => {
  // Loaded only by who starts a server.
  const { spawn } = process.getBuiltinModule("node:child_process")
  const descriptor = openSync(log, "a", 0o600)
  const { size } = process.getBuiltinModule("node:fs").fstatSync(descriptor)
  const child = spawn(process.execPath, words, {
    cwd: "/",
    // A session of its own: neither the terminal nor whoever started it takes it along.
    detached: true,
    env: { ...process.env, ...variables, [readyVariable]: String(readyDescriptor) },
    stdio: ["ignore", descriptor, descriptor, "pipe"],
    windowsHide: true
  })
  closeSync(descriptor)
  // A pipe, by the fourth word of `stdio`.
  const pipe = child.stdio[readyDescriptor] as Socket | null | undefined
  let text = ""
  let isOver = false
  const end = (result: Readiness | EarlyEnd): void => {
    if (isOver) return
    isOver = true
    pipe?.destroy()
    child.unref()
    done(result)
  }
  pipe?.setEncoding("utf8").on("data", (piece: string) => {
    text += piece
    const [line, rest] = text.split("\n", 2)
    const readiness = rest === undefined ? undefined : parseReadiness(line ?? "")
    if (readiness !== undefined) end(readiness)
  })
  child.once("error", (error) => end({ _tag: "Failed", reason: error.message, isRunning: false }))
  child.once("exit", (code, signal) => {
    // What it has said last is read first.
    setImmediate(() => end({ code, signal, lines: tailOf(log, size), log }))
  })
  return () => {
    if (isOver) return
    end({ _tag: "Failed", reason: "it was not waited for", isRunning: false })
    // One that does not come up may not hear anything else.
    child.kill("SIGKILL")
  }
}

/** Starts it. It goes on when this process ends; it is ended if nobody waits for it any more before it is ready. */
export const launch = (options: Options): Effect.Effect<Readiness | EarlyEnd> =>
  Effect.callback((resume) => {
    const stop = start(options, (result) => resume(Effect.succeed(result)))
    return Effect.sync(stop)
  })
