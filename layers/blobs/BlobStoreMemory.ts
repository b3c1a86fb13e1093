/**
 * Blobs in memory, for as long as the process lasts.
 *
 * @since 0.1.0
 */
import { Clock, Duration, Effect, Layer } from "effect"
import { createHash } from "node:crypto"
import { BlobStore } from "../../services/BlobStore.ts"
import { isSound } from "../../src/blob/Blob.ts"
import { BlobInvalid, BlobMissing, BlobsFailed } from "../../src/blob/BlobFailed.ts"
import type { BlobRef } from "../../src/task/Payload.ts"

interface Kept {
  readonly bytes: Uint8Array
  usedAt: number
}

interface Unfinished {
  readonly bytes: Uint8Array
  length: number
}

/** Bytes that may be kept. */
const defaultMost = 2 ** 30

const make = (most: number) =>
  Effect.sync(() => {
    const kept = new Map<string, Kept>()
    const unfinished = new Map<string, Unfinished>()
    let size = 0
    const put = (
      blob: BlobRef,
      offset: number,
      piece: Uint8Array,
      now: number
    ): Effect.Effect<void, BlobInvalid | BlobsFailed> => {
      const { hash } = blob
      const invalid = (problem: string) => Effect.fail(new BlobInvalid({ hash, problem }))
      if (!isSound(blob)) return invalid("that is no hash, or no size")
      const known = kept.get(hash)
      if (known !== undefined) {
        known.usedAt = now
        return Effect.void
      }
      if (offset === 0 && !unfinished.has(hash)) {
        if (size + blob.size > most) {
          return Effect.fail(new BlobsFailed({ problem: `more than ${most} bytes are there` }))
        }
        size += blob.size
        unfinished.set(hash, { bytes: new Uint8Array(blob.size), length: 0 })
      }
      const current = unfinished.get(hash)
      if (current === undefined) return invalid("its first piece is missing")
      // Who begins anew, after somebody who has not come to an end.
      if (offset === 0) current.length = 0
      const drop = (problem: string) => {
        unfinished.delete(hash)
        size -= current.bytes.length
        return invalid(problem)
      }
      if (offset !== current.length) {
        return drop(`it has ${current.length} bytes, and the next piece is from ${offset} on`)
      }
      if (offset + piece.length > current.bytes.length) return drop("it has more bytes than it was to have")
      current.bytes.set(piece, offset)
      current.length += piece.length
      if (current.length < current.bytes.length) return Effect.void
      if (createHash("sha256").update(current.bytes).digest("hex") !== hash) return drop("they have another hash")
      unfinished.delete(hash)
      kept.set(hash, { bytes: current.bytes, usedAt: now })
      return Effect.void
    }
    return BlobStore.of({
      has: ({ hash }) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const found = kept.get(hash)
          if (found !== undefined) found.usedAt = now
          return found !== undefined
        }),
      put: (blob, offset, piece) => Effect.flatMap(Clock.currentTimeMillis, (now) => put(blob, offset, piece, now)),
      get: ({ hash }, offset, length) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const found = kept.get(hash)
          if (found === undefined) return Effect.fail(new BlobMissing({ hash }))
          found.usedAt = now
          return Effect.succeed(found.bytes.subarray(offset, offset + length))
        }),
      sweep: (keep, age) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const since = now - Duration.toMillis(age)
          let count = 0
          for (const [hash, { bytes, usedAt }] of kept) {
            if (keep.has(hash) || usedAt > since) continue
            kept.delete(hash)
            size -= bytes.length
            count++
          }
          return count
        })
    })
  })

/** Keeps so many bytes at most; a gibibyte where absent. */
export const layer = (most = defaultMost): Layer.Layer<BlobStore> => Layer.effect(BlobStore, make(most))
