/**
 * Large payloads and results on their way to a server, and from it. What was
 * had once is kept here, where there is a place for it.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import type { BlobStore } from "../../services/BlobStore.ts"
import type { OperatorError } from "../../services/Operator.ts"
import { largest, pieceSize, threshold } from "../../src/blob/Blob.ts"
import type { BlobInvalid, BlobMissing, BlobsFailed } from "../../src/blob/BlobFailed.ts"
import type { Outcome } from "../../src/task/Outcome.ts"
import type { BlobRef, Payload } from "../../src/task/Payload.ts"
import { refOf } from "../blobs/BlobHash.ts"

/** The server's, as it is called. */
export interface BlobCalls {
  readonly has: (blob: BlobRef) => Effect.Effect<boolean, BlobsFailed | OperatorError>
  readonly put: (
    blob: BlobRef,
    offset: number,
    piece: Uint8Array
  ) => Effect.Effect<void, BlobInvalid | BlobsFailed | OperatorError>
  readonly get: (blob: BlobRef, offset: number) => Effect.Effect<Uint8Array, BlobMissing | BlobsFailed | OperatorError>
}

/** Why bytes did not come or go, for people to read. */
export interface Unmoved {
  readonly _tag: "Unmoved"
  readonly reason: string
}

const unmoved = (reason: string): Unmoved => ({ _tag: "Unmoved", reason })

/** Milliseconds before the server is asked again whose connection was lost. */
const pause = 50

/** Moves bytes to the server and from it. */
export class Blobs {
  readonly #calls: BlobCalls
  readonly #cache: BlobStore["Service"] | undefined
  readonly #isLost: () => boolean
  /** Those that are being fetched: each comes once. */
  readonly #coming = new Map<string, Effect.Effect<Uint8Array, Unmoved>>()

  constructor(calls: BlobCalls, cache: BlobStore["Service"] | undefined, isLost: () => boolean) {
    this.#calls = calls
    this.#cache = cache
    this.#isLost = isLost
  }

  /** Again until there is an answer, or there will be none. */
  #insist<A, E extends { readonly _tag: string; readonly message: string }>(
    effect: Effect.Effect<A, E>
  ): Effect.Effect<A, Unmoved> {
    return Effect.catch(effect, (error) =>
      error._tag === "ConnectionLost" && !this.#isLost()
        ? Effect.andThen(Effect.sleep(pause), Effect.suspend(() => this.#insist(effect)))
        : Effect.fail(unmoved(error.message)))
  }

  /** Brings bytes to the server, unless it has them. */
  put(bytes: Uint8Array): Effect.Effect<BlobRef, Unmoved> {
    if (bytes.length > largest) return Effect.fail(unmoved(`it has ${bytes.length} bytes, and ${largest} are the most`))
    const calls = this.#calls
    const bring = Effect.fnUntraced(function*() {
      const blob = yield* refOf(bytes)
      if (yield* calls.has(blob)) return blob
      for (let at = 0; at < bytes.length; at += pieceSize) {
        yield* calls.put(blob, at, bytes.subarray(at, at + pieceSize))
      }
      return blob
    })
    // From the beginning: the server may be another one.
    return this.#insist(Effect.retry(bring(), { times: 3, while: ({ _tag }) => _tag === "BlobInvalid" }))
  }

  /** Bytes from here, or from the server. */
  get(blob: BlobRef): Effect.Effect<Uint8Array, Unmoved> {
    return Effect.suspend(() => {
      const coming = this.#coming.get(blob.hash)
      if (coming !== undefined) return coming
      return Effect.flatMap(Effect.cached(this.#fetch(blob)), (cached) => {
        this.#coming.set(blob.hash, cached)
        return Effect.ensuring(cached, Effect.sync(() => this.#coming.delete(blob.hash)))
      })
    })
  }

  #fetch(blob: BlobRef): Effect.Effect<Uint8Array, Unmoved> {
    const { size } = blob
    if (size > largest) return Effect.fail(unmoved(`it has ${size} bytes, and ${largest} are the most`))
    const read = <E>(get: (offset: number) => Effect.Effect<Uint8Array, E>) =>
      Effect.gen(function*() {
        const bytes = new Uint8Array(size)
        for (let at = 0; at < size;) {
          const piece = yield* get(at)
          if (piece.length === 0 || at + piece.length > size) return undefined
          bytes.set(piece, at)
          at += piece.length
        }
        return (yield* refOf(bytes)).hash === blob.hash ? bytes : undefined
      })
    const cache = this.#cache
    const far = Effect.suspend(() => this.#insist(read((at) => this.#calls.get(blob, at)))).pipe(
      Effect.flatMap((bytes) =>
        bytes === undefined
          ? Effect.fail(unmoved(`what came is not what has the hash ${blob.hash}`))
          : Effect.succeed(bytes)
      )
    )
    if (cache === undefined) return far
    const keep = (bytes: Uint8Array) =>
      Effect.ignore(Effect.forEach(
        Array.from({ length: Math.ceil(size / pieceSize) }, (_, index) => index * pieceSize),
        (at) => cache.put(blob, at, bytes.subarray(at, at + pieceSize)),
        { discard: true }
      ))
    const near = Effect.orElseSucceed(read((at) => cache.get(blob, at, pieceSize)), () => undefined)
    return Effect.flatMap(near, (bytes) => bytes === undefined ? Effect.tap(far, keep) : Effect.succeed(bytes))
  }

  /** A payload with its bytes beside it, if they are many. */
  stored(payload: Payload): Effect.Effect<Payload, Unmoved> {
    return payload.bytes.length <= threshold
      ? Effect.succeed(payload)
      : Effect.map(this.put(payload.bytes), (blob) => ({ encoding: payload.encoding, bytes: new Uint8Array(), blob }))
  }

  /** A payload with its bytes in it, wherever they were. */
  whole({ blob, bytes, encoding }: Payload): Effect.Effect<Payload, Unmoved> {
    return blob === undefined
      ? Effect.succeed({ encoding, bytes })
      : Effect.map(this.get(blob), (bytes) => ({ encoding, bytes }))
  }

  /** What has become of a task, with all bytes beside it; a result that cannot be kept is a crash. */
  storedOutcome(outcome: Outcome): Effect.Effect<Outcome> {
    return this.#each(outcome, (payload) => this.stored(payload), "ResultTooLarge", "The result cannot be handed over")
  }

  /** What has become of a task, with all bytes in it; a result that is gone is a crash. */
  wholeOutcome(outcome: Outcome): Effect.Effect<Outcome> {
    return this.#each(outcome, (payload) => this.whole(payload), "ResultLost", "The result cannot be had")
  }

  #each(
    outcome: Outcome,
    change: (payload: Payload) => Effect.Effect<Payload, Unmoved>,
    name: string,
    what: string
  ): Effect.Effect<Outcome> {
    const crashed = ({ reason }: Unmoved): Effect.Effect<Outcome> =>
      Effect.succeed({ _tag: "Crashed", defect: { name, message: `${what}: ${reason}` } })
    if (outcome._tag === "Succeeded") {
      return Effect.catch(
        Effect.map(change(outcome.value), (value): Outcome => ({ _tag: "Succeeded", value })),
        crashed
      )
    }
    if (outcome._tag !== "Failed") return Effect.succeed(outcome)
    return Effect.catch(Effect.map(change(outcome.error), (error): Outcome => ({ _tag: "Failed", error })), crashed)
  }
}

/** Whether the bytes of an outcome are too many to travel with it. */
export const isLarge = (outcome: Outcome): boolean =>
  (outcome._tag === "Succeeded" && outcome.value.bytes.length > threshold) ||
  (outcome._tag === "Failed" && outcome.error.bytes.length > threshold)

/** Whether the bytes of an outcome lie beside. */
export const isBeside = (outcome: Outcome): boolean =>
  (outcome._tag === "Succeeded" && outcome.value.blob !== undefined) ||
  (outcome._tag === "Failed" && outcome.error.blob !== undefined)
