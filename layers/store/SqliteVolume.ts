/**
 * A store in SQLite: what is committed is in the file before anybody is told.
 *
 * @since 0.1.0
 */
import { statSync } from "node:fs"
import { isAskedFor, spanOf } from "../../src/store/EntryTasks.ts"
import { encode as encodePiece, split } from "../../src/store/PayloadPieces.ts"
import { recall } from "../../src/store/Remains.ts"
import { isNext, Standing, type Summary } from "../../src/store/Standing.ts"
import { encodeLines, encodeState } from "../../src/store/StateCodec.ts"
import type { Commit, Committed, Recovered, StoredLine } from "../../src/store/Stored.ts"
import { encode as encodeTransitions } from "../../src/store/TransitionCodec.ts"
import type { SqliteFile } from "./SqliteFile.ts"
import { SqliteReader } from "./SqliteReader.ts"
import { SqliteSweep } from "./SqliteSweep.ts"
import type { Volume } from "./Volume.ts"

/** Who opens it, and what is to be random or the time. */
export interface Opening {
  readonly owner: string
  readonly pid: number
  readonly now: number
  readonly incarnation: string
}

/** So many numbers of submitters and submissions are remembered. */
const partyLimit = 4_096

class SqliteWriter {
  readonly reader: SqliteReader
  readonly generation: number
  readonly standing: Standing
  #parties = new Map<string, number>()
  #specs = new Map<string, number>()
  /** Entries with a row that says where their tasks are. */
  readonly hasState: Set<number>

  constructor(reader: SqliteReader, generation: number, standing: Standing) {
    this.reader = reader
    this.generation = generation
    this.standing = standing
    this.hasState = new Set(reader.all("SELECT source FROM states").map(({ source }) => Number(source)))
  }

  run(sql: string, ...values: ReadonlyArray<number | string | null | Uint8Array>): void {
    this.reader.statement(sql).run(...values)
  }

  commit(commit: Commit): Committed {
    const { standing } = this
    if (!isNext(commit.transitions, standing.sequence)) return "refused"
    // What cannot be written as it is is found here, where nothing has changed.
    const transitions = encodeTransitions(commit.transitions)
    return this.reader.transaction(() => {
      const newest = this.reader.get("SELECT generation FROM generations ORDER BY generation DESC LIMIT 1")
      if (newest?.generation !== this.generation) return "refused"
      const summary = standing.advance(commit)
      this.#entries(commit)
      if (commit.transitions.length > 0) this.#transitions(commit, summary, transitions)
      this.#rest(commit, summary)
      return "committed"
    })
  }

  #entries({ entries }: Commit): void {
    const { codec } = this.reader
    for (const { entry, payloads } of entries) {
      const { entry: { after, refs }, first, source, submission, submitter } = entry
      const parent = this.#party("submitter", submitter)
      this.run(
        `INSERT INTO entries (source, sequence, first, span, submitter, submission, spec, asked, follows, body)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        source,
        entry.sequence,
        first,
        spanOf(entry),
        parent,
        this.#party("submission", submission, parent),
        this.#spec(codec.spec(entry)),
        isAskedFor(entry) ? 1 : 0,
        after === undefined && refs === undefined ? 0 : 1,
        codec.encode(entry)
      )
      for (const [start, piece] of split(payloads)) {
        this.run("INSERT INTO payloads (source, start, bytes) VALUES (?, ?, ?)", source, start, encodePiece(piece))
      }
    }
  }

  #transitions({ transitions }: Commit, summary: Summary, bytes: Uint8Array): void {
    const { endedHigh, endedLow, failed, first, high, last, low, submissions, submitters } = summary
    const { at, next, nextSource } = this.standing
    const parties = [
      ...submitters.values().map((name) => this.#party("submitter", name)),
      ...submissions.values().map((name) => this.#party("submission", name))
    ]
    this.run(
      `INSERT INTO commits (last, first, generation, at, low, high, ended_low, ended_high, next, next_source, parties, bytes)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      last,
      first,
      this.generation,
      transitions.at(-1)?.at ?? at,
      low,
      high,
      endedLow,
      endedHigh,
      next,
      nextSource,
      JSON.stringify(parties),
      bytes
    )
    for (const party of parties) this.run("INSERT INTO endings (party, last) VALUES (?, ?)", party, last)
    for (const { count, first } of failed) {
      this.run("INSERT OR IGNORE INTO failures (first, count) VALUES (?, ?)", first, count)
    }
  }

  #rest(commit: Commit, { finished, unasked }: Summary): void {
    const { at } = this.standing
    for (const { lastEnded, source } of finished) this.end(source, lastEnded, at)
    for (const source of unasked) this.run("UPDATE entries SET asked = 0 WHERE source = ? AND asked = 1", source)
    for (const { submitter, through } of commit.acknowledged) {
      const sql = "UPDATE parties SET acknowledged = max(acknowledged, ?) WHERE kind = 'submitter' AND name = ?"
      this.run(sql, through, submitter)
    }
    for (const submitter of commit.departed) {
      this.run("UPDATE parties SET departed = 1 WHERE kind = 'submitter' AND name = ?", submitter)
      // Should it come again, it is found to have gone.
      this.#parties.delete(`submitter ${submitter}`)
    }
    for (const { restored, sequence, source } of commit.states) {
      const sql = "INSERT OR REPLACE INTO states (source, sequence, body) VALUES (?, ?, ?)"
      this.run(sql, source, sequence, encodeState(restored))
      this.hasState.add(source)
    }
    this.#lines(commit.lines)
    for (const { key, space, until = null, value } of commit.values) {
      if (value === undefined) this.run("DELETE FROM named WHERE space = ? AND key = ?", space, key)
      else {
        const sql = "INSERT OR REPLACE INTO named (space, key, until, value) VALUES (?, ?, ?, ?)"
        this.run(sql, space, key, until, value)
      }
    }
  }

  end(source: number, lastEnded: number, at: number): void {
    this.run("UPDATE entries SET ended = ?, ended_at = ? WHERE source = ? AND ended IS NULL", lastEnded, at, source)
    if (this.hasState.delete(source)) this.run("DELETE FROM states WHERE source = ?", source)
  }

  /** Those of one task that were written one after the other share a row. */
  #lines(lines: ReadonlyArray<StoredLine>): void {
    for (let from = 0; from < lines.length;) {
      const { task } = lines[from]!
      let to = from + 1
      while (to < lines.length && to - from < 1_024 && lines[to]!.task === task) to++
      const body = encodeLines(lines.slice(from, to).map(({ epoch, line }) => [epoch, line]))
      this.run("INSERT INTO lines (task, body) VALUES (?, ?)", task, body)
      from = to
    }
  }

  #party(kind: "submitter" | "submission", name: string, parent: number | null = null): number {
    const key = `${kind} ${name}`
    const known = this.#parties.get(key)
    if (known !== undefined) return known
    let id = this.reader.party(kind, name)
    if (id === undefined) {
      this.run("INSERT INTO parties (kind, name, parent) VALUES (?, ?, ?)", kind, name, parent)
      id = this.reader.party(kind, name)!
      // One that had gone is there again.
    } else this.run("UPDATE parties SET departed = 0 WHERE id = ? AND departed = 1", id)
    if (this.#parties.size >= partyLimit) this.#parties.clear()
    this.#parties.set(key, id)
    return id
  }

  #spec(body: string): number {
    const known = this.#specs.get(body)
    if (known !== undefined) return known
    this.run("INSERT OR IGNORE INTO specs (body) VALUES (?)", body)
    const id = Number(this.reader.get("SELECT id FROM specs WHERE body = ?", body)?.id)
    if (this.#specs.size >= partyLimit) this.#specs.clear()
    this.#specs.set(body, id)
    return id
  }

  /** Rows that these were about may be gone. */
  forget(): void {
    this.#parties = new Map()
    this.#specs = new Map()
    this.reader.forget()
  }
}

/** How far the last generation came, and when each began. */
const begin = (reader: SqliteReader) => {
  const newest = reader.get("SELECT last, next, next_source FROM commits ORDER BY last DESC LIMIT 1")
  const entry = reader.get("SELECT source, first, span FROM entries ORDER BY source DESC LIMIT 1")
  const generations = reader.all("SELECT generation, first FROM generations ORDER BY generation").map((row) => ({
    generation: Number(row.generation),
    first: Number(row.first)
  }))
  const next = Math.max(
    generations.at(-1)?.first ?? 0,
    Number(newest?.next ?? 0),
    entry === undefined ? 0 : Number(entry.first) + Number(entry.span)
  )
  const nextSource = Math.max(Number(newest?.next_source ?? 0), entry === undefined ? 0 : Number(entry.source) + 1)
  return { generations, next, nextSource, sequence: Number(newest?.last ?? 0) }
}

/** Opens the store: a new generation begins. */
export const openVolume = (file: SqliteFile, opening: Opening): Volume => {
  const { database, path } = file
  const reader = new SqliteReader(database)
  const { generations, next, nextSource, sequence } = begin(reader)
  // Of a backup that was put back, the one that was there before counts too.
  const generation = Math.max(generations.at(-1)?.generation ?? 0, file.generation()) + 1
  const standing = new Standing(sequence, next, nextSource)
  const writer = new SqliteWriter(reader, generation, standing)
  const { incarnation, now, owner, pid } = opening

  const recalled = reader.transaction(() => {
    writer.run(
      "INSERT INTO generations (generation, incarnation, first, owner, pid, opened_at) VALUES (?, ?, ?, ?, ?, ?)",
      generation,
      incarnation,
      next,
      owner,
      pid,
      Math.floor(now)
    )
    const recalled = recall({
      segments: reader.segments,
      entryOf: reader.entryOf,
      endOf: reader.endOf,
      open: reader.entriesWhere("e.ended IS NULL ORDER BY e.source"),
      asked: reader.entriesWhere("e.asked = 1 AND e.ended IS NOT NULL ORDER BY e.source"),
      entry: (source) => reader.entry(source),
      state: (source) => writer.hasState.has(source) ? reader.state(source) : undefined
    })
    for (const { isEnded, tasks: { askedCount, lastEnded, stored } } of recalled.standing) {
      if (!isEnded || askedCount > 0) standing.recall(stored, askedCount, isEnded, lastEnded)
      else writer.run("UPDATE entries SET asked = 0 WHERE source = ? AND asked = 1", stored.source)
    }
    for (const { lastEnded, stored } of recalled.finished) writer.end(stored.source, lastEnded, now)
    return recalled
  })
  file.keepGeneration(generation)

  const starts = [...generations, { generation, first: next }]
  const recovered: Recovered = {
    generation,
    incarnation,
    past: generations.map(({ first, generation }, index) => ({ generation, count: starts[index + 1]!.first - first })),
    sequence,
    nextSource,
    entries: recalled.entries,
    submitters: reader.all("SELECT name, acknowledged FROM parties WHERE kind = 'submitter' AND departed = 0").map(
      ({ acknowledged, name }) => ({ submitter: String(name), acknowledged: Number(acknowledged) })
    )
  }
  const sweep = new SqliteSweep(reader, (source) => standing.forget(source), () => writer.forget())
  return {
    path,
    isDurable: true,
    recovered,
    segments: reader.segments,
    entryOf: reader.entryOf,
    endOf: reader.endOf,
    commit: (commit) => writer.commit(commit),
    payloads: (source, from, count) => reader.payloads(source, from, count),
    entries: (query) => reader.entries(query),
    failed: (below, limit) => reader.failed(below, limit),
    lines: (task, after, limit) => reader.lines(task, after, limit),
    values: (space) => reader.values(space),
    value: (space, key) => reader.value(space, key),
    sweep: (retention, now) => sweep.step(retention, now),
    size: () => reader.size().all + (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0)
  }
}
