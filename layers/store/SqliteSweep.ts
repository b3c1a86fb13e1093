/**
 * Removes from the tables what is old or too much, and nobody needs any more: a
 * little at a time, so that commits have their turn in between.
 *
 * @since 0.1.0
 */
import { wantsOf } from "../../src/store/Recovery.ts"
import type { Retention } from "../../src/store/Stored.ts"
import { decode as decodeTransitions } from "../../src/store/TransitionCodec.ts"
import type { Row, SqliteReader } from "./SqliteReader.ts"

/** So many entries, pieces of payloads, commits or pages at a time. */
const step = { entries: 64, pieces: 64, commits: 64, pages: 256 } as const

/** A file of so many bytes need not become smaller. */
const smallest = 2 ** 20

interface Candidate {
  readonly source: number
  readonly sequence: number
  readonly ended: number
  readonly endedAt: number
  readonly first: number
  readonly span: number
  readonly submitter: number
  readonly submission: number
}

interface Removed {
  readonly removed: ReadonlyArray<Candidate>
  readonly isMore: boolean
}

/** Goes on where it was, each time. */
export class SqliteSweep {
  readonly #reader: SqliteReader
  readonly #removed: (source: number) => void
  readonly #changed: () => void
  #stray = 0
  #hasRemoved = false

  constructor(reader: SqliteReader, removed: (source: number) => void, changed: () => void) {
    this.#reader = reader
    this.#removed = removed
    this.#changed = changed
  }

  #run(sql: string, ...values: ReadonlyArray<number | string>): number {
    return Number(this.#reader.statement(sql).run(...values).changes)
  }

  /** False once there is nothing left to remove. */
  step(retention: Retention, now: number): boolean {
    const reader = this.#reader
    const old = now - retention.age
    const isTooMuch = () => reader.size().used > retention.size
    const isMore = reader.transaction(() => {
      this.#run("DELETE FROM named WHERE until <= ?", now)
      const { isMore, removed } = this.#entries(this.#candidates(isTooMuch() ? Infinity : old), old, isTooMuch)
      this.#changed()
      this.#commits(removed)
      this.#parties(removed)
      if (!isMore) this.#strays(old)
      this.#hasRemoved ||= removed.length > 0
      return isMore
    })
    return isMore || this.#shrink()
  }

  /** Gives back what is free, but for a part that will be used again; the log too, once all is done. */
  #shrink(): boolean {
    const reader = this.#reader
    const { all, used } = reader.size()
    if (used < all * 0.75 && all > smallest) {
      // A row for each page.
      reader.all(`PRAGMA incremental_vacuum(${step.pages})`)
      return true
    }
    if (this.#hasRemoved) reader.all("PRAGMA wal_checkpoint(TRUNCATE)")
    this.#hasRemoved = false
    return false
  }

  /** Those that ended before then, the oldest first, which nobody needs. */
  #candidates(before: number): ReadonlyArray<Candidate> {
    const needed = this.#needed()
    const sql = `SELECT e.source, e.sequence, e.ended, e.ended_at, e.first, e.span, e.submitter, e.submission
      FROM entries e JOIN parties p ON p.id = e.submitter
      WHERE e.ended IS NOT NULL AND e.ended_at < ? AND (p.departed = 1 OR p.acknowledged >= e.ended)
      ORDER BY e.ended_at, e.source LIMIT ${step.entries + needed.size}`
    return this.#reader.all(sql, Math.min(before, Number.MAX_SAFE_INTEGER)).map((row) => ({
      source: Number(row.source),
      sequence: Number(row.sequence),
      ended: Number(row.ended),
      endedAt: Number(row.ended_at),
      first: Number(row.first),
      span: Number(row.span),
      submitter: Number(row.submitter),
      submission: Number(row.submission)
    })).filter(({ source }) => !needed.has(source)).slice(0, step.entries)
  }

  /** What those need that have not ended. */
  #needed(): ReadonlySet<number> {
    const following = this.#reader.entriesWhere("e.ended IS NULL AND e.follows = 1 ORDER BY e.source")
    const { positions, sources } = wantsOf(following)
    const needed = new Set(sources)
    for (const position of positions) {
      const source = this.#reader.sourceOf(position)
      if (source !== undefined) needed.add(source)
    }
    return needed
  }

  /** Large ones go piece by piece, and are not removed before the last. What is not old goes while there is too much. */
  #entries(candidates: ReadonlyArray<Candidate>, old: number, isTooMuch: () => boolean): Removed {
    const removed: Array<Candidate> = []
    let left: number = step.pieces
    for (const candidate of candidates) {
      const { endedAt, first, source, span } = candidate
      if (endedAt >= old && !isTooMuch()) break
      const piece = `SELECT start FROM payloads WHERE source = ? ORDER BY start LIMIT ${step.pieces}`
      left -= this.#run(`DELETE FROM payloads WHERE source = ? AND start IN (${piece})`, source, source)
      if (left <= 0) return { removed, isMore: true }
      this.#run("DELETE FROM entries WHERE source = ?", source)
      this.#run("DELETE FROM states WHERE source = ?", source)
      this.#run("DELETE FROM lines WHERE task >= ? AND task < ?", first, first + span)
      this.#run("DELETE FROM failures WHERE first >= ? AND first < ?", first, first + span)
      this.#removed(source)
      removed.push(candidate)
    }
    return { removed, isMore: removed.length > 0 }
  }

  /** Commits that are about nothing that is left; the newest tells how far all has come, and stays. */
  #commits(removed: ReadonlyArray<Candidate>): void {
    if (removed.length === 0) return
    const low = Math.min(...removed.map(({ first }) => first))
    const high = Math.max(...removed.map(({ first, span }) => first + span))
    const from = Math.min(...removed.map(({ sequence }) => sequence))
    // What is said of one later is found with the strays.
    const end = Math.max(from, ...removed.map(({ ended }) => ended))
    const sql = `SELECT last, parties, bytes FROM commits WHERE last > ? AND first <= ? AND low < ? AND high >= ?
      AND last < (SELECT max(last) FROM commits) ORDER BY last LIMIT ${step.commits}`
    for (let after = from - 1;;) {
      const rows = this.#reader.all(sql, after, end, high, low)
      for (const row of rows) this.#commit(row)
      if (rows.length < step.commits) return
      after = Number(rows.at(-1)?.last)
    }
  }

  /** Commits about nothing but executors, or tasks that were gone already: a few each time. */
  #strays(old: number): void {
    const sql = `SELECT last, at, parties, bytes FROM commits WHERE last > ? AND last < (SELECT max(last) FROM commits)
      ORDER BY last LIMIT ${step.commits}`
    const rows = this.#reader.all(sql, this.#stray)
    for (const row of rows) if (Number(row.at) < old) this.#commit(row)
    // From the first again, once it has been round.
    const isThrough = rows.length < step.commits || Number(rows.at(-1)?.at) >= old
    this.#stray = isThrough ? 0 : Number(rows.at(-1)?.last)
  }

  #commit({ bytes, last, parties }: Row): void {
    let [first, end] = [0, 0]
    for (const { task } of decodeTransitions(bytes as Uint8Array)) { // a BLOB
      if (task < 0 || (task >= first && task < end)) continue
      const place = this.#reader.placeOf(task)
      if (place._tag === "Entry") return
      first = place.first
      end = place.end
    }
    this.#run("DELETE FROM commits WHERE last = ?", Number(last))
    const ids: ReadonlyArray<number> = JSON.parse(String(parties))
    for (const party of ids) this.#run("DELETE FROM endings WHERE party = ? AND last = ?", party, Number(last))
  }

  /** Submissions of which nothing is left, and submitters without any. */
  #parties(removed: ReadonlyArray<Candidate>): void {
    for (const submission of new Set(removed.map(({ submission }) => submission))) {
      const sql =
        "DELETE FROM parties WHERE id = ? AND NOT EXISTS (SELECT 1 FROM entries WHERE submission = parties.id)"
      this.#run(sql, submission)
    }
    for (const submitter of new Set(removed.map(({ submitter }) => submitter))) {
      const sql = `DELETE FROM parties WHERE id = ?
        AND NOT EXISTS (SELECT 1 FROM parties AS other WHERE other.parent = parties.id)`
      this.#run(sql, submitter)
    }
  }
}
