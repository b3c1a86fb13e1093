import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type { Transition } from "../../src/dispatch/Command.ts"
import { decode, encode } from "../../src/store/TransitionCodec.ts"
import type { Outcome } from "../../src/task/Outcome.ts"
import { partsOf, withParts } from "../../src/task/Parts.ts"
import { Book, crashed, succeeded } from "./Book.ts"
import { signless } from "./Signless.ts"
import { Drafts, transitionsOf } from "./Transitions.ts"

const Shift = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9 }))

/** Columns have any number as it is; whatever else an outcome has is text. */
const plain = (transition: Transition) => {
  const { detail } = transition
  const isColumn = typeof detail !== "object" || detail._tag === "TimedOut" || detail._tag === "Expired"
  return isColumn ? transition : { ...transition, detail: signless(detail) }
}

describe("TransitionCodec", () => {
  it.prop("gives back exactly what it was given, wherever it lies", [Drafts, Shift], ([drafts, shift]) => {
    const given = transitionsOf(drafts)
    const bytes = encode(given)
    const shifted = new Uint8Array(bytes.length + shift)
    shifted.set(bytes, shift)
    const found = decode(shifted.subarray(shift))
    assert.deepStrictEqual(found.map(plain), given.map(plain))
  }, { arbitrary: { runs: 100, size: 30 } })

  it("keeps what lies beside the bytes of a result", () => {
    const book = new Book()
    const beside = [Uint8Array.of(4), new Uint8Array(), Uint8Array.of(5, 6)]
    const value = { encoding: "raw", bytes: withParts(Uint8Array.of(1, 2), beside) } as const
    book.end(0, { _tag: "Succeeded", value })
    book.end(1, { _tag: "Failed", error: { encoding: "json", bytes: Uint8Array.of(7) } })
    const [first, second] = decode(encode(book.take().transitions)).map(({ detail }) => detail as Outcome) // both ended
    assert.deepStrictEqual(first, { _tag: "Succeeded", value })
    assert.deepStrictEqual(first?._tag === "Succeeded" && partsOf(first.value.bytes), beside)
    assert.deepStrictEqual(second, { _tag: "Failed", error: { encoding: "json", bytes: Uint8Array.of(7) } })
  })

  it("tells -0 from 0, in runs too", () => {
    const book = new Book()
    for (const at of [0, 0, 0, -0, -0, -0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) {
      book.record("Started", 0, { at })
    }
    const given = book.take().transitions
    assert.deepStrictEqual(
      decode(encode(given)).map(({ at }) => Object.is(at, -0)),
      given.map(({ at }) => Object.is(at, -0))
    )
  })

  it("takes a few bytes for what is alike", () => {
    const book = new Book()
    for (let task = 0; task < 1_000; task++) book.assign(2 ** 40 + task, `executor ${task % 3}`)
    for (let task = 0; task < 1_000; task++) book.end(2 ** 40 + task, succeeded(1, 2, 3), { at: 5 })
    assert.isBelow(encode(book.take().transitions).length, 2_000 * 9)
  })

  it("writes once what ends alike", () => {
    const book = new Book()
    for (let task = 0; task < 1_000; task++) book.end(task, crashed, { at: 5 })
    assert.isBelow(encode(book.take().transitions).length, 5_000)
  })

  it("refuses what is cut off or in another form, and never hangs", () => {
    const book = new Book()
    for (let task = 0; task < 40; task++) book.end(task, succeeded(task))
    const bytes = encode(book.take().transitions)
    for (let end = 0; end < bytes.length - 8; end += 8) assert.throws(() => decode(bytes.slice(0, end)))
    const other = bytes.slice()
    new Float64Array(other.buffer)[0] = 7
    assert.throws(() => decode(other), /form 7 that is not known/)
  })
})
