/**
 * A worker thread that is started before anything else is loaded, so that it
 * loads its module meanwhile. Imports nothing but Node, for who is in a hurry.
 *
 * @since 0.1.0
 */
import { getCompileCacheDir } from "node:module"
import process from "node:process"
import type { Worker } from "node:worker_threads"
import { Claims } from "../../src/protocol/Claims.ts"
import type { ThreadData } from "./Messages.ts"

/** The thread, and what it has said so far. */
export interface WarmThread {
  readonly worker: Worker
  readonly claims: Claims
  readonly said: Array<unknown>
  readonly listener: (message: unknown) => void
  readonly isEnded: () => boolean
}

/** Starts one; `entry` is the URL of `cadre/thread` in the same bundle. */
export const warmThread = (entry: string, url: string): WarmThread => {
  // Loaded only by who starts a thread: every command comes by here.
  const { Worker } = process.getBuiltinModule("node:worker_threads")
  const claims = new Claims()
  const workerData: ThreadData = { _tag: "cadre/thread", url, claims: claims.buffer, compiled: getCompileCacheDir() }
  const worker = new Worker(new URL(entry), { name: "thread-1", workerData })
  const said: Array<unknown> = []
  const listener = (message: unknown): void => void said.push(message)
  worker.on("message", listener)
  let isEnded = false
  worker.once("exit", () => {
    isEnded = true
  })
  // Who takes it over hears what went wrong; until then nobody may be hurt by it.
  worker.on("error", () => undefined)
  return { worker, claims, said, listener, isEnded: () => isEnded }
}
