/**
 * The payloads of an entry that are in memory: all of them, or those that come
 * next and those that are being worked at. The others are in the store.
 *
 * @since 0.1.0
 */
import type { Payloads, Submitted } from "../../src/protocol/SubmitterPort.ts"
import type { StoredEntry, StoredPayloads } from "../../src/store/Stored.ts"
import type { BlobRef } from "../../src/task/Payload.ts"
import { payloadAt } from "./Messages.ts"

/** A payload, or where it lies. */
export interface Found {
  readonly payload: Uint8Array
  readonly blob: BlobRef | undefined
}

interface Piece {
  readonly from: number
  readonly payloads: StoredPayloads
  left: number
}

const sizeOf = (payloads: Payloads): number =>
  payloads._tag === "List"
    ? payloads.bytes.byteLength + payloads.offsets.byteLength
    : payloads._tag === "Pieces"
    ? payloads.pieces.reduce((sum, { byteLength }) => sum + byteLength, 0)
    : 0

/** Entries have blobs in the order of their tasks. */
const blobAt = (
  blobs: ReadonlyArray<readonly [index: number, blob: BlobRef]> | undefined,
  index: number
): BlobRef | undefined => blobs?.find(([at]) => at === index)?.[1]

/** One entry. */
export class Held {
  readonly stored: StoredEntry
  /** Tasks that have not ended. */
  left: number
  #whole: Payloads | undefined
  readonly #blobs: Submitted["blobs"]
  #pieces: Array<Piece> = []
  /** Bytes in memory. */
  size = 0

  /** `submitted` if all of it stays in memory until it has ended. */
  constructor(stored: StoredEntry, left: number, submitted?: Submitted) {
    this.stored = stored
    this.left = left
    this.#whole = submitted?.payloads
    this.#blobs = submitted?.blobs
    if (submitted !== undefined) this.size = sizeOf(submitted.payloads)
  }

  find(index: number): Found | undefined {
    if (this.#whole !== undefined) {
      return { payload: payloadAt(this.#whole, index), blob: blobAt(this.#blobs, index) }
    }
    const piece = this.#pieceOf(index)
    if (piece === undefined) return undefined
    const { from, payloads: { blobs, bytes, offsets } } = piece
    const at = index - from
    return { payload: bytes.subarray(offsets[at], offsets[at + 1]), blob: blobAt(blobs, at) }
  }

  /** What was read from the store: so many tasks, from that index on. */
  load(from: number, payloads: StoredPayloads): void {
    this.#pieces.push({ from, payloads, left: payloads.offsets.length - 1 })
    this.size += payloads.bytes.byteLength
  }

  ended(index: number, count: number): void {
    this.left -= count
    for (let at = index; at < index + count && this.#pieces.length > 0; at++) {
      const piece = this.#pieceOf(at)
      if (piece === undefined || --piece.left > 0) continue
      this.#pieces = this.#pieces.filter((other) => other !== piece)
      this.size -= piece.payloads.bytes.byteLength
    }
  }

  #pieceOf(index: number): Piece | undefined {
    return this.#pieces.find(({ from, payloads }) => index >= from && index < from + payloads.offsets.length - 1)
  }
}

/** All payloads of an entry as the store takes them. */
export const storable = ({ blobs, entry: { count }, payloads }: Submitted): StoredPayloads => {
  const beside = blobs === undefined ? {} : { blobs }
  if (payloads._tag === "List") return { bytes: payloads.bytes, offsets: payloads.offsets, ...beside }
  const offsets = new Uint32Array(count + 1)
  let size = 0
  for (let index = 0; index < count; index++) {
    size += payloadAt(payloads, index).byteLength
    offsets[index + 1] = size
  }
  const bytes = new Uint8Array(size)
  for (let index = 0; index < count; index++) bytes.set(payloadAt(payloads, index), offsets[index])
  return { bytes, offsets, ...beside }
}
