/**
 * How a submitter's words are written.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import type { Ending, Refusal, Times } from "../../dispatch/Command.ts"
import { LogLine } from "../../task/LogLine.ts"
import { Outcome } from "../../task/Outcome.ts"
import { BlobRef } from "../../task/Payload.ts"
import type { Submitted } from "../SubmitterPort.ts"
import { beside, Cut, encodingOf, joined, natural, resultOf, rowsOf } from "./Rows.ts"
import type { SpecNames, SpecTable } from "./Specs.ts"
import { mostTasks, payloadAt, type SubmitterDown, type SubmitterUp } from "./SubmitterWords.ts"

const { Array: List, Boolean: Bool, Number: Num, String: Text, Struct, TaggedStruct, Uint8Array: Bytes, optionalKey } =
  Schema
const Dependency = Schema.Union([Num, Struct({ entry: Num })])
const Blobs = List(Schema.Tuple([Schema.Int, BlobRef]))

/** Tasks of one kind; payload `i` is the next `lengths[i]` of `bytes`. Times are milliseconds from now. */
const EntryRow = Struct({
  kind: Schema.Literals(["list", "range"]),
  count: Schema.Int,
  /** The number of its kind of task. */
  spec: Num,
  priority: Schema.Finite,
  startAt: optionalKey(Num),
  deadline: optionalKey(Num),
  after: optionalKey(List(Dependency)),
  refs: optionalKey(List(Dependency)),
  onDependencyFailure: optionalKey(Schema.Literals(["fail", "run"])),
  session: optionalKey(Text),
  keys: optionalKey(List(Text)),
  hashes: optionalKey(List(Num)),
  trace: optionalKey(Struct({ traceId: Text, spanId: Text })),
  keep: optionalKey(Bool),
  refFields: optionalKey(List(Text)),
  isFollowed: Bool,
  isDetached: optionalKey(Bool),
  blobs: optionalKey(Blobs),
  lengths: List(Num),
  bytes: Bytes
})
type EntryRow = typeof EntryRow.Type

/** What a submitter says. */
export const SubmitterUpRow = Schema.Union([
  TaggedStruct("submit", {
    request: Schema.Int,
    submission: Text,
    entries: List(EntryRow),
    whenUnmet: Schema.Literals(["fail", "wait"]),
    isOpen: Bool,
    isWatched: Bool,
    isWhole: Bool
  }),
  TaggedStruct("piece", {
    request: Schema.Int,
    entry: Schema.Int,
    lengths: List(Num),
    bytes: Bytes,
    keys: optionalKey(List(Text)),
    hashes: optionalKey(List(Num)),
    isLast: Bool
  }),
  TaggedStruct("close", { submission: Text }),
  TaggedStruct("cancel", {
    /** One of the two. */
    task: optionalKey(Schema.Int),
    submission: optionalKey(Text),
    by: Text
  }),
  TaggedStruct("fetched", { tasks: List(Num) }),
  TaggedStruct("acknowledged", { through: Schema.Int }),
  TaggedStruct("leave", {})
])
/** See the schema. */
export type SubmitterUpRow = typeof SubmitterUpRow.Type

const RefusalRow: Schema.Codec<Refusal, unknown> = Schema.Union([
  TaggedStruct("Draining", {}),
  TaggedStruct("Full", { reason: Text }),
  TaggedStruct("Unmet", { entry: Num, missing: List(Text) }),
  TaggedStruct("Conflict", { entry: Num, key: Text }),
  TaggedStruct("UnknownDependency", { entry: Num, task: Num }),
  TaggedStruct("Cycle", { entries: List(Num) }),
  TaggedStruct("LimitMismatch", { entry: Num, limit: Text })
])

const about = { request: Num, entry: Num, index: Num }

/** What a submitter is told. */
export const SubmitterDownRow = Schema.Union([
  TaggedStruct("Accepted", {
    request: Num,
    first: List(Num),
    known: List(Struct({ entry: Num, index: Num, task: Num }))
  }),
  TaggedStruct("Refused", { request: Num, reason: RefusalRow }),
  /**
   * Twelve numbers an ending: request, entry, index, count, task, epoch, when it was queued, assigned, started and
   * finished, its encoding, the length of its result. An encoding of 3 says that the outcome is the next of `others`;
   * 4 is added where there are no times.
   */
  TaggedStruct("Ended", {
    numbers: List(Num),
    bytes: Bytes,
    others: List(Outcome),
    sequence: optionalKey(Num)
  }),
  TaggedStruct("Progress", {
    submission: Text,
    counts: Struct({ total: Num, queued: Num, running: Num, succeeded: Num, failed: Num, cancelled: Num }),
    isEnded: Bool
  }),
  TaggedStruct("Unmet", { submission: Text, taskName: Text, missing: List(Text) }),
  TaggedStruct("TaskProgress", { ...about, value: Bytes }),
  TaggedStruct("TaskLog", { ...about, line: LogLine }),
  TaggedStruct("lost", { reason: Text }),
  TaggedStruct("left", {})
])
/** See the schema. */
export type SubmitterDownRow = typeof SubmitterDownRow.Type

const columns = 12
const untimed = 4

const entryRow = (
  { blobs, entry, isDetached, isFollowed, payloads, refFields }: Submitted,
  names: SpecNames
): EntryRow => {
  const { restored: _restored, spec, ...rest } = entry
  const there = payloads._tag === "Range" ? entry.count : payloads._tag === "List"
    ? payloads.offsets.length - 1
    : payloads.pieces.length
  const runs = payloads._tag === "Pieces"
    ? payloads.pieces
    : Array.from({ length: there }, (_, index) => payloadAt(payloads, index))
  return {
    ...rest,
    // Windows and producers are the server's own.
    kind: entry.kind === "range" ? "range" : "list",
    spec: names.numberOf(spec),
    isFollowed,
    ...(isDetached !== undefined && { isDetached }),
    ...(refFields !== undefined && { refFields }),
    ...(blobs !== undefined && { blobs }),
    lengths: runs.map(({ length }) => length),
    bytes: joined(runs)
  }
}

const submittedOf = (row: EntryRow, specs: SpecTable): Submitted => {
  const { blobs, bytes, isDetached, isFollowed, lengths, refFields, spec, ...entry } = row
  const cut = new Cut(bytes)
  const { after = [], deadline = 0, hashes = [], refs = [], startAt = 0 } = entry
  if (lengths.length > mostTasks) throw new RangeError(`${lengths.length} tasks in one message`)
  // What is no number would neither come before another nor after it.
  for (const time of [startAt, deadline]) if (Number.isNaN(time)) throw new RangeError("A time is no number")
  for (const hash of hashes) if (!Number.isSafeInteger(hash)) throw new RangeError("A hash is no number")
  for (const dependency of [...after, ...refs]) natural(typeof dependency === "number" ? dependency : dependency.entry)
  return {
    entry: { ...entry, spec: specs.find(spec), count: natural(entry.count) },
    payloads: { _tag: "Pieces", pieces: lengths.map((length) => cut.take(length)) },
    isFollowed,
    ...(isDetached !== undefined && { isDetached }),
    ...(refFields !== undefined && { refFields }),
    ...(blobs !== undefined && { blobs })
  }
}

/** Writes a word of a submitter. */
export const upRow = (word: SubmitterUp, names: SpecNames): SubmitterUpRow => {
  if (word._tag === "submit") return { ...word, entries: word.entries.map((entry) => entryRow(entry, names)) }
  if (word._tag === "cancel") return { _tag: "cancel", ...word.target, by: word.by }
  if (word._tag !== "piece") return word
  const { pieces, ...rest } = word
  return { ...rest, lengths: pieces.map(({ length }) => length), bytes: joined(pieces) }
}

/** Reads a word of a submitter; throws for nonsense. */
export const upWord = (row: SubmitterUpRow, specs: SpecTable): SubmitterUp => {
  if (row._tag === "submit") {
    natural(row.request)
    return { ...row, entries: row.entries.map((entry) => submittedOf(entry, specs)) }
  }
  if (row._tag === "cancel") {
    const { by, submission, task } = row
    if (submission !== undefined) return { _tag: "cancel", target: { submission }, by }
    return { _tag: "cancel", target: { task: natural(task) }, by }
  }
  if (row._tag !== "piece") return row
  const { bytes, lengths, ...rest } = row
  if (lengths.length > mostTasks) throw new RangeError(`${lengths.length} tasks in one message`)
  const cut = new Cut(bytes)
  return { ...rest, pieces: lengths.map((length) => cut.take(length)) }
}

/** Writes a word to a submitter. */
export const downRow = (word: SubmitterDown): SubmitterDownRow => {
  if (word._tag !== "Ended") return word
  const { endings, sequence } = word
  const numbers: Array<number> = []
  const runs: Array<Uint8Array> = []
  const others: Array<Outcome> = []
  for (const { count, entry, epoch, index, outcome, request, task, times } of endings) {
    const encoding = encodingOf(outcome)
    const result = encoding === beside ? none : resultOf(outcome)
    if (encoding === beside) others.push(outcome)
    else runs.push(result)
    const { assigned, finished, queued, started } = times ?? never
    numbers.push(request, entry, index, count, task, epoch, queued, assigned, started, finished)
    numbers.push(times === undefined ? encoding + untimed : encoding, result.length)
  }
  return { _tag: "Ended", numbers, bytes: joined(runs), others, ...(sequence !== undefined && { sequence }) }
}

const none = new Uint8Array()
const never: Times = { queued: 0, assigned: 0, started: 0, finished: 0 }

/** Reads a word to a submitter; throws for nonsense. */
export const downWord = (row: SubmitterDownRow): SubmitterDown => {
  if (row._tag !== "Ended") return row
  const { bytes, numbers, others, sequence } = row
  const cut = new Cut(bytes)
  const endings: Array<Ending> = []
  let next = 0
  const rows = rowsOf(numbers, columns)
  for (let at = 0; at < rows * columns; at += columns) {
    const code = numbers[at + 10]!
    const encoding = code >= untimed ? code - untimed : code
    const outcome = encoding === beside ? others[next++] : cut.result(encoding, numbers[at + 11])
    if (outcome === undefined) throw new RangeError("An outcome is missing")
    endings.push({
      request: numbers[at]!,
      entry: natural(numbers[at + 1]),
      index: natural(numbers[at + 2]),
      count: natural(numbers[at + 3]),
      task: natural(numbers[at + 4]),
      epoch: numbers[at + 5]!,
      outcome,
      times: code >= untimed ? undefined : {
        queued: numbers[at + 6]!,
        assigned: numbers[at + 7]!,
        started: numbers[at + 8]!,
        finished: numbers[at + 9]!
      }
    })
  }
  return { _tag: "Ended", endings, ...(sequence !== undefined && { sequence }) }
}
