/**
 * The file of a store in SQLite: made, locked, checked, brought up to date and
 * set up so that what it says is committed is there.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync
} from "node:fs"
import { dirname } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { StoreInUse, StoreUnusable } from "../../src/store/StoreFailed.ts"
import { applicationId, migrate, migrations, versionOf } from "./SqliteSchema.ts"
import { lockStore, messageOf, sqliteCode, type StoreLock } from "./StoreLock.ts"

/** Up to so many bytes the whole file is checked when it is opened; of a larger one, what has to be read anyway. */
const checkedSize = 256 * 2 ** 20

/** The log is made that short again once it has been longer. */
const logSize = 16 * 2 ** 20

/** A file that is ours alone until it is closed. */
export interface SqliteFile {
  readonly path: string
  readonly database: DatabaseSync
  /** The last that was opened at this path, be it in a file that another was put in the place of; 0 if unknown. */
  readonly generation: () => number
  readonly keepGeneration: (generation: number) => void
  readonly close: () => void
}

/** The names of files and folders must last as well. */
const syncFolder = (folder: string): void => {
  const descriptor = openSync(folder, "r")
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

const makeFile = (path: string): void => {
  const folder = dirname(path)
  const made = mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (made !== undefined) syncFolder(dirname(made))
  if (!existsSync(path)) {
    closeSync(openSync(path, "a", 0o600))
    syncFolder(folder)
  }
  const { mode } = statSync(path)
  if ((mode & 0o077) !== 0) chmodSync(path, 0o600)
}

const pragma = (database: DatabaseSync, name: string): unknown =>
  Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]

/** Sets it, and sees that it holds. */
const require = (path: string, database: DatabaseSync, name: string, value: string, expected: unknown): void => {
  database.exec(`PRAGMA ${name} = ${value}`)
  const found = pragma(database, name)
  if (found === expected) return
  throw new StoreUnusable({
    path,
    problem: `SQLite has ${name} ${String(found)} and should have ${value}: put the store on a local disk`
  })
}

const check = (path: string, database: DatabaseSync, steps: ReadonlyArray<string>): void => {
  const id = pragma(database, "application_id")
  const version = versionOf(database)
  const isNew = version === 0 &&
    Number(database.prepare("SELECT count(*) AS count FROM sqlite_schema").get()?.count) === 0
  if (isNew) return
  if (id !== applicationId) {
    throw new StoreUnusable({ path, problem: "it is the database of another program: name another file" })
  }
  if (version > steps.length) {
    throw new StoreUnusable({
      path,
      problem: `its tables are of version ${version} and this Cadre knows them up to ${steps.length}: ` +
        "use the newer Cadre that wrote it, or name another store"
    })
  }
  if (statSync(path).size > checkedSize) return
  const found = pragma(database, "quick_check(1)")
  if (found !== "ok") throw new StoreUnusable({ path, problem: `${String(found)}; ${mend}` })
}

const mend = "it is damaged: put a backup in its place, or name another store"

const open = (path: string, steps: ReadonlyArray<string>): DatabaseSync => {
  const database = new DatabaseSync(path, { timeout: 5_000 })
  try {
    // Before there is a table, or it has no effect.
    database.exec("PRAGMA auto_vacuum = INCREMENTAL")
    check(path, database, steps)
    require(path, database, "journal_mode", "WAL", "wal")
    require(path, database, "synchronous", "FULL", 2)
    database.exec("PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; PRAGMA temp_store = MEMORY")
    database.exec(`PRAGMA journal_size_limit = ${logSize}; PRAGMA cache_size = -16000`)
    migrate(database, steps)
    return database
  } catch (cause) {
    database.close()
    throw cause
  }
}

/** Why the file cannot be had, as somebody should be told. */
export const unreadable = (path: string, cause: unknown): StoreInUse | StoreUnusable => {
  if (cause instanceof StoreInUse || cause instanceof StoreUnusable) return cause
  const problem = (text: string) => new StoreUnusable({ path, problem: text })
  // It was read, and says what cannot be.
  if (cause instanceof RangeError || cause instanceof SyntaxError || Schema.isSchemaError(cause)) {
    return problem(`${cause.message}; ${mend}`)
  }
  // Not a database; a malformed one.
  if (sqliteCode(cause) === 26) return problem("it is no store of Cadre's: name another file")
  if (sqliteCode(cause) === 11) return problem(mend)
  // Cannot write, out of space.
  if (sqliteCode(cause) === 8) {
    return problem("it cannot be written to: give this user the right to write it and its folder")
  }
  if (sqliteCode(cause) === 13) return problem("the disk is full: make room on it")
  return problem(`${messageOf(cause)}: give this user the right to read and write it and its folder`)
}

const generationOf = (path: string): number => {
  try {
    const generation = Number.parseInt(readFileSync(`${path}.generation`, "utf8"), 10)
    return Number.isSafeInteger(generation) ? generation : 0
  } catch {
    return 0
  }
}

/** Opens the file, and makes it if there is none; throws `StoreInUse` or `StoreUnusable`. */
export const openFile = (
  path: string,
  owner: string,
  steps: ReadonlyArray<string> = migrations
): SqliteFile => {
  let lock: StoreLock | undefined
  try {
    if (existsSync(path) && !statSync(path).isFile()) {
      throw new StoreUnusable({ path, problem: "it is no file: name one that is, or is yet to be made" })
    }
    makeFile(path)
    lock = lockStore(path, owner)
    const database = open(path, steps)
    const held = lock
    return {
      path,
      database,
      generation: () => generationOf(path),
      keepGeneration: (generation) => writeFileSync(`${path}.generation`, `${generation}\n`, { mode: 0o600 }),
      close: () => {
        try {
          database.close()
        } finally {
          held.release()
        }
      }
    }
  } catch (cause) {
    lock?.release()
    throw unreadable(path, cause)
  }
}
