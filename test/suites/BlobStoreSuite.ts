import { assert, describe, it } from "@effect/vitest"
import { Effect, type Layer } from "effect"
import { TestClock } from "effect/testing"
import { createHash } from "node:crypto"
import { BlobStore } from "../../services/BlobStore.ts"
import type { BlobRef } from "../../src/task/Payload.ts"

const refOf = (bytes: Uint8Array): BlobRef => ({
  hash: createHash("sha256").update(bytes).digest("hex"),
  size: bytes.length
})
const some = (length: number, seed = 1) => Uint8Array.from({ length }, (_, index) => (index * 31 + seed) % 256)

const bring = (bytes: Uint8Array, pieceSize = 1_000, blob = refOf(bytes)) =>
  Effect.flatMap(BlobStore, ({ put }) =>
    Effect.forEach(
      Array.from({ length: Math.ceil(bytes.length / pieceSize) }, (_, index) => index * pieceSize),
      (at) => put(blob, at, bytes.subarray(at, at + pieceSize)),
      { discard: true }
    ))

const laws = {
  "whole: what was brought in pieces is had in pieces": Effect.gen(function*() {
    const { get, has } = yield* BlobStore
    const bytes = some(10_500)
    const blob = refOf(bytes)
    assert.isFalse(yield* has(blob))
    yield* bring(bytes)
    assert.isTrue(yield* has(blob))
    assert.deepStrictEqual(new Uint8Array(yield* get(blob, 0, 20_000)), bytes)
    assert.deepStrictEqual(new Uint8Array(yield* get(blob, 10_000, 1_000)), bytes.slice(10_000))
    assert.lengthOf(yield* get(blob, 10_500, 10), 0)
  }),

  "whole: what is not whole is not there": Effect.gen(function*() {
    const { get, has, put } = yield* BlobStore
    const bytes = some(3_000)
    const blob = refOf(bytes)
    yield* put(blob, 0, bytes.subarray(0, 1_000))
    assert.isFalse(yield* has(blob))
    assert.strictEqual((yield* Effect.flip(get(blob, 0, 10)))._tag, "BlobMissing")
    // Whoever comes next begins anew.
    yield* bring(bytes)
    assert.isTrue(yield* has(blob))
  }),

  "whole: what is not as it was said to be is refused": Effect.gen(function*() {
    const { has, put } = yield* BlobStore
    const bytes = some(3_000)
    const blob = refOf(bytes)
    const refused = (effect: ReturnType<typeof put>) =>
      Effect.map(Effect.flip(effect), ({ _tag }) => assert.strictEqual(_tag, "BlobInvalid"))
    yield* refused(put(blob, 1_000, bytes.subarray(1_000)))
    yield* put(blob, 0, bytes.subarray(0, 1_000))
    yield* refused(put(blob, 2_000, bytes.subarray(2_000)))
    yield* put(blob, 0, bytes.subarray(0, 1_000))
    yield* refused(put(blob, 1_000, some(2_500)))
    yield* put(blob, 0, bytes.subarray(0, 1_000))
    yield* refused(put(blob, 1_000, some(2_000, 5)))
    for (const hash of ["../../etc/passwd", "", "A".repeat(64), "0".repeat(63)]) {
      yield* refused(put({ hash, size: 3 }, 0, some(3)))
      assert.isFalse(yield* has({ hash, size: 3 }))
    }
    for (const size of [0, -1, 0.5, Number.NaN, 2 ** 40]) yield* refused(put({ ...blob, size }, 0, bytes))
    assert.isFalse(yield* has(blob))
  }),

  "once: those who bring the same change nothing": Effect.gen(function*() {
    const { get } = yield* BlobStore
    const bytes = some(5_000)
    yield* bring(bytes)
    yield* bring(bytes, 700)
    assert.deepStrictEqual(new Uint8Array(yield* get(refOf(bytes), 0, 5_000)), bytes)
  }),

  "kept: sweeps leave what is to be kept, and what is new": Effect.gen(function*() {
    const { has, sweep } = yield* BlobStore
    const [kept, old, used, fresh] = [some(100, 1), some(100, 2), some(100, 3), some(100, 4)]
    // Files have times of their own.
    yield* TestClock.setTime(Date.now() - 7_200_000)
    yield* bring(kept)
    yield* bring(old)
    yield* bring(used)
    for (const bytes of [kept, old, used]) yield* has(refOf(bytes))
    yield* TestClock.setTime(Date.now())
    yield* bring(fresh)
    yield* has(refOf(used))
    assert.strictEqual(yield* sweep(new Set([refOf(kept).hash]), "1 hour"), 1)
    assert.isFalse(yield* has(refOf(old)))
    for (const bytes of [kept, used, fresh]) assert.isTrue(yield* has(refOf(bytes)))
  })
}

/** The laws of `BlobStore`; the layer is made anew for each. */
export const suite = <E>(name: string, layer: Layer.Layer<BlobStore, E>) =>
  describe(`Blob store laws (${name})`, () => {
    for (const [law, check] of Object.entries(laws)) it.effect(law, () => Effect.provide(check, layer))
  })
