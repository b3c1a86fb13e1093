/**
 * What became of attempts, on its way from a thread as one run of bytes: when
 * each started, some whole numbers, then the results. Whatever is no plain
 * result travels beside the bytes. Attempts go by their claims (see `Claims`).
 *
 * @since 0.1.0
 */
import type { Report } from "../dispatch/Event.ts"
import { partsOf, withParts } from "../task/Parts.ts"
import { Encoding } from "../task/Payload.ts"
import type { PartsAt, Written } from "./AttemptFrame.ts"

/** What a thread has to say of its claims; the `task` of a report is the claim. */
export interface ClaimReports {
  readonly started: ReadonlyArray<number>
  /** Taken back before they were started: their claims are free again. */
  readonly discarded: ReadonlyArray<number>
  readonly ended: ReadonlyArray<Report>
}

/** The same in bytes; `others` are the reports without a plain result, in the order of the bytes. */
export interface ReportFrame {
  readonly bytes: ArrayBuffer
  readonly others: ReadonlyArray<Report>
  readonly parts: ReadonlyArray<PartsAt>
}

/** What the other end makes of them. */
export interface ReportReader {
  readonly started: (claim: number) => void
  readonly discarded: (claim: number) => void
  /** The bytes are a view of the frame's. */
  readonly succeeded: (claim: number, startedAt: number, encoding: Encoding, bytes: Uint8Array) => void
  readonly ended: (report: Report) => void
}

// Claim, what it is, length of the result.
const fields = 3
const encodings = Encoding.literals
// Smaller numbers are the encodings of a result.
const other = 16
const started = 17
const discarded = 18

/** Writes a frame. */
export const write = (reports: ClaimReports): Written<ReportFrame> => {
  const count = reports.started.length + reports.discarded.length + reports.ended.length
  const head = 8 * (1 + count)
  const start = head + 4 * fields * count
  const size = reports.ended.reduce(
    (sum, report) => isPlain(report) ? sum + report.outcome.value.bytes.length : sum,
    start
  )
  const bytes = new Uint8Array(size)
  const times = new Float64Array(bytes.buffer, 0, 1 + count)
  const numbers = new Int32Array(bytes.buffer, head, fields * count)
  const others: Array<Report> = []
  const parts: Array<PartsAt> = []
  const transfer: Array<ArrayBuffer> = [bytes.buffer]
  let at = 0
  let place = 1
  let end = start
  times[0] = count
  const note = (claim: number, what: number): void => {
    numbers[at] = claim
    numbers[at + 1] = what
    at += fields
    place++
  }
  for (const claim of reports.started) note(claim, started)
  for (const claim of reports.discarded) note(claim, discarded)
  for (const report of reports.ended) {
    if (!isPlain(report)) {
      others.push(report)
      note(report.task, other)
      continue
    }
    const { outcome: { value: { bytes: result, encoding } }, startedAt = Number.NaN, task } = report
    times[place] = startedAt
    const beside = partsOf(result)
    if (beside !== undefined) {
      parts.push([place, beside])
      // Nobody here needs them any more.
      transfer.push(...beside.map(({ buffer }) => buffer as ArrayBuffer))
    }
    numbers[at + 2] = result.length
    note(task, encodings.indexOf(encoding))
    if (result.length >= 32) bytes.set(result, end)
    else for (let index = 0; index < result.length; index++) bytes[end + index] = result[index]!
    end += result.length
  }
  return { frame: { bytes: bytes.buffer, others, parts }, transfer }
}

/** Reads a frame. */
export const read = ({ bytes, others, parts }: ReportFrame, reader: ReportReader): void => {
  const [count = 0] = new Float64Array(bytes, 0, 1)
  const head = 8 * (1 + count)
  const times = new Float64Array(bytes, 0, 1 + count)
  const numbers = new Int32Array(bytes, head, fields * count)
  let start = head + 4 * fields * count
  let next = 0
  let parted = 0
  for (let place = 0; place < count; place++) {
    const claim = numbers[fields * place]!
    const what = numbers[fields * place + 1]!
    const length = numbers[fields * place + 2]!
    if (what === started) reader.started(claim)
    else if (what === discarded) reader.discarded(claim)
    else if (what === other) reader.ended(others[next++]!)
    else {
      const result = new Uint8Array(bytes, start, length)
      if (parts[parted]?.[0] === 1 + place) withParts(result, parts[parted++]![1])
      reader.succeeded(claim, times[1 + place]!, encodings[what]!, result)
      start += length
    }
  }
}

type Plain = Report & { readonly outcome: { readonly _tag: "Succeeded" } }

const isPlain = (report: Report): report is Plain =>
  report.outcome._tag === "Succeeded" && report.outcome.value.blob === undefined && report.retryAfter === undefined &&
  report.isDeath === undefined &&
  report.hash === undefined && report.generation === undefined
