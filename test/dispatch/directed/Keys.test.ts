import { assert, describe, it } from "@effect/vitest"
import { ended, endings, failed, given, Play, refusal, told } from "./Fixture.ts"

const keyed = { keys: ["k"], hashes: [1], keep: true }

describe("a task under a key that is known", () => {
  it("is not run again, and is told as known", () => {
    const play = new Play()
    play.join("a", { slots: 9 })
    play.submit(keyed)
    const commands = play.submit(keyed)
    assert.deepStrictEqual(given(commands), [])
    assert.deepStrictEqual(told(commands, "Accepted"), [
      { _tag: "Accepted", request: 1, first: [1], known: [{ entry: 0, index: 0, task: 0 }] }
    ])
  })

  it("ends with the first, in the same way", () => {
    const play = new Play()
    play.join("a")
    play.submit(keyed)
    play.submit(keyed)
    const commands = play.end("a", 0, failed)
    assert.deepStrictEqual(ended(commands), ["0 Failed", "1 Failed"])
    assert.deepStrictEqual(endings(commands).map(({ request }) => request), [0, 1])
  })

  it("ends at once if the first has ended", () => {
    const play = new Play()
    play.join("a")
    play.submit(keyed)
    play.end("a", 0)
    assert.deepStrictEqual(ended(play.submit(keyed)), ["1 Succeeded"])
  })

  it("ends at once even if the outcome was fetched", () => {
    const play = new Play()
    play.join("a")
    play.submit(keyed)
    play.end("a", 0)
    play.fetch(0)
    assert.deepStrictEqual(ended(play.submit(keyed)), ["1 Succeeded"])
  })

  it("in the same request is the same task", () => {
    const play = new Play()
    play.join("a", { slots: 9 })
    assert.deepStrictEqual(given(play.submit({ count: 3, keys: ["k", "l", "k"] })), ["a: 0", "a: 1"])
    assert.deepStrictEqual(ended(play.end("a", 0)), ["0 Succeeded", "2 Succeeded"])
  })

  it("with another payload is a conflict", () => {
    const play = new Play()
    play.submit(keyed)
    assert.deepStrictEqual(refusal(play.submit([{}, { ...keyed, hashes: [2] }])), {
      _tag: "Conflict",
      entry: 1,
      key: "k"
    })
  })

  it("can be cancelled by itself", () => {
    const play = new Play()
    play.join("a")
    play.submit(keyed)
    play.submit(keyed)
    assert.deepStrictEqual(ended(play.cancel({ task: 1 })), ["1 Interrupted"])
    assert.deepStrictEqual(ended(play.end("a", 0)), ["0 Succeeded"])
  })

  it("is cancelled with the first", () => {
    const play = new Play()
    play.submit(keyed)
    play.submit(keyed)
    assert.deepStrictEqual(ended(play.cancel({ task: 0 })), ["0 Interrupted", "1 Interrupted"])
  })
})

describe("a key", () => {
  it("of another submitter is another key", () => {
    const play = new Play()
    play.join("a", { slots: 9 })
    play.submit(keyed, { submitter: "alice" })
    assert.deepStrictEqual(given(play.submit(keyed, { submitter: "carol" })), ["a: 1"])
  })

  it("is remembered for a time after the end", () => {
    const play = new Play({ keyRetention: 100 })
    play.join("a")
    play.submit({ keys: ["k"], hashes: [1] })
    play.end("a", 0)
    play.wait(99)
    assert.deepStrictEqual(ended(play.submit(keyed)), ["1 Succeeded"])
    play.wait(1)
    assert.deepStrictEqual(given(play.submit(keyed)), ["a: 2"])
  })
})
