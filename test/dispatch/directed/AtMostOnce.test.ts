import { assert, describe, it } from "@effect/vitest"
import { ended, given, outcomes, Play } from "./Fixture.ts"

const once = { spec: { delivery: "atMostOnce" } } as const

/** A task that must not run twice, accepted and planned for `a`, which is not durable yet. */
const granted = (): Play => {
  const play = new Play({ commits: "awaited" })
  play.join("a")
  play.submit(once)
  return play
}

/** The same, given to `a`. */
const assigned = (): Play => {
  const play = granted()
  play.commit()
  return play
}

const maybe = (executorId: string, reason: string) => [{ _tag: "MaybeExecuted", executorId, reason }]

describe("a task that must not run twice", () => {
  it("is given out only after that is durable", () => {
    const play = granted()
    assert.deepStrictEqual(play.records.map(({ kind }) => kind), ["Joined", "Accepted", "Assigned"])
    assert.deepStrictEqual(given(play.wait(1)), [])
    assert.deepStrictEqual(given(play.commit()), ["a: 0"])
  })

  it("may have run if its executor is lost", () => {
    const play = assigned()
    play.start("a", 0)
    play.leave("a")
    assert.deepEqual<unknown>(outcomes(play.commit()), maybe("a", "out of memory"))
  })

  it("may have run even if nobody heard of its start", () => {
    const play = assigned()
    play.leave("a")
    assert.deepEqual<unknown>(outcomes(play.commit()), maybe("a", "out of memory"))
  })

  it("may have run if its assignment did not arrive", () => {
    const play = assigned()
    play.adopted("a")
    assert.deepEqual<unknown>(outcomes(play.commit()), maybe("a", "the assignment did not arrive"))
  })

  it("may go to another executor if it comes back unstarted", () => {
    const play = assigned()
    play.drain("a")
    play.join("b")
    play.recalled("a", 0)
    assert.deepStrictEqual(given(play.commit()), ["b: 0"])
  })

  it("may go to another executor if it never left", () => {
    const play = granted()
    play.leave("a")
    assert.deepStrictEqual(given(play.commit()), [])
    play.join("b")
    assert.deepStrictEqual(given(play.commit()), ["b: 0"])
  })

  it("does not leave if it is cancelled before its record is durable", () => {
    const play = granted()
    play.cancel({ task: 0 })
    const commands = play.commit()
    assert.deepStrictEqual(given(commands), [])
    assert.deepStrictEqual(ended(commands), ["0 Interrupted"])
  })

  it("does not leave if its executor drains before its record is durable", () => {
    const play = granted()
    play.drain("a")
    assert.deepStrictEqual(given(play.commit()), [])
    play.join("b")
    assert.deepStrictEqual(given(play.commit()), ["b: 0"])
  })

  it("starts within the rate of its limit when it leaves", () => {
    const play = new Play({ commits: "awaited" })
    play.join("a", { slots: 9 })
    const limits = [{ name: "calls", rate: 1, per: 100 }]
    play.submit({ count: 2, spec: { ...once.spec, limits } })
    play.wait(50)
    assert.deepStrictEqual(given(play.commit()), ["a: 0"])
    play.wait(99)
    assert.deepStrictEqual(given(play.commit()), [])
    play.wait(1)
    assert.deepStrictEqual(given(play.commit()), ["a: 1"])
  })
})
