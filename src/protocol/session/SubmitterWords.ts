/**
 * What a submitter and a server elsewhere say to each other within a session:
 * the messages of `SubmitterPort`, those that are large in pieces.
 *
 * @since 0.1.0
 */
import type { Ending } from "../../dispatch/Command.ts"
import type { Outcome } from "../../task/Outcome.ts"
import type { Payloads, SubmitterMessage, SubmitterNotice } from "../SubmitterPort.ts"

type Submit = Extract<SubmitterMessage, { readonly _tag: "submit" }>

/** Payloads of one entry of a submission that is too large for one message, in order. */
export interface Piece {
  readonly _tag: "piece"
  readonly request: number
  readonly entry: number
  readonly pieces: ReadonlyArray<Uint8Array>
  readonly keys?: ReadonlyArray<string>
  readonly hashes?: ReadonlyArray<number>
  /** The submission is whole with it. */
  readonly isLast: boolean
}

/** To the server. The entries of a submission that is not whole lack payloads, keys and hashes: these follow in pieces. */
export type SubmitterUp =
  | (Submit & { readonly isWhole: boolean })
  | Piece
  | Exclude<SubmitterMessage, Submit>
  /** It wants nothing more. */
  | { readonly _tag: "leave" }

/** To the submitter. */
export type SubmitterDown =
  | SubmitterNotice
  /** Nothing more will come. */
  | { readonly _tag: "lost"; readonly reason: string }
  /** What it left behind is cancelled. */
  | { readonly _tag: "left" }

/** Bytes of payloads, and tasks, that one message has at most. */
export const mostBytes = 384 * 1_024
/** See `mostBytes`. */
export const mostTasks = 1_000

/** About what a task takes beside its payload. */
const overhead = 64

/** The payload of a task in its entry. */
export const payloadAt = (payloads: Payloads, index: number): Uint8Array => {
  if (payloads._tag === "Range") return payloads.at(index)
  if (payloads._tag === "Pieces") return payloads.pieces[index] ?? nothing
  return payloads.bytes.subarray(payloads.offsets[index], payloads.offsets[index + 1])
}

const nothing = new Uint8Array()

/** Bytes of all payloads; those of a range are not known before they are made. */
const payloadsSize = (payloads: Payloads): number => {
  if (payloads._tag === "Range") return Infinity
  return payloads._tag === "List"
    ? payloads.bytes.length
    : payloads.pieces.reduce((sum, { length }) => sum + length, 0)
}

const textSize = (texts: ReadonlyArray<string> | undefined): number =>
  texts === undefined ? 0 : texts.reduce((sum, { length }) => sum + 3 * length, 0)

/** A submission as one message, or as many as it takes. */
export const split = (request: number, message: Submit): ReadonlyArray<SubmitterUp> => {
  const { entries } = message
  let bytes = 0
  let tasks = 0
  for (const { entry, payloads } of entries) {
    bytes += payloadsSize(payloads) + textSize(entry.keys)
    tasks += entry.count
  }
  if (bytes <= mostBytes && tasks <= mostTasks) return [{ ...message, request, isWhole: true }]
  const heads = entries.map((submitted) => {
    const { hashes: _hashes, keys: _keys, ...entry } = submitted.entry
    return { ...submitted, entry, payloads: { _tag: "Pieces", pieces: [] } as const }
  })
  const words: Array<SubmitterUp> = [{ ...message, request, entries: heads, isWhole: false }]
  for (const [index, submitted] of entries.entries()) words.push(...piecesOf(request, index, submitted))
  const last = words.pop()
  words.push(
    last?._tag === "piece" ? { ...last, isLast: true } : { _tag: "piece", request, entry: 0, pieces: [], isLast: true }
  )
  // An entry without tasks has no piece: the head may have been the last word.
  return last === undefined || last._tag === "piece" ? words : [last, ...words]
}

const piecesOf = (
  request: number,
  index: number,
  { entry, payloads }: Submit["entries"][number]
): ReadonlyArray<Piece> => {
  const { count, hashes, keys } = entry
  const words: Array<Piece> = []
  for (let from = 0; from < count;) {
    const pieces: Array<Uint8Array> = []
    let size = 0
    let to = from
    while (to < count && pieces.length < mostTasks) {
      const payload = payloadAt(payloads, to)
      const more = payload.length + 3 * (keys?.[to]?.length ?? 0)
      if (pieces.length > 0 && size + more > mostBytes) break
      pieces.push(payload)
      size += more
      to++
    }
    words.push({
      _tag: "piece",
      request,
      entry: index,
      pieces,
      ...(keys && { keys: keys.slice(from, to) }),
      ...(hashes && { hashes: hashes.slice(from, to) }),
      isLast: false
    })
    from = to
  }
  return words
}

/** About how many bytes a word takes. */
export const sizeOf = (word: SubmitterUp): number => {
  switch (word._tag) {
    case "submit":
      return word.entries.reduce(
        (sum, { entry, payloads }) =>
          sum + 512 + payloadsSize(payloads) + textSize(entry.keys) + overhead * entry.count +
          16 * (entry.after?.length ?? 0),
        128
      )
    case "piece":
      return word.pieces.reduce((sum, { length }) => sum + length + 16, 64 + textSize(word.keys))
    case "fetched":
      return 64 + 8 * word.tasks.length
    default:
      return 64
  }
}

/** Bytes of an outcome. */
export const outcomeSize = (outcome: Outcome): number => {
  switch (outcome._tag) {
    case "Succeeded":
      return outcome.value.bytes.length
    case "Failed":
      return outcome.error.bytes.length
    case "Crashed":
      return 3 * (outcome.defect.message.length + (outcome.defect.stack?.length ?? 0))
    case "Lost":
    case "Quarantined":
      return textSize(outcome.executors.map(({ reason }) => reason))
    default:
      return 64
  }
}

/** About how many bytes a word to a submitter takes. */
export const downSizeOf = (word: SubmitterDown): number => {
  switch (word._tag) {
    case "Ended":
      return word.endings.reduce((sum, { outcome }) => sum + 100 + outcomeSize(outcome), 64)
    case "TaskProgress":
      return 64 + word.value.length
    case "TaskLog":
      return 256 + 3 * word.line.message.length
    case "Accepted":
      return 64 + 8 * word.first.length + 32 * word.known.length
    default:
      return 256
  }
}

/** A notice as one word, or as many as its size takes; only the last says how far one has come with it. */
export const splitNotice = (notice: SubmitterNotice): ReadonlyArray<SubmitterNotice> => {
  if (notice._tag !== "Ended") return [notice]
  const { endings, sequence } = notice
  const chunks = chunked(endings, ({ outcome }: Ending) => 100 + outcomeSize(outcome))
  if (chunks.length <= 1 || sequence === undefined) {
    return chunks.length <= 1 ? [notice] : chunks.map((endings) => ({ _tag: "Ended", endings }))
  }
  const last = chunks.length - 1
  return chunks.map((endings, index) =>
    index === last ? { _tag: "Ended", endings, sequence } : { _tag: "Ended", endings }
  )
}

/** Items in order, in chunks none of which is larger than a message may be, but by its first item. */
export const chunked = <A>(items: ReadonlyArray<A>, sizeOf: (item: A) => number): ReadonlyArray<ReadonlyArray<A>> => {
  const chunks: Array<ReadonlyArray<A>> = []
  let chunk: Array<A> = []
  let size = 0
  for (const item of items) {
    const more = sizeOf(item)
    if (chunk.length > 0 && (size + more > mostBytes || chunk.length >= 4 * mostTasks)) {
      chunks.push(chunk)
      chunk = []
      size = 0
    }
    chunk.push(item)
    size += more
  }
  if (chunk.length > 0) chunks.push(chunk)
  return chunks
}
