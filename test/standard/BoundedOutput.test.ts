import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { BoundedOutput } from "../../layers/standard/BoundedOutput.ts"

const encoder = new TextEncoder()
const Limit = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 }))
const Piece = Schema.Array(Schema.Literals(["a", "é", "日", "😀", "\n"]))
const Pieces = Schema.Array(Piece).check(Schema.isMaxLength(20))
const mark = /\n\[\.\.\. ([\d,]+) bytes left out \.\.\.\]\n/
const many = { arbitrary: { runs: 300, size: 20 } }

const output = (limit: number, pieces: ReadonlyArray<string>): BoundedOutput => {
  const bounded = new BoundedOutput(limit)
  for (const piece of pieces) bounded.add(encoder.encode(piece))
  return bounded
}

describe("a bounded output", () => {
  it.prop("is whole, or a start and an end with what is missing between them", [Pieces, Limit], ([pieces, limit]) => {
    const texts = pieces.map((piece) => piece.join(""))
    const text = texts.join("")
    const size = encoder.encode(text).length
    const bounded = output(limit, texts)
    assert.strictEqual(bounded.text, output(limit, [text]).text)
    assert.strictEqual(bounded.isTruncated, size > limit)
    if (size <= limit) return assert.strictEqual(bounded.text, text)
    const [before = "", missing = "", after = ""] = bounded.text.split(mark)
    assert.isTrue(text.startsWith(before) && text.endsWith(after))
    const [head, tail] = [encoder.encode(before).length, encoder.encode(after).length]
    assert.strictEqual(head + tail + Number(missing), size)
    assert.isTrue(head <= Math.ceil(limit / 2) && tail <= Math.floor(limit / 2))
    // Nothing but characters that would have been cut is missing beyond the limit.
    assert.isAtLeast(head + tail, limit - 6)
  }, many)

  it("has last lines", () => {
    assert.strictEqual(output(100, ["1\n2\n", "3\n\n"]).lastLines(2), "2\n3")
  })
})
