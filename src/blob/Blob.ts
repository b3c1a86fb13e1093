/**
 * Large payloads and results, which lie beside their tasks.
 *
 * @since 0.1.0
 */
import type { BlobRef } from "../task/Payload.ts"

/** Payloads and results with more bytes than that lie beside. */
export const threshold = 256 * 1_024

/** Bytes that travel at a time. */
export const pieceSize = 256 * 1_024

/** The largest that there may be. */
export const largest = 2 ** 32

/** Whether a reference may be one: it becomes the name of a file. */
export const isSound = ({ hash, size }: BlobRef): boolean =>
  /^[0-9a-f]{64}$/.test(hash) && Number.isSafeInteger(size) && size > 0 && size <= largest
