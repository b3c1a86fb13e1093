/**
 * Bytes that cross between threads. A view takes all of its buffer with it.
 *
 * @since 0.1.0
 */

/** The bytes themselves, if they are most of their buffer; else a copy of just them. */
export const unshared = (bytes: Uint8Array): Uint8Array =>
  2 * bytes.byteLength >= bytes.buffer.byteLength ? bytes : bytes.slice()
