/**
 * @since 0.1.0
 */
import { Schema } from "effect"

/** How a payload's bytes are to be read: `binary` by SchemaBinary, `json` as UTF-8 JSON, `raw` by the user alone. */
export const Encoding = Schema.Literals(["binary", "json", "raw"])
export type Encoding = typeof Encoding.Type

/** Bytes that lie beside, as they are many: their SHA-256 in hexadecimal, and how many there are. */
export const BlobRef = Schema.Struct({ hash: Schema.String, size: Schema.Int })
export type BlobRef = typeof BlobRef.Type

/**
 * What a task is given and what it gives back. Whoever knows the schema encodes
 * it once; whatever lies between the two ends forwards the bytes unread. Those of a `blob` lie beside, and `bytes` is empty.
 */
export const Payload = Schema.Struct({
  encoding: Encoding,
  bytes: Schema.Uint8Array,
  blob: Schema.optionalKey(BlobRef)
})
export type Payload = typeof Payload.Type
