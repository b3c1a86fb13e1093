/**
 * The payloads of an entry in pieces, so that neither a million tasks nor large
 * ones are ever read at once.
 *
 * @since 0.1.0
 */
import { ColumnReader, ColumnWriter } from "./Columns.ts"
import type { StoredPayloads } from "./Stored.ts"

/** What a piece holds at most; one payload that is larger has its own. */
export const most = { tasks: 1_024, bytes: 2 ** 20 } as const

/** Where there are none. */
export const none: StoredPayloads = { bytes: new Uint8Array(), offsets: new Uint32Array(1) }

/** How many payloads these are. */
export const countOf = ({ offsets }: StoredPayloads): number => Math.max(0, offsets.length - 1)

/** Those from the one of that index on; a view of the same bytes. */
export const sliced = (payloads: StoredPayloads, from: number, count: number): StoredPayloads => {
  const end = Math.min(countOf(payloads), from + count)
  if (end <= from) return none
  if (from === 0 && end === countOf(payloads)) return payloads
  const { blobs, bytes, offsets } = payloads
  const start = offsets[from]!
  const own = offsets.slice(from, end + 1)
  if (start > 0) { for (let index = 0; index < own.length; index++) own[index]! -= start }
  const beside = blobs?.filter(([index]) => index >= from && index < end)
    .map(([index, blob]) => [index - from, blob] as const)
  return {
    bytes: bytes.subarray(start, offsets[end]),
    offsets: own,
    ...(beside !== undefined && beside.length > 0 && { blobs: beside })
  }
}

/** As many from that index on as fit one piece: one at least, if there is any. */
export const fitting = (payloads: StoredPayloads, from: number, count = Infinity): StoredPayloads => {
  const { offsets } = payloads
  const end = Math.min(countOf(payloads), from + Math.min(count, most.tasks))
  let to = from + 1
  while (to < end && offsets[to + 1]! - offsets[from]! <= most.bytes) to++
  return sliced(payloads, from, to - from)
}

/** One after the other, with the index of the first payload of each. */
export const split = function*(payloads: StoredPayloads): Iterable<readonly [from: number, piece: StoredPayloads]> {
  const count = countOf(payloads)
  for (let from = 0; from < count;) {
    const piece = fitting(payloads, from)
    yield [from, piece]
    from += countOf(piece)
  }
}

/** One piece as bytes. */
export const encode = ({ blobs = [], bytes, offsets }: StoredPayloads): Uint8Array => {
  const text = blobs.length === 0 ? new Uint8Array() : new TextEncoder().encode(JSON.stringify(blobs))
  const writer = new ColumnWriter(128 + 4 * offsets.length + bytes.length + text.length)
  for (const value of [offsets.length, text.length, bytes.length]) writer.number(value)
  writer.numbers(Float64Array.from(offsets))
  writer.room(text.length).set(text)
  writer.room(bytes.length).set(bytes)
  return writer.take()
}

/** Throws a `RangeError` for what is none. */
export const decode = (piece: Uint8Array): StoredPayloads => {
  const reader = new ColumnReader(piece)
  const [count, textSize, size] = [reader.number(), reader.number(), reader.number()]
  const offsets = Uint32Array.from(reader.numbers(count))
  const text = reader.bytes(textSize)
  const bytes = reader.bytes(size)
  return textSize === 0 ? { bytes, offsets } : { bytes, offsets, blobs: JSON.parse(new TextDecoder().decode(text)) }
}
