import { assert, describe, it } from "@effect/vitest"
import { ExecutorId } from "../../../src/task/Attempt.ts"
import { asked, ended, given, outcomes, Play, refusal, revoked, succeeded } from "./Fixture.ts"

const a = ExecutorId.make("a")

describe("an executor that is silent", () => {
  const silent = (): Play => {
    const play = new Play({ leaseTime: 100 })
    play.join("a", { heartbeat: true })
    play.join("b")
    play.submit()
    return play
  }

  it("for a lease time loses what it holds", () => {
    const play = silent()
    assert.deepStrictEqual(given(play.wait(99)), [])
    // It is looked after each quarter of a lease time.
    assert.deepStrictEqual(given(play.wait(25)), ["b: 0"])
    assert.strictEqual(play.statistics.executors, 1)
  })

  it("is kept as long as it is heard of", () => {
    const play = silent()
    for (let turn = 0; turn < 10; turn++) {
      play.wait(90)
      play.tell({ _tag: "beat", executorId: a })
    }
    assert.strictEqual(play.statistics.executors, 2)
  })

  it("is heard by whatever it says", () => {
    const play = silent()
    play.wait(90)
    play.start("a", 0)
    play.wait(90)
    assert.strictEqual(play.statistics.executors, 2)
  })

  it("is not judged before what it said is heard", () => {
    const play = silent()
    play.now = 10_000
    play.tell({ _tag: "tick" }, { _tag: "beat", executorId: a })
    assert.strictEqual(play.statistics.executors, 2)
  })

  it("is woken for in time", () => {
    const play = silent()
    let { wake } = play.wait(0)
    for (let turn = 0; turn < 10 && wake !== undefined && play.statistics.executors === 2; turn++) {
      play.now = wake
      wake = play.wait(0).wake
    }
    assert.strictEqual(play.statistics.executors, 1)
    assert.isAtMost(play.now, 125)
  })

  it("is never lost if it need not be heard of", () => {
    const play = new Play({ leaseTime: 100 })
    play.join("a", { heartbeat: false })
    play.wait(1_000_000)
    assert.strictEqual(play.statistics.executors, 1)
  })

  it("is told that its leases are void when it speaks again", () => {
    const play = silent()
    const lease = play.lease(0)
    play.wait(100)
    const commands = play.end("a", 0, succeeded, lease)
    assert.deepStrictEqual(revoked(commands), ["a: 0 stale"])
    assert.deepStrictEqual(ended(commands), [])
    assert.strictEqual(play.statistics.refused, 1)
  })

  it("has its deaths counted", () => {
    const play = new Play({ leaseTime: 100, deathLimit: 1 })
    play.join("a", { heartbeat: true })
    play.submit()
    play.start("a", 0)
    assert.deepEqual<unknown>(outcomes(play.wait(100)), [{
      _tag: "Quarantined",
      deaths: 1,
      executors: [{ executorId: "a", reason: "missed its heartbeats" }]
    }])
  })
})

describe("an executor that joins under a known id", () => {
  it("takes the place of the other, which is lost", () => {
    const play = new Play()
    play.join("a")
    play.submit()
    assert.deepStrictEqual(given(play.join("a")), ["a: 0"])
    assert.strictEqual(play.lease(0).epoch, 2)
    assert.strictEqual(play.statistics.executors, 1)
  })
})

describe("an executor that was out of touch", () => {
  const back = (): Play => {
    const play = new Play()
    play.join("a", { slots: 3 })
    play.submit({ count: 3, spec: { grace: 50 } })
    return play
  }

  it("goes on with what it holds", () => {
    const play = back()
    const commands = play.adopted("a", play.lease(0), play.lease(1), play.lease(2))
    assert.deepStrictEqual([commands.assign, commands.revoke, commands.persist], [[], [], []])
    assert.deepStrictEqual(ended(play.end("a", 1)), ["1 Succeeded"])
  })

  it("gets again what did not arrive", () => {
    const play = back()
    assert.deepStrictEqual(given(play.adopted("a", play.lease(0), play.lease(2))), ["a: 1"])
    assert.strictEqual(play.lease(1).epoch, 2)
  })

  it("is told to stop what is not its own any more", () => {
    const play = back()
    const leases = [play.lease(0), play.lease(1), play.lease(2), { task: 9, epoch: 7 }]
    assert.deepStrictEqual(revoked(play.adopted("a", ...leases)), ["a: 9 stale"])
  })

  it("is told again what to stop", () => {
    const play = back()
    play.cancel({ task: 1 })
    assert.deepStrictEqual(revoked(play.adopted("a", play.lease(0), play.lease(1), play.lease(2))), ["a: 1 cancelled"])
  })

  it("that does not know of what it was to stop has stopped it", () => {
    const play = back()
    play.cancel({ task: 1 })
    assert.deepStrictEqual(ended(play.adopted("a", play.lease(0), play.lease(2))), ["1 Interrupted"])
  })

  it("that does not know of an abandoned attempt has its slot back", () => {
    const play = back()
    play.cancel({ task: 1 })
    play.wait(50)
    play.submit()
    assert.deepStrictEqual(given(play.adopted("a", play.lease(0), play.lease(2))), ["a: 3"])
  })

  it("is told again to kill what is abandoned", () => {
    const play = back()
    play.cancel({ task: 1 })
    play.wait(50)
    const commands = play.adopted("a", play.lease(0), play.lease(1), play.lease(2))
    assert.deepStrictEqual(revoked(commands), ["a: 1 stale kill"])
  })
})

describe("an executor that drains", () => {
  const draining = (): Play => {
    const play = new Play()
    play.join("a", { prefetch: 2 })
    play.submit({ count: 4 })
    play.start("a", 0)
    return play
  }

  it("gives back what it has not started", () => {
    assert.deepStrictEqual(asked(draining().drain("a")), ["a: 2", "a: 1"])
  })

  it("gets nothing more, and finishes what runs", () => {
    const play = draining()
    play.drain("a")
    assert.deepStrictEqual(given(play.recalled("a", 2, 1)), [])
    const commands = play.end("a", 0)
    assert.deepStrictEqual(ended(commands), ["0 Succeeded"])
    assert.deepStrictEqual(given(commands), [])
    assert.strictEqual(play.dispatcher.executors[0]?.leases, 0)
  })

  it("leaves the rest to others, what came back first", () => {
    const play = draining()
    play.drain("a")
    play.recalled("a", 2, 1)
    play.join("b")
    assert.deepStrictEqual(play.work("b"), [2, 1, 3])
  })

  it("lets its sessions go on elsewhere", () => {
    const play = new Play()
    play.join("a")
    play.join("b")
    play.submit({ count: 2, session: "x" })
    assert.deepStrictEqual(given(play.drain("a")), ["b: 1"])
  })
})

describe("a server that drains", () => {
  it("refuses what is handed over", () => {
    const play = new Play()
    play.drain()
    assert.deepStrictEqual(refusal(play.submit()), { _tag: "Draining" })
  })

  it("gives nothing out, and asks back what has not started", () => {
    const play = new Play()
    play.join("a", { prefetch: 1 })
    play.submit({ count: 3 })
    play.start("a", 0)
    assert.deepStrictEqual(asked(play.drain()), ["a: 1"])
    assert.deepStrictEqual(given(play.recalled("a", 1)), [])
    assert.deepStrictEqual(given(play.join("b")), [])
  })

  it("still takes results", () => {
    const play = new Play()
    play.join("a")
    play.submit()
    play.drain()
    assert.deepStrictEqual(ended(play.end("a", 0)), ["0 Succeeded"])
  })
})
