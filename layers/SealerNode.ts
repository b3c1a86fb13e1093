/**
 * Seals secrets for the life of this process: whoever takes a payload out of a
 * queue, a log or a dump of the server cannot read them.
 *
 * @since 0.1.0
 */
import { getBuiltinModule } from "node:process"
import type { Sealer } from "../src/task/Secret.ts"

const cipher = "chacha20-poly1305"
const [nonceLength, tagLength] = [12, 16]
const authTagLength = { authTagLength: tagLength }

// Loading it takes longer than loading all of this package, and most programs have no secrets.
const crypto = () => getBuiltinModule("node:crypto")

/**
 * A sealer with a key of its own, made when it is first used. Sealed bytes are
 * nonce, tag and ciphertext. The nonce is made of what is sealed: the same
 * secret is sealed to the same bytes, so that a payload with an idempotency key
 * is known again. A simulation has its own source of `random` bytes.
 */
export const makeSealer = (random?: (length: number) => Uint8Array): Sealer => {
  let keys: Keys | undefined
  return sealerOf(() => keys ??= makeKeys(random))
}

/** Of the cipher, and of the nonces. */
export type Keys = readonly [Uint8Array, Uint8Array]

/** New keys, for all who are to read what one of them has sealed. */
export const makeKeys = (random = (length: number): Uint8Array => crypto().randomBytes(length)): Keys => [
  random(32),
  random(32)
]

/** A sealer with these keys. */
export const sealerOf = (secret: () => Keys): Sealer => ({
  seal: (bytes) => {
    const { createCipheriv, createHmac } = crypto()
    const [key, nonceKey] = secret()
    const nonce = createHmac("sha256", nonceKey).update(bytes).digest().subarray(0, nonceLength)
    const sealing = createCipheriv(cipher, key, nonce, authTagLength)
    const sealed = Buffer.concat([sealing.update(bytes), sealing.final()])
    return new Uint8Array(Buffer.concat([nonce, sealing.getAuthTag(), sealed]))
  },
  open: (bytes) => {
    if (bytes.length < nonceLength + tagLength) return undefined
    const opening = crypto().createDecipheriv(cipher, secret()[0], bytes.subarray(0, nonceLength), authTagLength)
    opening.setAuthTag(bytes.subarray(nonceLength, nonceLength + tagLength))
    try {
      const opened = [opening.update(bytes.subarray(nonceLength + tagLength)), opening.final()]
      return new Uint8Array(Buffer.concat(opened))
    } catch {
      return undefined
    }
  }
})
