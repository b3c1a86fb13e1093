/**
 * How an executor's words are written.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import type { Batch } from "../../dispatch/Command.ts"
import type { LeaseRef, Report } from "../../dispatch/Event.ts"
import { ExecutorId, NodeId } from "../../task/Attempt.ts"
import { LogLine } from "../../task/LogLine.ts"
import { Outcome } from "../../task/Outcome.ts"
import { BlobRef } from "../../task/Payload.ts"
import { Resources } from "../../task/TaskSpec.ts"
import type { Attempt } from "../ExecutorPort.ts"
import type { ExecutorDown, ExecutorUp } from "./ExecutorWords.ts"
import { beside, Cut, encodingOf, joined, natural, resultOf, rowsOf } from "./Rows.ts"
import type { SpecNames, SpecTable } from "./Specs.ts"

const { Array: List, Boolean: Bool, Number: Num, String: Text, Struct, TaggedStruct, Uint8Array: Bytes, optionalKey } =
  Schema

/** What an executor offers. */
export const SpecRow = Struct({
  executorId: ExecutorId,
  node: Struct({ nodeId: NodeId, capacity: optionalKey(Resources) }),
  slots: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
  prefetch: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
  libraries: List(Struct({ name: Text, version: Text, tasks: Schema.Record(Text, Text) })),
  services: List(Text),
  labels: List(Text),
  heartbeat: Bool,
  pid: optionalKey(Schema.Int)
})

const LeaseRow = Struct({ task: Schema.Int, epoch: Schema.Int, generation: optionalKey(Schema.Int) })
/** Three numbers a lease: task, epoch, generation or -1. */
const leases = { numbers: List(Num) }

/** What an executor says. */
export const ExecutorUpRow = Schema.Union([
  /**
   * Six numbers a report: task, epoch, generation or -1, when it started, its encoding, the length of its result. An
   * encoding of 3 says that the rest of the report is the next of `others`.
   */
  TaggedStruct("ended", {
    numbers: List(Num),
    bytes: Bytes,
    others: List(Struct({
      outcome: Outcome,
      retryAfter: optionalKey(Num),
      isDeath: optionalKey(Bool),
      hash: optionalKey(Num)
    }))
  }),
  TaggedStruct("started", leases),
  TaggedStruct("recalled", leases),
  TaggedStruct("adopted", leases),
  TaggedStruct("beat", { slots: optionalKey(Schema.Int) }),
  TaggedStruct("progress", { lease: LeaseRow, value: Bytes }),
  TaggedStruct("log", { lease: LeaseRow, line: LogLine }),
  TaggedStruct("output", { line: LogLine }),
  TaggedStruct("logs", { entries: List(Struct({ lease: LeaseRow, line: LogLine })) }),
  TaggedStruct("leave", { reason: optionalKey(Text) })
])
/** See the schema. */
export type ExecutorUpRow = typeof ExecutorUpRow.Type

const BatchRow = Struct({
  /** The number of its kind of task. */
  spec: Num,
  source: Num,
  submitter: Text,
  submission: Text,
  request: Num,
  entry: Num,
  priority: Num,
  deadline: optionalKey(Num),
  trace: optionalKey(Struct({ traceId: Text, spanId: Text }))
})

/** What an executor is told. */
export const ExecutorDownRow = Schema.Union([
  /**
   * Seven numbers an attempt: task, epoch, retries, index, which of `batches`, flags, the length of its payload. Flags
   * are 1 if it is resumed, 2 if somebody follows it, 4 if it is logged, 8 if the next of `rare` is about it.
   */
  TaggedStruct("Assign", {
    numbers: List(Num),
    batches: List(BatchRow),
    bytes: Bytes,
    rare: List(Struct({
      refs: optionalKey(List(Outcome)),
      refFields: optionalKey(List(Text)),
      blob: optionalKey(BlobRef)
    }))
  }),
  TaggedStruct("Recall", leases),
  TaggedStruct("Revoke", {
    task: Num,
    epoch: Num,
    reason: Schema.Literals(["cancelled", "timedOut", "expired", "stale"]),
    kill: Bool
  }),
  TaggedStruct("Stop", {}),
  TaggedStruct("left", {})
])
/** See the schema. */
export type ExecutorDownRow = typeof ExecutorDownRow.Type

const leaseNumbers = (all: ReadonlyArray<LeaseRef>): ReadonlyArray<number> =>
  all.flatMap(({ epoch, generation = -1, task }) => [task, epoch, generation])

const leaseRefs = (numbers: ReadonlyArray<number>): ReadonlyArray<LeaseRef> =>
  Array.from({ length: rowsOf(numbers, 3) }, (_, row) => leaseAt(numbers, 3 * row))

const leaseAt = (numbers: ReadonlyArray<number>, at: number): LeaseRef => {
  const task = natural(numbers[at])
  const epoch = natural(numbers[at + 1])
  const generation = numbers[at + 2]!
  return generation === -1 ? { task, epoch } : { task, epoch, generation: natural(generation) }
}

const reportColumns = 6

const isPlain = ({ hash, isDeath, retryAfter }: Report): boolean =>
  retryAfter === undefined && isDeath === undefined && hash === undefined

/** Writes a word of an executor; `startOf` says when it started on the server's clock. */
export const upRow = (word: ExecutorUp, startOf: (startedAt: number) => number): ExecutorUpRow => {
  switch (word._tag) {
    case "started":
    case "recalled":
    case "adopted":
      return { _tag: word._tag, numbers: leaseNumbers(word.leases) }
    case "ended": {
      const numbers: Array<number> = []
      const runs: Array<Uint8Array> = []
      const others: Array<Extract<ExecutorUpRow, { readonly _tag: "ended" }>["others"][number]> = []
      for (const report of word.reports) {
        const { epoch, generation = -1, outcome, startedAt = Number.NaN, task } = report
        const encoding = isPlain(report) ? encodingOf(outcome) : beside
        if (encoding === beside) {
          const { hash, isDeath, retryAfter } = report
          others.push({
            outcome,
            ...(retryAfter !== undefined && { retryAfter }),
            ...(isDeath !== undefined && { isDeath }),
            ...(hash !== undefined && { hash })
          })
          numbers.push(task, epoch, generation, startOf(startedAt), encoding, 0)
          continue
        }
        const result = resultOf(outcome)
        runs.push(result)
        numbers.push(task, epoch, generation, startOf(startedAt), encoding, result.length)
      }
      return { _tag: "ended", numbers, bytes: joined(runs), others }
    }
    default:
      return word
  }
}

/** Reads a word of an executor; throws for nonsense. */
export const upWord = (row: ExecutorUpRow): ExecutorUp => {
  switch (row._tag) {
    case "started":
    case "recalled":
    case "adopted":
      return { _tag: row._tag, leases: leaseRefs(row.numbers) }
    case "ended": {
      const { bytes, numbers, others } = row
      const cut = new Cut(bytes)
      const reports: Array<Report> = []
      let next = 0
      const rows = rowsOf(numbers, reportColumns)
      for (let at = 0; at < rows * reportColumns; at += reportColumns) {
        const startedAt = numbers[at + 3]!
        const lease = leaseAt(numbers, at)
        if (numbers[at + 4] !== beside) {
          reports.push({ ...lease, startedAt, outcome: cut.result(numbers[at + 4], numbers[at + 5]) })
          continue
        }
        const other = others[next++]
        if (other === undefined) throw new RangeError("A report is missing")
        reports.push({ ...lease, startedAt, ...other })
      }
      return { _tag: "ended", reports }
    }
    case "progress":
    case "log":
      natural(row.lease.task)
      return row
    case "logs":
      for (const { lease } of row.entries) natural(lease.task)
      return row
    case "output":
      return row
    case "beat":
      if (row.slots !== undefined) natural(row.slots)
      return row
    case "leave":
      return row
  }
}

const attemptColumns = 7
const [isResumed, isFollowed, isLogged, isRare] = [1, 2, 4, 8]

/** Writes a word to an executor. */
export const downRow = (word: ExecutorDown, names: SpecNames): ExecutorDownRow => {
  if (word._tag === "Recall") return { _tag: "Recall", numbers: leaseNumbers(word.leases) }
  if (word._tag !== "Assign") return word
  const numbers: Array<number> = []
  const batches: Array<typeof BatchRow.Type> = []
  const rare: Array<Extract<ExecutorDownRow, { readonly _tag: "Assign" }>["rare"][number]> = []
  let last: Batch | undefined
  for (const { assignment, blob, isFollowed: follows, isLogged: logs = false, payload, refFields } of word.attempts) {
    const { batch, refs } = assignment
    if (batch !== last) {
      const { deadline, spec, trace, ...rest } = batch
      batches.push({
        ...rest,
        spec: names.numberOf(spec),
        ...(deadline !== undefined && { deadline }),
        ...(trace !== undefined && { trace })
      })
      last = batch
    }
    let flags = (assignment.isResumed ? isResumed : 0) | (follows ? isFollowed : 0) | (logs ? isLogged : 0)
    if (refs !== undefined || refFields !== undefined || blob !== undefined) {
      flags |= isRare
      rare.push({ ...(refs && { refs }), ...(refFields && { refFields }), ...(blob && { blob }) })
    }
    const { epoch, index, retries, task } = assignment
    numbers.push(task, epoch, retries, index, batches.length - 1, flags, payload.length)
  }
  return { _tag: "Assign", numbers, batches, bytes: joined(word.attempts.map(({ payload }) => payload)), rare }
}

/** Reads a word to an executor; throws for nonsense. */
export const downWord = (row: ExecutorDownRow, specs: SpecTable): ExecutorDown => {
  if (row._tag === "Recall") return { _tag: "Recall", leases: leaseRefs(row.numbers) }
  if (row._tag !== "Assign") return row
  const { bytes, numbers, rare } = row
  const batches = row.batches.map(({ deadline, spec, trace, ...rest }): Batch => ({
    ...rest,
    spec: specs.find(spec),
    deadline,
    trace
  }))
  const cut = new Cut(bytes)
  const attempts: Array<Attempt> = []
  let next = 0
  const rows = rowsOf(numbers, attemptColumns)
  for (let at = 0; at < rows * attemptColumns; at += attemptColumns) {
    const batch = batches[numbers[at + 4]!]
    const flags = numbers[at + 5]!
    const { blob, refFields, refs } = (flags & isRare) === 0 ? nothing : rare[next++] ?? nothing
    if (batch === undefined) throw new RangeError("An attempt is of no batch")
    attempts.push({
      assignment: {
        task: natural(numbers[at]),
        epoch: numbers[at + 1]!,
        retries: numbers[at + 2]!,
        index: numbers[at + 3]!,
        batch,
        refs,
        isResumed: (flags & isResumed) !== 0
      },
      payload: cut.take(numbers[at + 6]),
      refFields,
      isFollowed: (flags & isFollowed) !== 0,
      ...((flags & isLogged) !== 0 && { isLogged: true }),
      ...(blob !== undefined && { blob })
    })
  }
  return { _tag: "Assign", attempts }
}

const nothing: Extract<ExecutorDownRow, { readonly _tag: "Assign" }>["rare"][number] = {}
