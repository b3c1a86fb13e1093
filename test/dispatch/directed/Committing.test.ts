import { assert, describe, it } from "@effect/vitest"
import { ended, failed, given, Play, told } from "./Fixture.ts"

const awaiting = (): Play => {
  const play = new Play({ commits: "awaited" })
  play.join("a")
  return play
}

describe("before its record is committed", () => {
  it("no request is acknowledged", () => {
    const play = awaiting()
    assert.deepStrictEqual(play.submit().notify, [])
    assert.deepStrictEqual(play.wait(1).notify, [])
    assert.deepStrictEqual(told(play.commit(), "Accepted"), [{
      _tag: "Accepted",
      request: 0,
      first: [0],
      known: []
    }])
  })

  it("no ending is told", () => {
    const play = awaiting()
    play.submit()
    play.commit()
    assert.deepStrictEqual(ended(play.end("a", 0)), [])
    assert.deepStrictEqual(play.explain(0), { _tag: "Ending" })
    assert.deepStrictEqual(ended(play.commit()), ["0 Succeeded"])
  })

  it("no ending lets those that follow go", () => {
    const play = awaiting()
    play.submit([{}, { after: [{ entry: 0 }] }])
    play.commit()
    assert.deepStrictEqual(given(play.end("a", 0)), [])
    assert.deepStrictEqual(given(play.commit()), ["a: 1"])
  })

  it("no failure is passed on", () => {
    const play = awaiting()
    play.submit([{}, { after: [{ entry: 0 }] }])
    play.commit()
    play.end("a", 0, failed)
    assert.deepStrictEqual(ended(play.commit()), ["0 Failed"])
    assert.deepStrictEqual(ended(play.commit()), ["1 DependencyFailed"])
  })

  it("no progress is told", () => {
    const play = awaiting()
    assert.deepStrictEqual(told(play.submit({}, { isWatched: true }), "Progress"), [])
    assert.deepStrictEqual(told(play.commit(), "Progress").map(({ isEnded }) => isEnded), [false])
    play.end("a", 0)
    assert.deepStrictEqual(told(play.commit(), "Progress").map(({ isEnded }) => isEnded), [true])
  })

  it("a task that may run twice is given out all the same", () => {
    assert.deepStrictEqual(given(awaiting().submit()), ["a: 0"])
  })
})

describe("a commit", () => {
  it("lets go what it reaches, and no more", () => {
    const play = awaiting()
    play.submit()
    const through = play.records.at(-1)?.sequence ?? 0
    play.end("a", 0)
    const commands = play.tell({ _tag: "committed", through })
    assert.deepStrictEqual(told(commands, "Accepted").length, 1)
    assert.deepStrictEqual(ended(commands), [])
    assert.deepStrictEqual(ended(play.commit()), ["0 Succeeded"])
  })

  it("acknowledges before it tells of endings", () => {
    const play = awaiting()
    play.submit()
    play.end("a", 0)
    assert.deepStrictEqual(play.commit().notify.map(({ notice }) => notice._tag), ["Accepted", "Ended"])
  })
})

describe("progress", () => {
  it("counts tasks by how far they are", () => {
    const play = new Play()
    play.join("a", { slots: 2 })
    play.submit({ count: 5 }, { isWatched: true })
    play.end("a", 0)
    const commands = play.end("a", 1, failed)
    const counts = { total: 5, queued: 1, running: 2, succeeded: 1, failed: 1, cancelled: 0 }
    assert.deepStrictEqual(told(commands, "Progress").map(({ counts }) => counts), [counts])
    const cancelled = { ...counts, queued: 0, cancelled: 1 }
    assert.deepStrictEqual(told(play.cancel({ task: 4 }), "Progress").map(({ counts }) => counts), [cancelled])
  })

  it("of an open submission ends when it is closed", () => {
    const play = new Play()
    play.join("a")
    play.submit({}, { isWatched: true, isOpen: true, submission: "s" })
    assert.deepStrictEqual(told(play.end("a", 0), "Progress").map(({ isEnded }) => isEnded), [false])
    const commands = play.tell({ _tag: "closed", submission: "s" })
    assert.deepStrictEqual(told(commands, "Progress").map(({ isEnded }) => isEnded), [true])
    assert.strictEqual(play.statistics.submissions, 0)
  })

  it("is not told to who does not ask", () => {
    const play = new Play()
    assert.deepStrictEqual(told(play.submit(), "Progress"), [])
  })
})
