/**
 * Tells whether a payload is the one that came with the same idempotency key
 * before. It is no defence against those who want two payloads to collide.
 *
 * @since 0.1.0
 */

/** 53 bits of the bytes, after cyrb53 by bryc (public domain). */
export const hashPayload = (bytes: Uint8Array): number => {
  let [high, low] = [0xdeadbeef, 0x41c6ce57]
  for (const byte of bytes) {
    high = Math.imul(high ^ byte, 2_654_435_761)
    low = Math.imul(low ^ byte, 1_597_334_677)
  }
  high = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909)
  low = Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909)
  return 4_294_967_296 * (2_097_151 & low) + (high >>> 0)
}
