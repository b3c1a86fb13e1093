import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { LastLines, lastLines } from "../../src/logs/LastLines.ts"
import { RateLimit } from "../../src/logs/RateLimit.ts"
import { Retention } from "../../src/logs/Retention.ts"
import { utf8Length, utf8Prefix } from "../../src/logs/Utf8.ts"
import type { LogLine } from "../../src/task/LogLine.ts"

const limits = { bytes: 100, lines: 20, line: 50, lastLines: 4, lastBytes: 60, rate: 10 }

const lineOf = (message: string): LogLine => ({ time: 7, level: "Info", message, annotations: {} })

/** A line of some bytes, when there may be no room for it, and a rest that is too much of it. */
const Step = Schema.Struct({
  size: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 50 })),
  hasRoom: Schema.Boolean,
  cut: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3 }))
})
const Steps = Schema.Array(Step).check(Schema.isMaxLength(60))

/** What comes out, each line with its number in the order in which they went in. */
const keep = (steps: ReadonlyArray<typeof Step.Type>, isBad: boolean, isWithCuts: boolean) => {
  const kept: Array<LogLine> = []
  let hasRoom = true
  const retention = new Retention(limits, {
    emit: (line) => kept.push(line),
    hasRoom: () => hasRoom,
    mayOwe: () => true
  })
  for (const [index, step] of steps.entries()) {
    hasRoom = step.hasRoom
    retention.add(lineOf(String(index)), step.size)
    if (isWithCuts && step.cut > 0) retention.cut(step.cut)
  }
  retention.end(8, isBad)
  return kept
}

describe("a log that is kept", () => {
  it.prop("accounts for every line, in order", [Steps, Schema.Boolean], ([steps, isBad]) => {
    const kept = keep(steps, isBad, false)
    let next = 0
    let dropped = 0
    for (const line of kept) {
      if (line.dropped === undefined) {
        assert.strictEqual(Number(line.message), next++)
        continue
      }
      assert.isAbove(line.dropped, 0)
      for (dropped = line.dropped; dropped > 0;) dropped -= steps[next++]?.size ?? Infinity
      assert.strictEqual(dropped, 0)
    }
    assert.strictEqual(next, steps.length)
    if (isBad && steps.length > 0) assert.strictEqual(Number(kept.at(-1)?.message), steps.length - 1)
  }, { arbitrary: { runs: 200, size: 60 } })

  it.prop("has no more than its limits and its last lines, and every byte too many is in a mark", [
    Steps,
    Schema.Boolean
  ], ([steps, isBad]) => {
    const kept = keep(steps, isBad, true)
    const lines = kept.filter(({ dropped }) => dropped === undefined)
    assert.isAtMost(lines.length, limits.lines + limits.lastLines)
    const sizeOf = ({ message }: LogLine) => steps[Number(message)]?.size ?? NaN
    const size = lines.reduce((sum, line) => sum + sizeOf(line), 0)
    assert.isAtMost(size, limits.bytes + limits.lastBytes)
    const marked = kept.reduce((sum, { dropped = 0 }) => sum + dropped, 0)
    const written = steps.reduce((sum, { cut, size }) => sum + size + cut, 0)
    assert.strictEqual(size + marked, written)
  }, { arbitrary: { runs: 200, size: 60 } })

  it("is cut once and for all at its limit, with a mark that says how much is missing", () => {
    const steps = Array.from({ length: 30 }, () => ({ size: 4, hasRoom: true, cut: 0 }))
    const kept = keep(steps, true, false)
    const first = Array.from({ length: 20 }, (_, index) => String(index))
    const mark = "6 lines (24 bytes) left out here: a log has 20 lines and 100 bytes at most"
    assert.deepStrictEqual(kept.map(({ message }) => message), [...first, mark, "26", "27", "28", "29"])
    assert.deepStrictEqual(keep(steps, false, false).slice(20).map(({ dropped }) => dropped), [40])
  })

  it("goes on after what there was no room for", () => {
    const steps = [true, false, false, true].map((hasRoom) => ({ size: 9, hasRoom, cut: 0 }))
    const mark = "2 lines (18 bytes) left out here: an executor sends 10 bytes a second at most"
    assert.deepStrictEqual(keep(steps, true, false).map(({ message }) => message), ["0", mark, "3"])
  })
})

describe("a rate limit", () => {
  const Takes = Schema.Array(Schema.Struct({
    after: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 400 })),
    amount: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 80 }))
  })).check(Schema.isMaxLength(60))

  it.prop(
    "gives a burst and then no more than its rate, and all of that to who asks for little",
    [Takes],
    ([takes]) => {
      const limit = new RateLimit(100, 60, 0)
      let now = 0
      const taken: Array<readonly [at: number, amount: number]> = []
      for (const { after, amount } of takes) {
        now += after
        if (limit.take(amount, now)) taken.push([now, amount])
      }
      for (const [index, [from]] of taken.entries()) {
        let sum = 0
        for (const [at, amount] of taken.slice(index)) {
          sum += amount
          assert.isAtMost(sum, 60 + (at - from) / 10 + 1e-9)
        }
      }
      assert.isTrue(limit.take(60, now + 600))
    },
    { arbitrary: { runs: 100, size: 60 } }
  )

  it("lends a burst, and no more", () => {
    const limit = new RateLimit(100, 60, 0)
    assert.deepStrictEqual([limit.owe(60, 0), limit.owe(60, 0), limit.owe(1, 0)], [true, true, false])
    assert.isFalse(limit.take(1, 600))
    assert.isTrue(limit.take(1, 610))
  })
})

describe("bytes of a text", () => {
  it.prop("are counted as they would be written", [Schema.String, Schema.Int], ([text, seed]) => {
    const pair = `${text}\u{1f980}é\u07ff\u0800${text}\ud800`
    const bytes = new TextEncoder().encode(pair)
    assert.strictEqual(utf8Length(pair), bytes.length)
    const limit = Math.abs(seed) % (bytes.length + 2)
    const prefix = utf8Prefix(pair, limit)
    assert.isTrue(pair.startsWith(prefix))
    assert.isAtMost(utf8Length(prefix), limit)
    if (prefix.length < pair.length) assert.isAbove(utf8Length(prefix) + 4, limit)
  })
})

describe("last lines", () => {
  it("are ten of 500 characters, without marks", () => {
    const last = new LastLines<object>()
    const [one, other] = [{}, {}]
    for (let index = 0; index < 100; index++) last.add(one, lineOf(`${index} ${"x".repeat(1_000)}`))
    last.add(one, { ...lineOf("a mark"), dropped: 3 })
    assert.deepStrictEqual(last.of(other), [])
    assert.deepStrictEqual(last.of(one).map((line) => Number.parseInt(line)), [90, 91, 92, 93, 94, 95, 96, 97, 98, 99])
    assert.deepStrictEqual(new Set(last.of(one).map(({ length }) => length)), new Set([500]))
    assert.lengthOf(lastLines(Array.from({ length: 30 }, () => lineOf("x"))), 10)
    assert.deepStrictEqual(lastLines([lineOf("a"), { ...lineOf("b"), dropped: 1 }]), ["a"])
  })
})
