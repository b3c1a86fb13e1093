/**
 * What a process writes, in pieces.
 *
 * @since 0.1.0
 */

/** One of the two streams that a process writes. */
export type OutputStream = "stdout" | "stderr"

/** Bytes as they were written, or the mark that `bytes` of them were left out there; 0 if nobody knows how many. */
export type ChildOutput =
  | { readonly _tag: "Bytes"; readonly stream: OutputStream; readonly bytes: Uint8Array<ArrayBufferLike> }
  | { readonly _tag: "Cut"; readonly stream: OutputStream; readonly bytes: number }

/** A piece of a feed: output, or the place where a process ended and another one began. */
export type FeedPiece = ChildOutput | { readonly _tag: "Break" }
