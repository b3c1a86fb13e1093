import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { EntryCodec } from "../../src/store/EntryCodec.ts"
import { countOf, decode, encode, fitting, most, sliced, split } from "../../src/store/PayloadPieces.ts"
import { decodeLines, decodeState, encodeLines, encodeState } from "../../src/store/StateCodec.ts"
import type { StoredEntry, StoredPayloads } from "../../src/store/Stored.ts"
import { LogLine } from "../../src/task/LogLine.ts"
import { Outcome } from "../../src/task/Outcome.ts"
import { TaskSpec } from "../../src/task/TaskSpec.ts"
import { Book, payloadsOf } from "./Book.ts"
import { signless } from "./Signless.ts"

const many = { arbitrary: { runs: 50, size: 12 } }
const below = (end: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: end - 1 }))

describe("entries", () => {
  it.prop(
    "come back as they were",
    [
      TaskSpec,
      Schema.Number,
      Schema.optional(Schema.Number),
      Schema.Array(Schema.String),
      Schema.Array(below(2 ** 53))
    ],
    ([spec, priority, deadline, keys, after]) => {
      const plain = new Book().accept()
      const stored: StoredEntry = {
        ...plain,
        submission: keys[0] ?? "",
        refFields: keys,
        entry: {
          ...plain.entry,
          spec,
          priority,
          keys,
          after: [...after, { entry: 1 }],
          ...(deadline !== undefined && { deadline, startAt: priority })
        }
      }
      const codec = new EntryCodec()
      const found = new EntryCodec().decode(codec.encode(stored), codec.spec(stored))
      assert.deepStrictEqual(signless(found.entry.spec), signless(spec))
      assert.deepStrictEqual({ ...found, entry: { ...found.entry, spec } }, stored)
    },
    many
  )

  it("of one kind share its text", () => {
    const codec = new EntryCodec()
    const book = new Book()
    assert.strictEqual(codec.spec(book.accept()), codec.spec(book.accept()))
    assert.notInclude(codec.encode(book.accept()), "fingerprint")
  })

  it("in a newer form are refused", () => {
    const codec = new EntryCodec()
    const stored = new Book().accept()
    assert.throws(() => codec.decode(codec.encode(stored).replace("[1,", "[2,"), codec.spec(stored)), /form/)
  })
})

describe("states and lines", () => {
  it.prop("come back as they were", [Schema.Array(Outcome), Schema.Array(LogLine)], ([outcomes, lines]) => {
    const restored = {
      generation: 3,
      first: 2 ** 40,
      tasks: outcomes.map((outcome, index) => ({ index, epoch: 2, deaths: 1, generation: 3, retries: 4, outcome })),
      ended: [{ from: 0, to: 2 ** 33, status: "cancelled" }]
    } as const
    assert.deepStrictEqual(signless(decodeState(encodeState(restored))), signless(restored))
    const each = lines.map((line, index) => [index, line] as const)
    assert.strictEqual(encodeLines(decodeLines(encodeLines(each))), encodeLines(each))
  }, many)
})

const bytesAt = ({ bytes, offsets }: StoredPayloads, index: number) =>
  bytes.subarray(offsets[index], offsets[index + 1])

describe("payloads", () => {
  it.prop("are the same in pieces", [
    Schema.Array(below(3_000)),
    Schema.Array(below(40)),
    below(50),
    below(50)
  ], ([sizes, blobs, from, count]) => {
    const offsets = Uint32Array.of(
      0,
      ...sizes.map((_, index) => sizes.slice(0, index + 1).reduce((sum, size) => sum + size, 0))
    )
    const bytes = new Uint8Array(offsets.at(-1) ?? 0).map((_, index) => index % 251)
    const beside = [...new Set(blobs)].filter((index) => index < sizes.length).toSorted((left, right) => left - right)
    const all: StoredPayloads = {
      bytes,
      offsets,
      blobs: beside.map((index) => [index, { hash: `${index}`, size: index }])
    }
    let next = 0
    for (const [start, piece] of split(all)) {
      assert.strictEqual(start, next)
      const found = decode(encode(piece))
      for (let index = 0; index < countOf(found); index++) {
        assert.deepStrictEqual(bytesAt(found, index), bytesAt(all, start + index))
      }
      assert.deepStrictEqual(
        (found.blobs ?? []).map(([index, { size }]) => [start + index, size]),
        beside.filter((index) => index >= start && index < start + countOf(found)).map((index) => [index, index])
      )
      next += countOf(piece)
    }
    assert.strictEqual(next, sizes.length)
    const part = sliced(all, from, count)
    assert.strictEqual(countOf(part), Math.max(0, Math.min(count, sizes.length - from)))
    for (let index = 0; index < countOf(part); index++) {
      assert.deepStrictEqual(bytesAt(part, index), bytesAt(all, from + index))
    }
  }, { arbitrary: { runs: 50, size: 30 } })

  it("are at most so many in a piece, and one where that is large", () => {
    assert.deepStrictEqual([...split(payloadsOf(2_500))].map(([from]) => from), [0, 1_024, 2_048])
    const large = payloadsOf(5, most.bytes / 2 + 1)
    assert.deepStrictEqual([...split(large)].map(([from]) => from), [0, 1, 2, 3, 4])
    assert.strictEqual(countOf(fitting(payloadsOf(3, most.bytes * 2), 1)), 1)
    assert.strictEqual(countOf(fitting(payloadsOf(3), 3)), 0)
  })
})
