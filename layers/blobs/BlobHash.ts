/**
 * @since 0.1.0
 */
import { Effect } from "effect"
import { createHash } from "node:crypto"
import type { BlobRef } from "../../src/task/Payload.ts"

/** Bytes that are hashed before others have their turn. */
const stride = 4 * 2 ** 20

/** What names these bytes. */
export const refOf = (bytes: Uint8Array): Effect.Effect<BlobRef> =>
  Effect.suspend(() => {
    const hash = createHash("sha256")
    let at = 0
    const next = (): Effect.Effect<BlobRef> => {
      hash.update(bytes.subarray(at, at + stride))
      at += stride
      return at < bytes.length
        ? Effect.andThen(Effect.yieldNow, Effect.suspend(next))
        : Effect.succeed({ hash: hash.digest("hex"), size: bytes.length })
    }
    return next()
  })
