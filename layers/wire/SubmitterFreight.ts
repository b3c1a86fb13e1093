/**
 * A submitter's large payloads and results: they travel beside what they are of.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { threshold } from "../../src/blob/Blob.ts"
import type { Refusal } from "../../src/dispatch/Command.ts"
import { payloadAt } from "../../src/protocol/session/SubmitterWords.ts"
import type { Submitted, SubmitterMessage, SubmitterNotice } from "../../src/protocol/SubmitterPort.ts"
import { type Blobs, isBeside, type Unmoved } from "./Blobs.ts"

type Submit = Extract<SubmitterMessage, { readonly _tag: "submit" }>

const hasLarge = ({ entry: { count }, payloads }: Submitted): boolean => {
  // None of them can be larger than all.
  if (payloads._tag === "List" && payloads.bytes.length <= threshold) return false
  if (payloads._tag === "Pieces") return payloads.pieces.some(({ length }) => length > threshold)
  for (let index = 0; index < count; index++) if (payloadAt(payloads, index).length > threshold) return true
  return false
}

const empty = new Uint8Array()

const stored = (submitted: Submitted, blobs: Blobs): Effect.Effect<Submitted, Unmoved> =>
  Effect.suspend(() => {
    if (!hasLarge(submitted)) return Effect.succeed(submitted)
    const { entry: { count }, payloads } = submitted
    const pieces = Array.from({ length: count }, (_, index) => payloadAt(payloads, index))
    const large = pieces.flatMap((piece, index) => piece.length > threshold ? [[index, piece] as const] : [])
    return Effect.map(
      Effect.forEach(large, ([index, piece]) => Effect.map(blobs.put(piece), (blob) => [index, blob] as const)),
      (beside): Submitted => ({
        ...submitted,
        payloads: { _tag: "Pieces", pieces: pieces.map((piece) => piece.length > threshold ? empty : piece) },
        blobs: beside
      })
    )
  })

/** Brings the large payloads of a submission to the server; undefined for a message that has none. */
export const loading = (
  message: SubmitterMessage,
  blobs: Blobs,
  refused: (request: number, reason: Refusal) => void
): Effect.Effect<SubmitterMessage | undefined> | undefined => {
  if (message._tag !== "submit" || !message.entries.some(hasLarge)) return undefined
  return Effect.match(Effect.forEach(message.entries, (submitted) => stored(submitted, blobs)), {
    onFailure: ({ reason }) => {
      refused(message.request, { _tag: "Full", reason: `a large payload was not taken: ${reason}` })
      return undefined
    },
    onSuccess: (entries): Submit | undefined => ({ ...message, entries })
  })
}

/** Fetches the large results of a notice; undefined for one that has none. */
export const unloading = (notice: SubmitterNotice, blobs: Blobs): Effect.Effect<SubmitterNotice> | undefined => {
  if (notice._tag !== "Ended" || !notice.endings.some(({ outcome }) => isBeside(outcome))) return undefined
  return Effect.map(
    Effect.forEach(
      notice.endings,
      (ending) => Effect.map(blobs.wholeOutcome(ending.outcome), (outcome) => ({ ...ending, outcome })),
      { concurrency: 4 }
    ),
    (endings) => ({ ...notice, endings })
  )
}
