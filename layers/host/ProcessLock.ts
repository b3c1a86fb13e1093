/**
 * A lock that the system takes back when its process ends, however that ends:
 * nothing is left behind that could be mistaken for somebody who lives. Node
 * has no such thing itself; SQLite has.
 *
 * @since 0.1.0
 */
import { Effect, Option, type Scope } from "effect"
import process from "node:process"
import type { DatabaseSync } from "node:sqlite"
import { SettingInvalid } from "../../src/host/HostError.ts"

/** SQLite's codes for a file that somebody else has locked. */
const taken = new Set([5, 6])

const isTaken = (error: unknown): boolean =>
  error instanceof Error && "errcode" in error && typeof error.errcode === "number" && taken.has(error.errcode & 0xff)

/** The database that holds the lock; undefined if somebody else has it. */
const acquire = (path: string): DatabaseSync | undefined => {
  // Loaded by nobody who finds a server.
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite")
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    database.exec("BEGIN EXCLUSIVE")
    return database
  } catch (error) {
    database.close()
    if (isTaken(error)) return undefined
    throw error
  }
}

/** Takes the lock, if nobody has it, until the scope is left. It never waits. */
export const take = (path: string): Effect.Effect<boolean, SettingInvalid, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({
      try: () => Option.fromUndefinedOr(acquire(path)),
      catch: (error) =>
        new SettingInvalid({
          what: path,
          problem: `It cannot be locked: ${error instanceof Error ? error.message : String(error)}`,
          mend: "See that the folder is on a local disk and can be written to, or name another in CADRE_RUNTIME_DIR"
        })
    }),
    (database) => Effect.sync(() => Option.map(database, (database) => database.close()))
  ).pipe(Effect.map(Option.isSome))
