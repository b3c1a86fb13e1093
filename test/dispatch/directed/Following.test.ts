import { assert, describe, it } from "@effect/vitest"
import { assignment, ended, type EntryOptions, failed, given, outcomes, Play, refusal, succeeded } from "./Fixture.ts"

describe("a task that follows", () => {
  it("another task waits for its end", () => {
    const play = new Play()
    play.join("a", { slots: 2 })
    play.submit()
    assert.deepStrictEqual(given(play.submit({ after: [0] })), [])
    assert.deepStrictEqual(given(play.end("a", 0)), ["a: 1"])
  })

  it("an entry waits for all of it", () => {
    const play = new Play()
    play.join("a", { slots: 9 })
    assert.deepStrictEqual(given(play.submit([{ count: 3 }, { after: [{ entry: 0 }] }])), ["a: 0", "a: 1", "a: 2"])
    play.end("a", 1)
    assert.deepStrictEqual(given(play.end("a", 0)), [])
    assert.deepStrictEqual(given(play.end("a", 2)), ["a: 3"])
  })

  it("several waits for the last of them", () => {
    const play = new Play()
    play.join("a", { slots: 9 })
    play.submit([{}, {}, { after: [{ entry: 0 }, { entry: 1 }] }])
    assert.deepStrictEqual(given(play.end("a", 1)), [])
    assert.deepStrictEqual(given(play.end("a", 0)), ["a: 2"])
  })

  it("an entry that comes later in the request waits too", () => {
    const play = new Play()
    play.join("a", { slots: 9 })
    assert.deepStrictEqual(given(play.submit([{ after: [{ entry: 1 }] }, {}])), ["a: 1"])
    assert.deepStrictEqual(given(play.end("a", 1)), ["a: 0"])
  })

  it("an entry without tasks does not wait", () => {
    const play = new Play()
    play.join("a")
    assert.deepStrictEqual(given(play.submit([{ count: 0 }, { after: [{ entry: 0 }] }])), ["a: 0"])
  })

  it("a task that has ended and is known does not wait", () => {
    const play = new Play()
    play.join("a")
    play.submit({ keep: true })
    play.end("a", 0)
    assert.deepStrictEqual(given(play.submit({ after: [0] })), ["a: 1"])
  })
})

describe("a result that is needed", () => {
  it("comes with the assignment", () => {
    const play = new Play()
    play.join("a")
    assert.isUndefined(assignment(play.submit([{}, { refs: [{ entry: 0 }] }]))?.refs)
    assert.deepStrictEqual(assignment(play.end("a", 0))?.refs, [succeeded])
  })

  it("is let go once the last task that needs it has ended", () => {
    const play = new Play()
    play.join("a")
    play.submit([{}, { count: 2, refs: [{ entry: 0 }] }])
    play.end("a", 0)
    play.end("a", 1)
    assert.strictEqual(play.statistics.results, 1)
    play.end("a", 2)
    assert.strictEqual(play.statistics.results, 0)
  })

  it("comes again with the next attempt", () => {
    const play = new Play()
    play.join("a")
    play.submit([{}, { refs: [{ entry: 0 }] }])
    play.end("a", 0)
    play.leave("a")
    assert.deepStrictEqual(assignment(play.join("b"))?.refs, [succeeded])
  })

  it("comes from a task that had ended before", () => {
    const play = new Play()
    play.join("a")
    play.submit({ keep: true })
    play.end("a", 0)
    assert.deepStrictEqual(assignment(play.submit({ refs: [0] }))?.refs, [succeeded])
    play.fetch(0)
    assert.strictEqual(play.statistics.results, 1)
    play.end("a", 1)
    assert.strictEqual(play.statistics.results, 0)
  })

  it("may be a failure", () => {
    const play = new Play()
    play.join("a")
    play.submit([{}, { refs: [{ entry: 0 }], onDependencyFailure: "run" }])
    assert.deepStrictEqual(assignment(play.end("a", 0, failed))?.refs, [failed])
  })
})

describe("when the other task fails", () => {
  it("the one that follows fails too, and says of what", () => {
    const play = new Play()
    play.join("a")
    play.submit([{}, { after: [{ entry: 0 }] }])
    const commands = play.end("a", 0, failed)
    assert.deepStrictEqual(ended(commands), ["0 Failed", "1 DependencyFailed"])
    assert.deepStrictEqual(outcomes(commands)[1], { _tag: "DependencyFailed", dependency: play.dispatcher.idOf(0) })
  })

  it("the one that follows runs if it is to", () => {
    const play = new Play()
    play.join("a")
    play.submit([{}, { after: [{ entry: 0 }], onDependencyFailure: "run" }])
    assert.deepStrictEqual(given(play.end("a", 0, failed)), ["a: 1"])
  })

  it("and that one succeeds, what follows it in turn runs too", () => {
    const play = new Play()
    play.join("a")
    play.submit([{}, { after: [{ entry: 0 }], onDependencyFailure: "run" }, { after: [{ entry: 1 }] }])
    play.end("a", 0, failed)
    assert.deepStrictEqual(given(play.end("a", 1)), ["a: 2"])
  })

  it("before the one that follows is handed over, that fails at once", () => {
    const play = new Play()
    play.join("a")
    play.submit({ keep: true })
    play.end("a", 0, failed)
    assert.deepStrictEqual(ended(play.submit({ after: [0] })), ["1 DependencyFailed"])
  })

  it("a cancelled one counts as failed", () => {
    const play = new Play()
    play.submit([{}, { after: [{ entry: 0 }] }])
    assert.deepStrictEqual(ended(play.cancel({ task: 0 })), ["0 Interrupted", "1 DependencyFailed"])
  })
})

describe("a chain of 100,000", () => {
  const chain = (link: EntryOptions): ReadonlyArray<EntryOptions> =>
    Array.from({ length: 100_000 }, (_, entry) => entry === 0 ? link : { ...link, after: [{ entry: entry - 1 }] })

  it("fails from end to end", () => {
    const play = new Play()
    play.submit(chain({}))
    const endings = ended(play.cancel({ task: 0 }))
    assert.strictEqual(endings.length, 100_000)
    assert.strictEqual(endings.at(-1), "99999 DependencyFailed")
    assert.strictEqual(play.statistics.sources, 0)
  })

  it("without any tasks ends at once", () => {
    const play = new Play()
    play.submit(chain({ count: 0 }))
    assert.strictEqual(play.statistics.sources, 0)
  })
})

describe("what cannot be followed", () => {
  it("is a cycle, which is named", () => {
    const commands = new Play().submit([
      {},
      { after: [{ entry: 3 }] },
      { after: [{ entry: 1 }] },
      { refs: [{ entry: 2 }] }
    ])
    assert.deepStrictEqual(refusal(commands), { _tag: "Cycle", entries: [1, 3, 2, 1] })
  })

  it("is itself", () => {
    const commands = new Play().submit({ after: [{ entry: 0 }] })
    assert.deepStrictEqual(refusal(commands), { _tag: "Cycle", entries: [0, 0] })
  })

  it("is a task that nobody knows", () => {
    const play = new Play()
    play.submit()
    const commands = play.submit([{}, { after: [99] }])
    assert.deepStrictEqual(refusal(commands), { _tag: "UnknownDependency", entry: 1, task: 99 })
    assert.strictEqual(play.statistics.sources, 1)
  })

  it("is an entry that is not there", () => {
    const commands = new Play().submit({ refs: [{ entry: 5 }] })
    assert.deepStrictEqual(refusal(commands), { _tag: "UnknownDependency", entry: 0, task: 5 })
  })

  it("is a task that has been forgotten", () => {
    const play = new Play()
    play.join("a")
    play.submit()
    play.end("a", 0)
    assert.deepStrictEqual(refusal(play.submit({ after: [0] })), {
      _tag: "UnknownDependency",
      entry: 0,
      task: 0
    })
  })
})
