/**
 * What is read from the tables of a store.
 *
 * @since 0.1.0
 */
import type { DatabaseSync, StatementSync } from "node:sqlite"
import { EntryCodec } from "../../src/store/EntryCodec.ts"
import { decode as decodePiece, fitting, none, sliced } from "../../src/store/PayloadPieces.ts"
import { positionsBelow, type Segment, type SegmentQuery, type Shelf } from "../../src/store/Reading.ts"
import { decodeLines, decodeState } from "../../src/store/StateCodec.ts"
import type { Page, StoredEntry, StoredLine, StoredPayloads, StoredState, StoredValue } from "../../src/store/Stored.ts"
import { decode as decodeTransitions } from "../../src/store/TransitionCodec.ts"

/** One row; SQLite has no other values. */
export type Row = Record<string, null | number | bigint | string | Uint8Array>

/** What is at a position. */
export type Place =
  | { readonly _tag: "Entry"; readonly source: number }
  | { readonly _tag: "Gap"; readonly first: number; readonly end: number }

/** So many commits are read at a time. */
const step = 16
// Lines of one row have numbers that follow one another.
const linesPerRow = 2 ** 16

const entryColumns = "e.source, e.first, e.span, e.ended, e.body, s.body AS spec"
const entriesFrom = `SELECT ${entryColumns} FROM entries e JOIN specs s ON s.id = e.spec`

/** Reads with statements that are prepared once. */
export class SqliteReader implements Shelf {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  readonly codec = new EntryCodec()
  #last: { readonly stored: StoredEntry; readonly first: number; readonly end: number } | undefined

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** The statement, prepared when it is first needed. */
  statement(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#database.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }

  /** All that it writes is there, or nothing of it; what it throws is passed on. */
  transaction<A>(body: () => A): A {
    this.statement("BEGIN IMMEDIATE").run()
    try {
      const result = body()
      this.statement("COMMIT").run()
      return result
    } catch (cause) {
      try {
        this.#database.exec("ROLLBACK")
      } catch {
        // SQLite has done so already.
      }
      throw cause
    }
  }

  get(sql: string, ...values: ReadonlyArray<number | string>): Row | undefined {
    return this.statement(sql).get(...values)
  }

  all(sql: string, ...values: ReadonlyArray<number | string>): ReadonlyArray<Row> {
    return this.statement(sql).all(...values)
  }

  /** The entry of a row with the columns of `entriesWhere`. */
  #entry(row: Row): StoredEntry {
    return this.codec.decode(String(row.body), String(row.spec))
  }

  /** Entries that fulfil a condition, by `source`. */
  entriesWhere(condition: string, ...values: ReadonlyArray<number | string>): ReadonlyArray<StoredEntry> {
    const entries: Array<StoredEntry> = []
    // Rows have texts, and there may be many.
    for (const row of this.statement(`${entriesFrom} WHERE ${condition}`).iterate(...values)) {
      entries.push(this.#entry(row))
    }
    return entries
  }

  entry(source: number): StoredEntry | undefined {
    return this.entriesWhere("e.source = ?", source)[0]
  }

  /** The number of a submitter or a submission. */
  party(kind: "submitter" | "submission", name: string): number | undefined {
    const id = this.get("SELECT id FROM parties WHERE kind = ? AND name = ?", kind, name)?.id
    return id === undefined ? undefined : Number(id)
  }

  readonly entryOf = (task: number): StoredEntry | undefined => {
    const last = this.#last
    if (last !== undefined && task >= last.first && task < last.end) return last.stored
    const source = this.sourceOf(task)
    const row = source === undefined ? undefined : this.get(`${entriesFrom} WHERE e.source = ?`, source)
    if (row === undefined) return undefined
    const stored = this.#entry(row)
    this.#last = { stored, first: Number(row.first), end: Number(row.first) + Number(row.span) }
    return stored
  }

  /** It may not be there any more. */
  forget(): void {
    this.#last = undefined
  }

  /** The entry that a position belongs to. */
  sourceOf(task: number): number | undefined {
    const place = this.placeOf(task)
    return place._tag === "Entry" ? place.source : undefined
  }

  /** What is at a position: an entry, or a gap of so many. `first` grows with `source`, so that it needs no index. */
  placeOf(task: number): Place {
    const at = "SELECT source, first, span FROM entries WHERE source <= ? ORDER BY source DESC LIMIT 1"
    let low = Number(this.get("SELECT min(source) AS source FROM entries")?.source ?? 0)
    let high = Number(this.get("SELECT max(source) AS source FROM entries")?.source ?? -1)
    let [from, end] = [0, Infinity]
    while (low <= high) {
      const middle = Math.floor((low + high) / 2)
      const row = this.get(at, middle)
      if (row === undefined) break
      const [source, first, span] = [Number(row.source), Number(row.first), Number(row.span)]
      if (task < first) {
        high = source - 1
        end = Math.min(end, first)
      } else if (task < first + span) return { _tag: "Entry", source }
      else {
        low = middle + 1
        from = Math.max(from, first + span)
      }
    }
    return { _tag: "Gap", first: from, end }
  }

  readonly segments = (query: SegmentQuery): Iterable<Segment> => this.#segments(query)

  readonly endOf = (source: number): number | undefined => {
    const ended = this.get("SELECT ended FROM entries WHERE source = ?", source)?.ended
    return ended === undefined || ended === null ? undefined : Number(ended)
  }

  payloads(source: number, from: number, count: number): StoredPayloads {
    const sql = "SELECT start, bytes FROM payloads WHERE source = ? AND start <= ? ORDER BY start DESC LIMIT 1"
    const row = this.get(sql, source, from)
    if (row === undefined) return none
    const piece = decodePiece(row.bytes as Uint8Array) // a BLOB
    return fitting(sliced(piece, from - Number(row.start), count), 0, count)
  }

  entries(
    { below, limit, submission }: { readonly submission?: string; readonly below?: number; readonly limit: number }
  ): Page<StoredEntry> {
    const before = below ?? Number.MAX_SAFE_INTEGER
    const party = submission === undefined ? undefined : this.party("submission", submission)
    if (submission !== undefined && party === undefined) return { items: [], next: undefined }
    const order = `e.source < ? ORDER BY e.source DESC LIMIT ${limit + 1}`
    const found = party === undefined
      ? this.entriesWhere(order, before)
      : this.entriesWhere(`e.submission = ? AND ${order}`, party, before)
    const items = found.slice(0, limit)
    return { items, next: found.length > limit ? items.at(-1)?.source : undefined }
  }

  failed(below: number, limit: number): ReadonlyArray<number> {
    const sql = "SELECT first, count FROM failures WHERE first < ? ORDER BY first DESC LIMIT ?"
    // The iterator ends with what was asked for.
    const end = Math.min(below, Number.MAX_SAFE_INTEGER)
    const ranges = this.all(sql, end, limit).map(({ count, first }) => ({ first: Number(first), count: Number(count) }))
    return positionsBelow(ranges, end, limit)
  }

  lines(task: number, after: number, limit: number): Page<StoredLine> {
    const items: Array<StoredLine> = []
    const sql = "SELECT id, body FROM lines WHERE task = ? AND id >= ? ORDER BY id LIMIT ?"
    let next = after
    for (const { body, id } of this.all(sql, task, Math.floor(after / linesPerRow), limit + 1)) {
      for (const [index, [epoch, line]] of decodeLines(String(body)).entries()) {
        const number = Number(id) * linesPerRow + index + 1
        if (number <= after) continue
        if (items.length === limit) return { items, next }
        items.push({ task, epoch, line })
        next = number
      }
    }
    return { items, next: undefined }
  }

  values(space: string): ReadonlyArray<StoredValue> {
    const sql = "SELECT key, until, value FROM named WHERE space = ? ORDER BY key"
    return this.all(sql, space).map((row) => named(space, row))
  }

  value(space: string, key: string): Uint8Array | undefined {
    const row = this.get("SELECT value FROM named WHERE space = ? AND key = ?", space, key)
    return row?.value as Uint8Array | undefined // a BLOB
  }

  state(source: number): StoredState | undefined {
    const row = this.get("SELECT sequence, body FROM states WHERE source = ?", source)
    return row && { source, sequence: Number(row.sequence), restored: decodeState(String(row.body)) }
  }

  #pragma(name: string): number {
    return Number(Object.values(this.get(`PRAGMA ${name}`) ?? {})[0])
  }

  *#segments(query: SegmentQuery): Iterable<Segment> {
    const { high, isEnding = false, low, submission, submitter, through = Infinity } = query
    const conditions = ["c.last > ?", "c.first <= ?"]
    const values: Array<number> = []
    const [least, greatest] = isEnding ? ["c.ended_low", "c.ended_high"] : ["c.low", "c.high"]
    if (low !== undefined && high !== undefined) {
      conditions.push(`${greatest} >= ?`, `${least} <= ?`)
      values.push(low, high)
    }
    if (isEnding) conditions.push("c.ended_high >= 0")
    let from = "commits c"
    const kind = submission === undefined ? "submitter" : "submission"
    const name = submission ?? submitter
    if (name !== undefined) {
      const party = this.party(kind, name)
      if (party === undefined) return
      from = "endings n CROSS JOIN commits c ON c.last = n.last"
      conditions.push("n.party = ?", "n.last > ?")
      values.push(party)
    }
    const sql = `SELECT c.last, c.generation, c.bytes FROM ${from} WHERE ${conditions.join(" AND ")}
      ORDER BY ${name === undefined ? "c.last" : "n.last"} LIMIT ${step}`
    const end = Math.min(through, Number.MAX_SAFE_INTEGER)
    for (let { after } = query;;) {
      const rows = this.all(sql, after, end, ...values, ...(name === undefined ? [] : [after]))
      for (const { bytes, generation } of rows) {
        yield { generation: Number(generation), transitions: decodeTransitions(bytes as Uint8Array) } // a BLOB
      }
      if (rows.length < step) return
      after = Number(rows.at(-1)?.last)
    }
  }

  /** Bytes of the file, and how many of them are used. */
  size(): { readonly all: number; readonly used: number } {
    const [pages, free, each] = [this.#pragma("page_count"), this.#pragma("freelist_count"), this.#pragma("page_size")]
    return { all: pages * each, used: (pages - free) * each }
  }
}

const named = (space: string, { key, until, value }: Row): StoredValue => {
  const stored = { space, key: String(key), value: value as Uint8Array } // a BLOB
  return until === null || until === undefined ? stored : { ...stored, until: Number(until) }
}
