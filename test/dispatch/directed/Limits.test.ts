import { assert, describe, it } from "@effect/vitest"
import { ended, given, Play, refusal, told } from "./Fixture.ts"

const two = { limits: [{ name: "mails", concurrency: 2 }] }
const perSecond = { limits: [{ name: "calls", rate: 2, per: 100 }] }

describe("a limit on concurrency", () => {
  it("lets so many run at once", () => {
    const play = new Play()
    play.join("a", { slots: 9 })
    assert.deepStrictEqual(given(play.submit({ count: 4, spec: two })), ["a: 0", "a: 1"])
    assert.deepStrictEqual(given(play.end("a", 0)), ["a: 2"])
  })

  it("counts over all who name it", () => {
    const play = new Play()
    play.join("a", { slots: 9, services: ["gpu"] })
    play.submit({ spec: two }, { submitter: "alice" })
    play.submit({ spec: { ...two, services: ["gpu"] } }, { submitter: "carol" })
    assert.deepStrictEqual(given(play.submit({ spec: two }, { submitter: "dan" })), [])
    assert.deepStrictEqual(given(play.end("a", 1)), ["a: 2"])
  })

  it("does not hold up others", () => {
    const play = new Play()
    play.join("a", { slots: 9 })
    play.submit({ count: 4, spec: two })
    assert.deepStrictEqual(given(play.submit()), ["a: 4"])
  })

  it("gives nothing out in advance", () => {
    const play = new Play()
    play.join("a", { prefetch: 5 })
    assert.deepStrictEqual(given(play.submit({ count: 2, spec: two })), ["a: 0"])
  })

  it("is given back when an executor dies", () => {
    const play = new Play()
    play.join("a", { slots: 9 })
    play.submit({ count: 3, spec: two })
    play.leave("a")
    assert.strictEqual(given(play.join("b", { slots: 9 })).length, 2)
  })

  it("is kept by an abandoned attempt until it is acknowledged", () => {
    const play = new Play()
    play.join("a", { slots: 9 })
    play.submit({ count: 3, spec: { ...two, grace: 10 } })
    play.cancel({ task: 0 })
    assert.deepStrictEqual(given(play.wait(10)), [])
    assert.deepStrictEqual(given(play.end("a", 0)), ["a: 2"])
  })
})

describe("a limit on the rate", () => {
  it("lets so many start in any span of that length", () => {
    const play = new Play()
    play.join("a", { slots: 9 })
    const commands = play.submit({ count: 5, spec: perSecond })
    assert.deepStrictEqual(given(commands), ["a: 0", "a: 1"])
    assert.strictEqual(commands.wake, 100)
    assert.deepStrictEqual(given(play.wait(99)), [])
    assert.deepStrictEqual(given(play.wait(1)), ["a: 2", "a: 3"])
    assert.deepStrictEqual(given(play.wait(100)), ["a: 4"])
  })

  it("counts each start for itself", () => {
    const play = new Play()
    play.join("a", { slots: 9 })
    play.submit({ spec: perSecond })
    play.wait(60)
    assert.deepStrictEqual(given(play.submit({ count: 3, spec: perSecond })), ["a: 1"])
    assert.deepStrictEqual(given(play.wait(40)), ["a: 2"])
    assert.deepStrictEqual(given(play.wait(59)), [])
    assert.deepStrictEqual(given(play.wait(1)), ["a: 3"])
  })

  it("has never more starts in a span, whenever it is asked", () => {
    const play = new Play()
    play.join("a", { slots: 1_000 })
    const starts: Array<number> = []
    for (let step = 0; step < 200; step++) {
      play.now += (step * 37) % 23
      for (const _ of given(play.submit({ spec: perSecond }))) starts.push(play.now)
    }
    for (const [place, at] of starts.entries()) {
      assert.isAtMost(starts.slice(place).filter((other) => other < at + 100).length, 2)
    }
    assert.isAbove(starts.length, 30)
  })

  it("is not given back by an end", () => {
    const play = new Play()
    play.join("a", { slots: 9 })
    play.submit({ count: 3, spec: perSecond })
    assert.deepStrictEqual(given(play.end("a", 0)), [])
  })
})

describe("several limits", () => {
  it("hold together", () => {
    const play = new Play()
    play.join("a", { slots: 9 })
    const limits = [...two.limits, ...perSecond.limits]
    assert.deepStrictEqual(given(play.submit({ count: 5, spec: { limits } })), ["a: 0", "a: 1"])
    assert.deepStrictEqual(given(play.end("a", 0)), [])
    assert.deepStrictEqual(given(play.wait(100)), ["a: 2"])
  })
})

describe("a limit of another size", () => {
  const three = { limits: [{ name: "mails", concurrency: 3 }] }

  it("by the same name is refused", () => {
    const play = new Play()
    play.submit({ spec: two })
    assert.deepStrictEqual(refusal(play.submit([{}, { spec: three }])), {
      _tag: "LimitMismatch",
      entry: 1,
      limit: "mails"
    })
  })

  it("in the same request is refused", () => {
    assert.deepStrictEqual(refusal(new Play().submit([{ spec: two }, { spec: three }])), {
      _tag: "LimitMismatch",
      entry: 1,
      limit: "mails"
    })
  })

  it("is accepted once nobody names the first", () => {
    const play = new Play()
    play.submit({ spec: two })
    assert.deepStrictEqual(ended(play.cancel({ task: 0 })), ["0 Interrupted"])
    assert.strictEqual(told(play.submit({ spec: three }), "Accepted").length, 1)
  })

  it("is refused while starts still count under the first", () => {
    const play = new Play()
    play.join("a")
    const other = { spec: { limits: [{ name: "calls", rate: 9, per: 100 }] } }
    play.submit({ spec: perSecond })
    play.work("a")
    assert.strictEqual(refusal(play.submit(other))?._tag, "LimitMismatch")
    play.wait(100)
    assert.isUndefined(refusal(play.submit(other)))
  })
})
