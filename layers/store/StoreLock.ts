/**
 * Lets one server at a time have a store. The lock is the kernel's and ends with
 * the process; who has it is written beside it.
 *
 * @since 0.1.0
 */
import { chmodSync, closeSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import process from "node:process"
import { DatabaseSync } from "node:sqlite"
import { StoreInUse, StoreUnusable } from "../../src/store/StoreFailed.ts"

/** SQLite's codes for a file that somebody else has locked. */
const busy = new Set([5, 6])

/** The code of what SQLite threw. */
export const sqliteCode = (cause: unknown): number | undefined => {
  if (!(cause instanceof Error) || !("errcode" in cause)) return undefined
  const { errcode } = cause
  // The rest of it says more of the same.
  return typeof errcode === "number" ? errcode & 0xff : undefined
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return cause instanceof Error && "code" in cause && cause.code === "EPERM"
  }
}

/** Who has the lock, as far as is known. */
const holderOf = (path: string): { readonly owner: string; readonly pid: number } => {
  const end = Date.now() + 100
  while (true) {
    try {
      const [pid = "", ...owner] = readFileSync(`${path}.owner`, "utf8").trimEnd().split(" ")
      const holder = { owner: owner.join(" ") || "another server", pid: Number.parseInt(pid, 10) || 0 }
      if (isAlive(holder.pid) || Date.now() > end) return holder
    } catch {
      if (Date.now() > end) return { owner: "another server", pid: 0 }
    }
    // It was taken a moment ago, and is not written yet.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
  }
}

/** A lock that is held until it is released, or the process ends. */
export interface StoreLock {
  readonly release: () => void
}

/** Takes the lock of that store; throws `StoreInUse` if somebody has it. */
export const lockStore = (path: string, owner: string): StoreLock => {
  const file = `${path}.lock`
  closeSync(openSync(file, "a", 0o600))
  const database = new DatabaseSync(file, { timeout: 0 })
  try {
    // Nothing is ever written: others may look at it, and cannot do the same.
    database.exec("BEGIN IMMEDIATE")
  } catch (cause) {
    database.close()
    const code = sqliteCode(cause)
    if (code !== undefined && busy.has(code)) throw new StoreInUse({ path, ...holderOf(path) })
    throw new StoreUnusable({ path, problem: `its lock ${file} is no lock (${messageOf(cause)}): remove that file` })
  }
  writeFileSync(`${path}.owner`, `${process.pid} ${owner}\n`, { mode: 0o600 })
  chmodSync(`${path}.owner`, 0o600)
  return {
    release: () => {
      rmSync(`${path}.owner`, { force: true })
      database.close()
    }
  }
}

/** What an exception says. */
export const messageOf = (cause: unknown): string => cause instanceof Error ? cause.message : String(cause)
