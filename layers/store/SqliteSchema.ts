/**
 * The tables of a store in SQLite, as numbered steps from an empty file on.
 *
 * @since 0.1.0
 */
import type { DatabaseSync } from "node:sqlite"

/** Tells our files from those of other programs: `Cadr`. */
export const applicationId = 0x43616472

/**
 * Each brings the tables from the version before to the next. What has been
 * published is never changed; another is added at the end.
 */
export const migrations: ReadonlyArray<string> = [
  `
  -- One row each time that the store was opened.
  CREATE TABLE generations (
    generation INTEGER PRIMARY KEY, incarnation TEXT NOT NULL, first INTEGER NOT NULL,
    owner TEXT NOT NULL, pid INTEGER NOT NULL, opened_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE specs (id INTEGER PRIMARY KEY, body TEXT NOT NULL UNIQUE) STRICT;
  -- Submitters, and submissions with their submitter as \`parent\`.
  CREATE TABLE parties (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, parent INTEGER,
    acknowledged INTEGER NOT NULL DEFAULT 0, departed INTEGER NOT NULL DEFAULT 0, UNIQUE (kind, name)
  ) STRICT;
  CREATE INDEX parties_of ON parties (parent) WHERE parent IS NOT NULL;
  -- \`ended\` is the last transition that ended a task of it, once all have;
  -- \`asked\` while outcomes may be asked for; \`follows\` if it needs other tasks.
  CREATE TABLE entries (
    source INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, first INTEGER NOT NULL, span INTEGER NOT NULL,
    submitter INTEGER NOT NULL, submission INTEGER NOT NULL, spec INTEGER NOT NULL,
    ended INTEGER, ended_at REAL, asked INTEGER NOT NULL,
    follows INTEGER NOT NULL, body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX entries_open ON entries (source) WHERE ended IS NULL;
  CREATE INDEX entries_following ON entries (source) WHERE ended IS NULL AND follows = 1;
  CREATE INDEX entries_ended ON entries (ended_at, source) WHERE ended IS NOT NULL;
  CREATE INDEX entries_asked ON entries (source) WHERE asked = 1;
  CREATE INDEX entries_of ON entries (submission, source);
  CREATE TABLE payloads (
    source INTEGER NOT NULL, start INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (source, start)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE states (source INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  -- The transitions of one commit; \`next\` and \`next_source\` are what follows it, \`parties\` who has endings in it.
  -- Positions are -1 where there is none.
  CREATE TABLE commits (
    last INTEGER PRIMARY KEY, first INTEGER NOT NULL, generation INTEGER NOT NULL, at REAL NOT NULL,
    low INTEGER NOT NULL, high INTEGER NOT NULL, ended_low INTEGER NOT NULL, ended_high INTEGER NOT NULL,
    next INTEGER NOT NULL, next_source INTEGER NOT NULL,
    parties TEXT NOT NULL, bytes BLOB NOT NULL
  ) STRICT;
  CREATE TABLE endings (party INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (party, last)) STRICT, WITHOUT ROWID;
  CREATE TABLE failures (first INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (first, count)) STRICT, WITHOUT ROWID;
  CREATE TABLE lines (id INTEGER PRIMARY KEY, task INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE INDEX lines_of ON lines (task, id);
  CREATE TABLE named (
    space TEXT NOT NULL, key TEXT NOT NULL, until REAL, value BLOB NOT NULL, PRIMARY KEY (space, key)
  ) STRICT, WITHOUT ROWID;
  `
]

/** The version of the tables in that file. */
export const versionOf = (database: DatabaseSync): number =>
  Number(database.prepare("PRAGMA user_version").get()?.user_version)

/** Brings the tables up to date, in one transaction a step. `steps` are all there are. */
export const migrate = (database: DatabaseSync, steps: ReadonlyArray<string> = migrations): void => {
  for (const [index, step] of steps.entries()) {
    if (index < versionOf(database)) continue
    database.exec("BEGIN IMMEDIATE")
    database.exec(step)
    database.exec(`PRAGMA application_id = ${applicationId}`)
    database.exec(`PRAGMA user_version = ${index + 1}`)
    database.exec("COMMIT")
  }
}
