import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { LineSplitter } from "../../src/logs/LineSplitter.ts"

const limit = 12
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array): string => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes)

type Read = { readonly text: string; readonly size: number } | { readonly cut: number }

const readAll = (pieces: ReadonlyArray<Uint8Array>, isClosed = true): ReadonlyArray<Read> => {
  const all: Array<Read> = []
  const splitter = new LineSplitter(limit, {
    line: (text, size) => all.push({ text, size }),
    cut: (cut) => all.push({ cut })
  })
  for (const piece of pieces) splitter.add(piece)
  if (isClosed) splitter.close()
  return all
}

const texts = (read: ReadonlyArray<Read>) => read.map((each) => "text" in each ? each.text : each.cut)

/** Bytes that matter, and some text. */
const Piece = Schema.Union([
  Schema.Literals(["\n", "\r", "\r\n", "\0", "\u{1f980}", "é", "\u001b[31m", "abcdef", "0123456789ab", "\ufeff"]),
  Schema.Uint8Array
])
const Pieces = Schema.Array(Piece).check(Schema.isMaxLength(60))

const joined = (pieces: ReadonlyArray<Uint8Array>): Uint8Array => new Uint8Array(pieces.flatMap((piece) => [...piece]))

describe("lines of bytes", () => {
  it.prop("do not depend on how the bytes come, and none is lost unseen", [Pieces], ([pieces]) => {
    const bytes = pieces.map((piece) => typeof piece === "string" ? bytesOf(piece) : piece)
    const whole = joined(bytes)
    const read = readAll([whole])
    assert.deepStrictEqual(readAll(bytes), read)
    assert.deepStrictEqual(readAll([...whole].map((byte) => Uint8Array.of(byte))), read)
    assert.strictEqual(read.reduce((sum, each) => sum + ("cut" in each ? each.cut : each.size), 0), whole.length)
    // A line feed is never a part of another character.
    const expected = textOf(whole).split("\n")
    const last = expected.pop() ?? ""
    const lines = read.flatMap((each) => "text" in each ? [each.text] : [])
    const wanted = [...expected.map((line) => line.replace(/\r$/, "")), ...(last === "" ? [] : [last])]
    assert.strictEqual(lines.length, wanted.length)
    for (const [index, line] of lines.entries()) assert.isTrue(wanted[index]?.startsWith(line.replace(/\ufffd+$/, "")))
    assert.isTrue(read.every((each) => "cut" in each || bytesOf(each.text).length <= 3 * limit))
  }, { arbitrary: { runs: 200, size: 40 } })

  it("end with a line feed, before which a carriage return is not seen", () => {
    const pieces = ["one\r\nt", "wo\n\n", "th\rree\r", "\nfour"].map(bytesOf)
    assert.deepStrictEqual(texts(readAll(pieces, false)), ["one", "two", "", "th\rree"])
    assert.deepStrictEqual(texts(readAll(pieces)), ["one", "two", "", "th\rree", "four"])
  })

  it("are cut where they are too long, between characters, and only that line", () => {
    assert.deepStrictEqual(readAll([bytesOf("12345678901\u{1f980}56\nnext\n")]), [
      { text: "12345678901", size: 11 },
      { cut: 7 },
      { text: "next", size: 5 }
    ])
    // It may never end: what is read of it is there at once.
    assert.deepStrictEqual(texts(readAll([bytesOf("x".repeat(100))], false)), ["x".repeat(limit)])
    assert.deepStrictEqual(texts(readAll([bytesOf("123456789012\r\n")])), ["123456789012"])
    assert.deepStrictEqual(texts(readAll([bytesOf("1234567890123")])), ["123456789012", 1])
  })

  it("are of the bytes as they were, whatever becomes of those", () => {
    const read: Array<string> = []
    const splitter = new LineSplitter(limit, { line: (text) => read.push(text), cut: () => undefined })
    const bytes = bytesOf("mine")
    splitter.add(bytes)
    bytes.fill(0)
    splitter.close()
    assert.deepStrictEqual(read, ["mine"])
  })

  it("keep NUL and control sequences, and show what is no UTF-8", () => {
    const bytes = joined([bytesOf("a\0b\u001b[2J"), Uint8Array.of(0xff, 0xc3), bytesOf("\nc\n")])
    assert.deepStrictEqual(texts(readAll([bytes])), ["a\0b\u001b[2J\ufffd\ufffd", "c"])
  })
})
