/**
 * Why large payloads and results cannot be kept or had.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/** There is no such blob, or not any more. */
export class BlobMissing extends Schema.TaggedError<BlobMissing>("cadre/blob/BlobFailed/BlobMissing")("BlobMissing", {
  hash: Schema.String
}) {
  override get message(): string {
    return `The bytes with the hash ${this.hash} are not there: they were removed, or never came`
  }
}

/** What was brought is not what it was said to be. */
export class BlobInvalid extends Schema.TaggedError<BlobInvalid>("cadre/blob/BlobFailed/BlobInvalid")("BlobInvalid", {
  hash: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    return `The bytes for the hash ${this.hash} are refused: ${this.problem}`
  }
}

/** They cannot be read or written. */
export class BlobsFailed extends Schema.TaggedError<BlobsFailed>("cadre/blob/BlobFailed/BlobsFailed")("BlobsFailed", {
  problem: Schema.String
}) {
  override get message(): string {
    return `Large payloads cannot be kept: ${this.problem}`
  }
}
