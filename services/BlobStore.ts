/**
 * Keeps large payloads and results beside the tasks that they are of: each
 * once, under its hash. Laws, each a test in `test/suites/BlobStoreSuite.ts`:
 *
 * - **whole** – what is there is whole, and is what its hash says
 * - **once** – the same bytes are kept once, whoever brings them
 * - **kept** – what was brought or asked for lately, or is to be kept, no sweep removes
 *
 * @since 0.1.0
 */
import { Context, type Duration, type Effect } from "effect"
import type { BlobInvalid, BlobMissing, BlobsFailed } from "../src/blob/BlobFailed.ts"
import type { BlobRef } from "../src/task/Payload.ts"

/** Keeps large payloads and results. */
export class BlobStore extends Context.Service<BlobStore, {
  readonly has: (blob: BlobRef) => Effect.Effect<boolean, BlobsFailed>
  /**
   * Brings a piece. Pieces come in order; the last makes it whole. A piece at 0
   * begins anew; one of a blob that is there already changes nothing.
   */
  readonly put: (
    blob: BlobRef,
    offset: number,
    piece: Uint8Array
  ) => Effect.Effect<void, BlobInvalid | BlobsFailed>
  /** So many bytes from there, or as many as there are. */
  readonly get: (
    blob: BlobRef,
    offset: number,
    length: number
  ) => Effect.Effect<Uint8Array, BlobMissing | BlobsFailed>
  /** Removes all but these, and those that somebody has had to do with for no longer than that. Gives how many. */
  readonly sweep: (keep: ReadonlySet<string>, age: Duration.Input) => Effect.Effect<number, BlobsFailed>
}>()("cadre/services/BlobStore") {}
