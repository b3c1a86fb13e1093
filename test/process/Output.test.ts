import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type { ChildOutput, FeedPiece, OutputStream } from "../../src/process/ChildOutput.ts"
import { Beginning, Feed, readerBudget } from "../../src/process/Feed.ts"
import { LastLines, LineSplitter, longestLine } from "../../src/process/LineSplitter.ts"

const encoder = new TextEncoder()
const bytes = (stream: OutputStream, text: string | Uint8Array): ChildOutput => ({
  _tag: "Bytes",
  stream,
  bytes: typeof text === "string" ? encoder.encode(text) : text
})
const cut: ChildOutput = { _tag: "Cut", stream: "stdout", bytes: 5 }

const linesOf = (pieces: ReadonlyArray<FeedPiece>) => {
  const splitter = new LineSplitter()
  return [...pieces.flatMap((piece) => splitter.add(piece)), ...splitter.end()]
}
const textsOf = (pieces: ReadonlyArray<FeedPiece>) => linesOf(pieces).map(({ text }) => text)

const Chunks = Schema.Array(Schema.Struct({
  stream: Schema.Literals(["stdout", "stderr"]),
  size: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 500 }))
})).check(Schema.isMaxLength(60))

describe("lines of an output", () => {
  it.prop("are the same however it is cut up", [
    Schema.Array(Schema.Literals(["a", "é", "漢", "😀", "\n", "\r\n", "\ufeff"])).check(Schema.isMaxLength(60)),
    Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 5 }))).check(
      Schema.isMinLength(1),
      Schema.isMaxLength(10)
    )
  ], ([letters, sizes]) => {
    const text = letters.join("")
    const all = encoder.encode(text)
    const pieces: Array<ChildOutput> = []
    for (let at = 0, index = 0; at < all.length; index++) {
      const size = sizes[index % sizes.length] ?? 1
      pieces.push(bytes("stdout", all.subarray(at, at + size)))
      at += size
    }
    const expected = text.split("\n").map((line) => line.replace(/\r$/, ""))
    assert.deepStrictEqual(textsOf(pieces), text.endsWith("\n") || text === "" ? expected.slice(0, -1) : expected)
  })

  it("of two streams do not mix", () => {
    const pieces = [bytes("stdout", "a"), bytes("stderr", "x\ny"), bytes("stdout", "b\n")]
    assert.deepStrictEqual(linesOf(pieces).map(({ stream, text }) => `${stream} ${text}`), [
      "stderr x",
      "stdout ab",
      "stderr y"
    ])
  })

  it("have a character in place of what is no UTF-8, also at the end", () => {
    assert.deepStrictEqual(textsOf([bytes("stdout", Uint8Array.of(0xff, 97, 10, 0xf0, 0x9f))]), [
      "\u{fffd}a",
      "\u{fffd}"
    ])
    assert.deepStrictEqual(textsOf([bytes("stdout", Uint8Array.of(0xe2)), { _tag: "Break" }, bytes("stdout", "b")]), [
      "\u{fffd}",
      "b"
    ])
  })

  it("that are too long come in parts, with no character cut in two", () => {
    const text = `${"x".repeat(longestLine - 1)}${"😀".repeat(longestLine)}`
    const lines = linesOf([bytes("stdout", text), bytes("stdout", "\nend\n")])
    assert.strictEqual(lines.slice(0, -1).map(({ text }) => text).join(""), text)
    assert.isTrue(lines.every(({ text }) => text.length <= longestLine && text.isWellFormed()))
    assert.deepStrictEqual(lines.map(({ isPart }) => isPart), [true, true, false, false])
  })

  it("say where something was left out", () => {
    const lines = linesOf([bytes("stdout", "a\nb"), cut, bytes("stdout", "c\nd\n"), cut])
    assert.deepStrictEqual(lines.map(({ cut, text }) => [text, cut]), [
      ["a", false],
      ["b", false],
      ["c", true],
      ["d", false],
      ["", true]
    ])
  })

  it("that are kept are the last ones, and long ones are cut", () => {
    const last = new LastLines(2)
    for (let line = 0; line < 5; line++) last.add(bytes("stdout", `${line}\n`))
    last.add(bytes("stderr", "x".repeat(5_000)))
    last.add({ _tag: "Break" })
    assert.deepStrictEqual(last.lines.map(({ text }) => text), ["4", `${"x".repeat(1_024)}…`])
    const none = new LastLines(0)
    none.add(bytes("stdout", "a\n"))
    assert.deepStrictEqual(none.lines, [])
  })
})

describe("what is kept of an output", () => {
  it.prop("is a prefix of each stream, with a mark that says how much follows", [
    Chunks,
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2_000 }))
  ], ([chunks, limit]) => {
    const beginning = new Beginning(limit)
    const written = { stdout: "", stderr: "" }
    for (const [index, { size, stream }] of chunks.entries()) {
      const text = String.fromCharCode(97 + index % 26).repeat(size)
      written[stream] += text
      beginning.add(stream, encoder.encode(text))
    }
    for (const stream of ["stdout", "stderr"] as const) {
      const own = beginning.pieces.filter((piece) => piece.stream === stream)
      const kept = own.map((piece) => piece._tag === "Bytes" ? new TextDecoder().decode(piece.bytes) : "").join("")
      const missing = own.map((piece) => piece._tag === "Cut" ? piece.bytes : 0).reduce((sum, bytes) => sum + bytes, 0)
      assert.isTrue(written[stream].startsWith(kept))
      assert.isAtMost(kept.length, limit)
      assert.strictEqual(kept.length + missing, written[stream].length)
      assert.strictEqual(own.some(({ _tag }) => _tag === "Cut"), missing > 0)
    }
  })

  it("does not change for who has read it", () => {
    const beginning = new Beginning(1_000)
    beginning.add("stdout", encoder.encode("ab"))
    const before = beginning.pieces
    beginning.add("stdout", encoder.encode("c".repeat(500)))
    assert.deepStrictEqual(before, [bytes("stdout", "ab")])
  })
})

describe("a feed", () => {
  const large = new Uint8Array(readerBudget / 2 + 1)

  it("gives everything to who keeps up, also what was before it came", () => {
    const feed = new Feed(1_000, 10)
    feed.write("stdout", encoder.encode("a\n"))
    const reader = feed.follow(false)
    feed.write("stderr", encoder.encode("b\n"))
    assert.deepStrictEqual(feed.take(reader), [bytes("stdout", "a\n"), bytes("stderr", "b\n")])
    feed.begin()
    feed.write("stdout", encoder.encode("c\n"))
    assert.deepStrictEqual(feed.take(reader), [{ _tag: "Break" }, bytes("stdout", "c\n")])
    assert.deepStrictEqual(feed.beginning, [bytes("stdout", "c\n")])
    assert.deepStrictEqual(feed.lastLines.map(({ text }) => text), ["a", "b", "c"])
  })

  it("cuts for who is behind, and keeps no more for them", () => {
    const feed = new Feed(0, 0)
    const reader = feed.follow(false)
    for (let count = 0; count < 100; count++) feed.write("stdout", large)
    assert.isFalse(feed.isFull)
    assert.deepStrictEqual(feed.take(reader).map((piece) => piece._tag === "Cut" ? piece.bytes : piece._tag), [
      "Bytes",
      "Bytes",
      98 * large.length
    ])
    feed.write("stdout", encoder.encode("a"))
    assert.deepStrictEqual(feed.take(reader), [bytes("stdout", "a")])
  })

  it("is full for who insists on everything, until they have caught up or left", () => {
    const feed = new Feed(0, 0)
    let rooms = 0
    feed.onRoom = () => rooms++
    const [reader, other] = [feed.follow(true), feed.follow(true)]
    feed.write("stdout", large)
    assert.isFalse(feed.isFull)
    feed.write("stdout", large)
    assert.isTrue(feed.isFull)
    assert.lengthOf(feed.take(reader), 2)
    assert.deepStrictEqual([feed.isFull, rooms], [true, 0])
    feed.leave(other)
    assert.deepStrictEqual([feed.isFull, rooms], [false, 1])
  })

  it("says at its end that nothing more comes", () => {
    const feed = new Feed(0, 0)
    const reader = feed.follow(false)
    let calls = 0
    reader.onReady(() => calls++)
    feed.end()
    assert.deepStrictEqual([calls, feed.isEnded], [1, true])
  })
})
