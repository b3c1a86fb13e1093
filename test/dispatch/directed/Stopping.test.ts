import { assert, describe, it } from "@effect/vitest"
import type { Outcome } from "../../../src/task/Outcome.ts"
import { ended, failed, given, interrupted, outcomes, Play, revoked, succeeded } from "./Fixture.ts"

/** A task that runs on `a`. */
const running = (spec: { readonly timeout?: number; readonly grace?: number } = {}): Play => {
  const play = new Play()
  play.join("a")
  play.submit({ spec: { grace: 50, ...spec } })
  play.start("a", 0)
  return play
}

const byBob = (cleanly: boolean): ReadonlyArray<Outcome> => [{ _tag: "Interrupted", by: "bob", cleanly }]

describe("a timeout", () => {
  it("counts from the start, not from the assignment", () => {
    const play = new Play()
    play.join("a")
    play.submit({ spec: { timeout: 100 } })
    play.wait(1_000)
    play.start("a", 0)
    assert.deepStrictEqual(revoked(play.wait(99)), [])
    assert.deepStrictEqual(revoked(play.wait(1)), ["a: 0 timedOut"])
  })

  it("ends the task once that is acknowledged, even if it has succeeded meanwhile", () => {
    const play = running({ timeout: 100 })
    assert.deepStrictEqual(ended(play.wait(100)), [])
    assert.deepStrictEqual(outcomes(play.end("a", 0, succeeded)), [{ _tag: "TimedOut", after: 100 }])
  })

  it("ends in a kill when the time of grace is over", () => {
    const play = running({ timeout: 100, grace: 50 })
    play.wait(100)
    assert.deepStrictEqual(revoked(play.wait(49)), [])
    const commands = play.wait(1)
    assert.deepStrictEqual(revoked(commands), ["a: 0 timedOut kill"])
    assert.deepStrictEqual(ended(commands), ["0 TimedOut"])
  })

  it("of one attempt is not that of the next", () => {
    const play = running({ timeout: 100 })
    play.wait(90)
    play.end("a", 0, failed, { retryAfter: 0 })
    play.wait(1)
    play.start("a", 0)
    assert.deepStrictEqual(revoked(play.wait(99)), [])
    assert.deepStrictEqual(revoked(play.wait(1)), ["a: 0 timedOut"])
  })
})

describe("an abandoned attempt", () => {
  const abandoned = (): Play => {
    const play = running({ timeout: 100, grace: 50 })
    play.submit()
    play.wait(100)
    play.wait(50)
    return play
  }

  it("keeps its slot until it is acknowledged", () => {
    const play = abandoned()
    assert.deepStrictEqual(given(play.wait(1_000)), [])
    assert.deepStrictEqual(given(play.end("a", 0, interrupted)), ["a: 1"])
    assert.strictEqual(play.dispatcher.executors[0]?.abandoned, 0)
  })

  it("gives its slot back once", () => {
    const play = abandoned()
    const lease = play.lease(0)
    play.submit()
    play.end("a", 0, interrupted)
    assert.deepStrictEqual(given(play.end("a", 0, interrupted, lease)), [])
  })

  it("cannot succeed any more", () => {
    assert.deepStrictEqual(ended(abandoned().end("a", 0, succeeded)), [])
  })
})

describe("a deadline", () => {
  it("ends what is queued", () => {
    const play = new Play()
    play.submit({ count: 3, deadline: 100 })
    assert.deepStrictEqual(ended(play.wait(99)), [])
    const commands = play.wait(1)
    assert.deepStrictEqual(ended(commands), ["0 Expired (3)"])
    assert.deepStrictEqual(outcomes(commands), [{ _tag: "Expired", deadline: 100 }])
    assert.deepStrictEqual(given(play.join("a")), [])
  })

  it("stops what runs", () => {
    const play = new Play()
    play.join("a")
    play.submit({ count: 2, deadline: 100 })
    play.start("a", 0)
    const commands = play.wait(100)
    assert.deepStrictEqual(revoked(commands), ["a: 0 expired"])
    assert.deepStrictEqual(ended(commands), ["1 Expired"])
    assert.deepStrictEqual(ended(play.end("a", 0, interrupted)), ["0 Expired"])
  })

  it("ends what waits for its next attempt", () => {
    const play = new Play()
    play.join("a")
    play.submit({ deadline: 100 })
    play.end("a", 0, failed, { retryAfter: 500 })
    assert.deepStrictEqual(ended(play.wait(100)), ["0 Expired"])
    assert.deepStrictEqual(given(play.wait(500)), [])
  })
})

describe("a delayed start", () => {
  it("keeps the task back until then", () => {
    const play = new Play()
    play.join("a")
    const commands = play.submit({ startAt: 100 })
    assert.deepStrictEqual(given(commands), [])
    assert.strictEqual(commands.wake, 100)
    assert.deepStrictEqual(given(play.wait(99)), [])
    assert.deepStrictEqual(given(play.wait(1)), ["a: 0"])
  })

  it("in the past keeps nothing back", () => {
    const play = new Play()
    play.join("a")
    play.wait(200)
    assert.deepStrictEqual(given(play.submit({ startAt: 100 })), ["a: 0"])
  })
})

describe("cancelling", () => {
  it("ends a queued task at once", () => {
    const play = new Play()
    play.submit({ count: 3 })
    const commands = play.cancel({ task: 1 })
    assert.deepStrictEqual(ended(commands), ["1 Interrupted"])
    assert.deepStrictEqual(outcomes(commands), byBob(true))
    play.join("a")
    assert.deepStrictEqual(play.work("a"), [0, 2])
  })

  it("stops a running task, which ends once that is acknowledged", () => {
    const play = running()
    const commands = play.cancel({ task: 0 })
    assert.deepStrictEqual(revoked(commands), ["a: 0 cancelled"])
    assert.deepStrictEqual(ended(commands), [])
    assert.deepStrictEqual(outcomes(play.end("a", 0, interrupted)), byBob(true))
  })

  it("kills a task that does not acknowledge", () => {
    const play = running({ grace: 50 })
    play.cancel({ task: 0 })
    const commands = play.wait(50)
    assert.deepStrictEqual(revoked(commands), ["a: 0 cancelled kill"])
    assert.deepStrictEqual(outcomes(commands), byBob(false))
  })

  it("asks an executor once", () => {
    const play = running()
    play.cancel({ task: 0 }, "bob")
    assert.deepStrictEqual(revoked(play.cancel({ task: 0 }, "carol")), [])
    assert.deepStrictEqual(outcomes(play.end("a", 0, interrupted)), byBob(true))
    assert.deepStrictEqual(play.cancel({ task: 0 }).notify, [])
  })

  it("ends a task that waits for another", () => {
    const play = new Play()
    play.submit([{}, { after: [{ entry: 0 }] }])
    assert.deepStrictEqual(ended(play.cancel({ task: 1 })), ["1 Interrupted"])
    play.join("a")
    assert.deepStrictEqual(play.work("a"), [0])
  })

  it("ends a task that waits for its time", () => {
    const play = new Play()
    play.join("a")
    play.submit({ startAt: 100 })
    assert.deepStrictEqual(ended(play.cancel({ task: 0 })), ["0 Interrupted"])
    assert.deepStrictEqual(given(play.wait(100)), [])
  })

  it("ends a task that waits for its next attempt", () => {
    const play = running()
    play.end("a", 0, failed, { retryAfter: 100 })
    assert.deepStrictEqual(ended(play.cancel({ task: 0 })), ["0 Interrupted"])
    assert.deepStrictEqual(given(play.wait(100)), [])
  })

  it("ends all of a submission, and nothing else", () => {
    const play = running()
    play.submit([{ count: 2 }, { after: [{ entry: 0 }] }], { submission: "other" })
    assert.deepStrictEqual(ended(play.cancel({ submission: "other" })), ["1 Interrupted (2)", "3 Interrupted"])
    assert.deepStrictEqual(ended(play.end("a", 0)), ["0 Succeeded"])
  })

  it("ends all of a submitter, and nothing else", () => {
    const play = running()
    play.submit({ count: 2 }, { submitter: "alice" })
    play.submit({}, { submitter: "carol" })
    const commands = play.cancel({ submitter: "alice" })
    assert.deepStrictEqual(ended(commands), ["1 Interrupted (2)"])
    assert.deepStrictEqual(revoked(commands), ["a: 0 cancelled"])
    assert.deepStrictEqual(given(play.end("a", 0, interrupted)), ["a: 3"])
  })

  it("does not care about what is not known", () => {
    const play = new Play()
    for (const target of [{ task: 99 }, { submission: "none" }, { submitter: "nobody" }]) {
      assert.deepStrictEqual(play.cancel(target).persist, [])
    }
  })

  it("takes time that grows with the number of tasks, not with its square", () => {
    const play = new Play()
    play.submit(Array.from({ length: 50_000 }, () => ({})), { submission: "first" })
    play.submit(Array.from({ length: 50_000 }, (_, task) => ({ after: [task] })))
    const endings = ended(play.cancel({ submission: "first" }))
    assert.strictEqual(endings.length, 100_000)
    assert.strictEqual(endings.filter((ending) => ending.endsWith(" DependencyFailed")).length, 50_000)
  })
})

describe("the race between the end and the request to stop", () => {
  it("is won by a success before the acknowledgement", () => {
    const play = running()
    play.cancel({ task: 0 })
    assert.deepStrictEqual(ended(play.end("a", 0, succeeded)), ["0 Succeeded"])
  })

  it("is won by a failure that would not be retried", () => {
    const play = running()
    play.cancel({ task: 0 })
    assert.deepStrictEqual(ended(play.end("a", 0, failed)), ["0 Failed"])
  })

  it("is lost by a failure that would be retried", () => {
    const play = running()
    play.cancel({ task: 0 })
    assert.deepStrictEqual(ended(play.end("a", 0, failed, { retryAfter: 1 })), ["0 Interrupted"])
    assert.deepStrictEqual(given(play.wait(1)), [])
  })

  it("is lost by a success after the acknowledgement", () => {
    const play = running()
    play.cancel({ task: 0 })
    play.end("a", 0, interrupted)
    assert.deepStrictEqual(ended(play.end("a", 0, succeeded)), [])
    assert.strictEqual(play.statistics.refused, 1)
  })

  it("ends uncleanly when the executor dies", () => {
    const play = running()
    play.cancel({ task: 0 })
    assert.deepStrictEqual(outcomes(play.leave("a")), byBob(false))
  })
})
