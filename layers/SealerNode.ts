/**
 * Seals secrets for the life of this process: whoever takes a payload out of a
 * queue, a log or a dump of the server cannot read them.
 *
 * @since 0.1.0
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto"
import type { Sealer } from "../src/task/Secret.ts"

const cipher = "chacha20-poly1305"
const [nonceLength, tagLength] = [12, 16]
const authTagLength = { authTagLength: tagLength }

/**
 * A sealer with a key of its own, made when it is first used. Sealed bytes are
 * nonce, tag and ciphertext. A simulation has its own source of `random` bytes.
 */
export const makeSealer = (random: (length: number) => Uint8Array = randomBytes): Sealer => {
  let key: Uint8Array | undefined
  const secret = () => key ??= random(32)
  return {
    seal: (bytes) => {
      const nonce = random(nonceLength)
      const sealing = createCipheriv(cipher, secret(), nonce, authTagLength)
      const sealed = Buffer.concat([sealing.update(bytes), sealing.final()])
      return new Uint8Array(Buffer.concat([nonce, sealing.getAuthTag(), sealed]))
    },
    open: (bytes) => {
      if (bytes.length < nonceLength + tagLength) return undefined
      const opening = createDecipheriv(cipher, secret(), bytes.subarray(0, nonceLength), authTagLength)
      opening.setAuthTag(bytes.subarray(nonceLength, nonceLength + tagLength))
      try {
        const opened = [opening.update(bytes.subarray(nonceLength + tagLength)), opening.final()]
        return new Uint8Array(Buffer.concat(opened))
      } catch {
        return undefined
      }
    }
  }
}
