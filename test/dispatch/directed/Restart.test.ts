import { assert, describe, it } from "@effect/vitest"
import type { Restored } from "../../../src/dispatch/Event.ts"
import { ExecutorId } from "../../../src/task/Attempt.ts"
import { assignment, ended, type EntryOptions, failed, given, outcomes, Play, revoked, succeeded } from "./Fixture.ts"

const plain = { index: 0, epoch: 1, deaths: 0, generation: 1 }
const held = { ...plain, executorId: ExecutorId.make("a") }
const lease = { task: 0, epoch: 1, generation: 1 }

/** A server that was started again, where this was left of the last one. */
const restarted = (tasks: Restored["tasks"], entry: EntryOptions = {}): Play => {
  const play = new Play({ generation: 2, past: [{ generation: 1, count: 10 }], sequence: 100, leaseTime: 100 })
  play.submit({ ...entry, restored: { generation: 1, first: 0, tasks } })
  return play
}

describe("after a restart", () => {
  it("tasks that were queued are given out", () => {
    const play = restarted([], { count: 2 })
    play.join("b")
    assert.deepStrictEqual(play.work("b"), [0, 1])
  })

  it("tasks that were assigned are held for their executor", () => {
    const play = restarted([held])
    assert.deepStrictEqual(given(play.join("b")), [])
    assert.deepStrictEqual(play.explain(0), { _tag: "WaitsForReturn", executorId: "a" })
  })

  it("what runs goes on, under a lease of this generation", () => {
    const play = restarted([held])
    play.join("a")
    const commands = play.adopted("a", lease)
    assert.deepStrictEqual([assignment(commands)?.isResumed, assignment(commands)?.epoch], [true, 1])
    assert.deepStrictEqual(commands.persist.map(({ kind }) => kind), ["Adopted"])
    assert.deepStrictEqual(ended(play.end("a", 0, succeeded, { generation: 2 })), ["0 Succeeded"])
  })

  it("a lease of the last generation does not count before it is issued again", () => {
    const play = restarted([held])
    play.join("a")
    assert.deepStrictEqual(ended(play.end("a", 0, succeeded, lease)), [])
    assert.strictEqual(play.statistics.refused, 1)
  })

  it("nobody but its executor may go on with a task", () => {
    const play = restarted([held])
    play.join("b")
    assert.deepStrictEqual(revoked(play.adopted("b", lease)), ["b: 0 stale"])
  })

  it("no other attempt may go on than the last", () => {
    const play = restarted([{ ...held, epoch: 2 }])
    play.join("a")
    assert.deepStrictEqual(revoked(play.adopted("a", lease)), ["a: 0 stale"])
  })

  it("tasks whose executor does not come back are given to another after a lease time", () => {
    const play = restarted([{ ...held, isStarted: true }])
    play.join("b")
    assert.deepStrictEqual(given(play.wait(99)), [])
    const next = assignment(play.wait(1))
    assert.deepStrictEqual([next?.task, next?.epoch, next?.retries], [0, 2, 0])
  })

  it("an executor that comes back too late is refused", () => {
    const play = restarted([held])
    play.join("b")
    play.wait(100)
    play.join("a")
    assert.deepStrictEqual(revoked(play.adopted("a", lease)), ["a: 0 stale"])
    assert.deepStrictEqual(ended(play.end("b", 0)), ["0 Succeeded"])
  })

  it("an executor that comes back without its task loses it at once", () => {
    const play = restarted([held])
    play.join("a")
    assert.deepStrictEqual(given(play.adopted("a")), ["a: 0"])
    assert.strictEqual(play.lease(0).epoch, 2)
  })

  it("what must not run twice is not given to another", () => {
    const play = restarted([held], { spec: { delivery: "atMostOnce" } })
    play.join("b")
    assert.deepStrictEqual(outcomes(play.wait(100)).map(({ _tag }) => _tag), ["MaybeExecuted"])
  })

  it("a held task counts under its limits", () => {
    const limits = [{ name: "l", concurrency: 1 }]
    const play = restarted([held], { count: 2, spec: { limits } })
    assert.deepStrictEqual(given(play.join("b")), [])
    play.join("a")
    play.adopted("a", lease)
    assert.strictEqual(given(play.end("a", 0)).length, 1)
  })

  it("deaths count on", () => {
    const play = restarted([{ ...plain, deaths: 2 }])
    play.join("b")
    play.start("b", 0)
    assert.deepStrictEqual(ended(play.leave("b")), ["0 Quarantined"])
  })

  it("retries count on, after what is left of the delay", () => {
    const play = restarted([{ ...plain, retries: 3, retryAt: 50 }])
    play.join("b")
    assert.deepStrictEqual(given(play.wait(49)), [])
    assert.strictEqual(assignment(play.wait(1))?.retries, 3)
  })

  it("outcomes are known to those who follow", () => {
    const play = restarted([{ ...plain, outcome: succeeded }])
    play.join("b")
    assert.deepStrictEqual(assignment(play.submit({ refs: [0] }))?.refs, [succeeded])
  })

  it("failures are known to those who follow", () => {
    const play = restarted([{ ...plain, outcome: failed }])
    assert.deepStrictEqual(ended(play.submit({ after: [0] })), ["10 DependencyFailed"])
  })

  it("a cancelled task ends, and its executor is told so when it comes back", () => {
    const play = restarted([held])
    assert.deepStrictEqual(ended(play.cancel({ task: 0 })), ["0 Interrupted"])
    play.join("a")
    assert.deepStrictEqual(revoked(play.adopted("a", lease)), ["a: 0 stale"])
  })

  it("new tasks have new names, and records new numbers", () => {
    const play = restarted([], { count: 2 })
    const commands = play.submit()
    assert.strictEqual(String(play.dispatcher.idOf(0)), "0.1.0")
    assert.strictEqual(String(play.dispatcher.idOf(10)), "0.2.0")
    assert.deepStrictEqual(commands.persist.map(({ sequence, task }) => [sequence, task]), [[101, 10]])
  })
})
