import { assert, describe, it } from "@effect/vitest"
import { ExecutorId } from "../../../src/task/Attempt.ts"
import { assignment, crashed, ended, failed, given, outcomes, Play, revoked, succeeded } from "./Fixture.ts"

describe("a retry", () => {
  it("comes after the stated delay", () => {
    const play = new Play()
    play.join("a")
    play.submit()
    const commands = play.end("a", 0, failed, { retryAfter: 100 })
    assert.deepStrictEqual(ended(commands), [])
    assert.strictEqual(commands.wake, 100)
    assert.deepStrictEqual(given(play.wait(99)), [])
    assert.deepStrictEqual(given(play.wait(1)), ["a: 0"])
  })

  it("knows how many failures came before it", () => {
    const play = new Play()
    play.join("a")
    assert.strictEqual(assignment(play.submit())?.retries, 0)
    play.end("a", 0, failed, { retryAfter: 1 })
    const second = assignment(play.wait(1))
    assert.deepStrictEqual([second?.retries, second?.epoch], [1, 2])
  })

  it("does not count attempts that were lost", () => {
    const play = new Play()
    play.join("a")
    play.submit()
    play.start("a", 0)
    play.leave("a")
    const second = assignment(play.join("b"))
    assert.deepStrictEqual([second?.retries, second?.epoch], [0, 2])
  })

  it("is not made of what must not run twice", () => {
    const play = new Play()
    play.join("a")
    play.submit({ spec: { delivery: "atMostOnce" } })
    assert.deepStrictEqual(ended(play.end("a", 0, failed, { retryAfter: 1 })), ["0 Failed"])
  })

  it("lets others run meanwhile", () => {
    const play = new Play()
    play.join("a")
    play.submit({ count: 2 })
    assert.deepStrictEqual(given(play.end("a", 0, failed, { retryAfter: 100 })), ["a: 1"])
  })
})

describe("an ending", () => {
  it("is told with the outcome and the times", () => {
    const play = new Play()
    play.submit()
    play.wait(1)
    play.join("a")
    play.wait(1)
    play.start("a", 0)
    play.wait(1)
    const [ending] = play.end("a", 0, crashed).notify.flatMap(({ notice }) =>
      notice._tag === "Ended" ? notice.endings : []
    )
    assert.deepStrictEqual(ending, {
      source: 0,
      request: 0,
      entry: 0,
      index: 0,
      count: 1,
      task: 0,
      epoch: 1,
      outcome: crashed,
      times: { queued: 1, assigned: 1, started: 2, finished: 3 }
    })
  })

  it("without a retry is a failure", () => {
    const play = new Play()
    play.join("a")
    play.submit()
    assert.deepStrictEqual(outcomes(play.end("a", 0, failed)), [failed])
  })

  it("that is reported again is counted and has no effect", () => {
    const play = new Play()
    play.join("a")
    play.submit({ keep: true })
    play.end("a", 0, succeeded, { hash: 7 })
    const commands = play.end("a", 0, succeeded, { hash: 7 })
    assert.deepStrictEqual([commands.notify, commands.revoke, commands.persist], [[], [], []])
    assert.strictEqual(play.statistics.repeated, 1)
    assert.strictEqual(play.statistics.refused, 0)
  })

  it("that is reported otherwise than before is refused", () => {
    const play = new Play()
    play.join("a")
    play.submit({ keep: true })
    play.end("a", 0, succeeded, { hash: 7 })
    assert.deepStrictEqual(ended(play.end("a", 0, failed, { hash: 8 })), [])
    assert.strictEqual(play.statistics.refused, 1)
  })

  it("that is reported for an attempt that was lost is refused", () => {
    const play = new Play()
    play.join("a")
    play.submit()
    play.join("b")
    const lease = play.lease(0)
    play.leave("a")
    assert.deepStrictEqual(play.lease(0), { task: 0, epoch: 2 })
    const commands = play.end("a", 0, succeeded, lease)
    assert.deepStrictEqual(ended(commands), [])
    assert.deepStrictEqual(revoked(commands), ["a: 0 stale"])
    assert.strictEqual(play.statistics.refused, 1)
    assert.deepStrictEqual(ended(play.end("b", 0)), ["0 Succeeded"])
  })

  it("that another executor reports is refused", () => {
    const play = new Play()
    play.join("a")
    play.join("b")
    play.submit()
    assert.deepStrictEqual(ended(play.end("b", 0)), [])
    assert.deepStrictEqual(ended(play.end("a", 0)), ["0 Succeeded"])
  })
})

describe("deaths", () => {
  const loss = (id: string) => ({ executorId: ExecutorId.make(id), reason: "out of memory" })

  it("of three executors quarantine a task", () => {
    const play = new Play()
    play.submit()
    for (const id of ["a", "b"]) {
      play.join(id)
      play.start(id, 0)
      assert.deepStrictEqual(ended(play.leave(id)), [])
    }
    play.join("c")
    play.start("c", 0)
    assert.deepStrictEqual(outcomes(play.leave("c")), [
      { _tag: "Quarantined", deaths: 3, executors: [loss("a"), loss("b"), loss("c")] }
    ])
  })

  it("do not count before the task has started", () => {
    const play = new Play()
    play.submit()
    for (const id of ["a", "b", "c", "d"]) {
      play.join(id)
      assert.deepStrictEqual(ended(play.leave(id)), [])
    }
    assert.deepStrictEqual(given(play.join("e")), ["e: 0"])
  })

  it("do not count when the executor left cleanly", () => {
    const play = new Play()
    play.submit()
    for (const id of ["a", "b", "c", "d"]) {
      play.join(id)
      play.start(id, 0)
      assert.deepStrictEqual(ended(play.leave(id, true)), [])
    }
  })

  it("of a thread count only for the task that it was killed for", () => {
    const play = new Play({ deathLimit: 1 })
    play.join("a", { slots: 2 })
    play.submit({ count: 2 })
    play.start("a", 0, 1)
    const lost = { _tag: "Lost", executors: [] } as const
    assert.deepStrictEqual(ended(play.end("a", 0, lost, { isDeath: true })), ["0 Quarantined"])
    assert.deepStrictEqual(given(play.end("a", 1, lost)), ["a: 1"])
  })

  it("name the executors when no attempt is left", () => {
    const play = new Play()
    play.submit({ spec: { attempts: 2 } })
    play.join("a")
    play.start("a", 0)
    play.leave("a")
    play.join("b")
    play.start("b", 0)
    assert.deepStrictEqual(outcomes(play.leave("b")), [{ _tag: "Lost", executors: [loss("a"), loss("b")] }])
  })

  it("of an executor that left cleanly before the start use up no attempt", () => {
    const play = new Play()
    play.submit({ spec: { attempts: 1 } })
    play.join("a")
    assert.deepStrictEqual(ended(play.leave("a", true)), [])
    assert.deepStrictEqual(given(play.join("b")), ["b: 0"])
  })
})

describe("kept outcomes", () => {
  it("are forgotten once they were fetched", () => {
    const play = new Play()
    play.join("a")
    play.submit({ count: 2, keep: true })
    play.work("a")
    assert.strictEqual(play.statistics.results, 2)
    assert.deepStrictEqual(play.fetch(0).persist.map(({ kind, task }) => `${task} ${kind}`), ["0 Forgotten"])
    assert.deepStrictEqual([play.explain(0), play.explain(1)], [{ _tag: "Unknown" }, { _tag: "Ended" }])
    play.fetch(1)
    const { results, sources, submissions } = play.statistics
    assert.deepStrictEqual({ results, sources, submissions }, { results: 0, sources: 0, submissions: 0 })
  })

  it("that nobody asked to keep are forgotten at once", () => {
    const play = new Play()
    play.join("a")
    play.submit()
    play.end("a", 0)
    assert.deepStrictEqual(play.explain(0), { _tag: "Unknown" })
  })
})

describe("after all has ended and was fetched", () => {
  it("nothing is left", () => {
    const play = new Play({ keyRetention: 10, sessionRetention: 10 })
    play.join("a", { slots: 4 })
    const limits = [{ name: "l", concurrency: 2 }, { name: "r", rate: 9, per: 10 }]
    play.submit([
      { count: 3, keep: true, keys: ["x", "y", "x"] },
      { count: 2, spec: { limits }, after: [{ entry: 0 }] },
      { refs: [{ entry: 1 }], session: "s", keep: true },
      { spec: { timeout: 5, demand: { cpu: 1 } }, startAt: 3, deadline: 900 },
      { kind: "producer" }
    ], { isWatched: true })
    play.submit({ startAt: 900, deadline: 1_000 })
    play.cancel({ submission: "submission 1" })
    play.wait(3)
    for (const { source, executorId } of play.wait(0).produce) {
      play.tell({ _tag: "produced", source, executorId, chunk: "finished" })
    }
    play.work("a")
    play.tell({ _tag: "produced", source: 4, executorId: ExecutorId.make("a"), chunk: "finished" })
    play.work("a")
    play.fetch(0, 1, 5)
    play.wait(20)
    play.cancel({ submitter: "alice" })
    play.wait(2_000)
    const { refused: _refused, repeated: _repeated, executors, pages, ...rest } = play.statistics
    assert.deepStrictEqual([executors, pages], [1, 1])
    assert.deepStrictEqual(Object.entries(rest).filter(([, count]) => count !== 0), [])
  })
})
