import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { excerpt, LineNumbers, readJson } from "../../src/cli/Lines.ts"

const problem = (text: string): string => Result.match(readJson(text), { onSuccess: () => "", onFailure: (why) => why })

describe("lines", () => {
  it("that are no JSON say what is wrong, and where", () => {
    assert.deepStrictEqual(readJson("{\"n\": 1}"), Result.succeed({ n: 1 }))
    assert.strictEqual(problem("{\"n\":"), "It is not JSON (Unexpected end of JSON input): {\"n\":")
    assert.strictEqual(
      problem("{\"n\":1} x"),
      "It is not JSON (Unexpected non-whitespace character after JSON at character 9): {\"n\":1} x"
    )
    assert.strictEqual(problem("nope"), "It is not JSON (Unexpected token 'o'): nope")
  })

  it("that are long are quoted from their start, on one line", () => {
    assert.strictEqual(excerpt("a\n  b"), "a b")
    assert.strictEqual(excerpt("x".repeat(100)).length, 61)
    assert.isBelow(problem(`{"a": ${"x".repeat(10_000)}`).length, 200)
  })

  it.prop("of payloads are found again, whatever lies between", [
    Schema.Array(Schema.Boolean).check(Schema.isMaxLength(200))
  ], ([lines]) => {
    const numbers = new LineNumbers()
    const expected: Array<number> = []
    for (const [index, hasPayload] of lines.entries()) {
      numbers.add(hasPayload)
      if (hasPayload) expected.push(index + 1)
    }
    assert.deepStrictEqual(expected.map((_, index) => numbers.of(index)), expected)
    assert.strictEqual(numbers.lines, lines.length)
    assert.strictEqual(numbers.payloads, expected.length)
  })
})
