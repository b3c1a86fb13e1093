import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { afterExit, type KeepRunning, neverRestarted, policyOf } from "../../src/process/KeepRunning.ts"
import type { ProcessExit } from "../../src/process/ProcessExit.ts"

const good: ProcessExit = { _tag: "Exited", code: 0 }
const asked: ProcessExit = { _tag: "Signalled", signal: "SIGTERM", byUs: true }
const bad: ProcessExit = { _tag: "Exited", code: 1 }
const killed: ProcessExit = { _tag: "Signalled", signal: "SIGKILL", byUs: false }
const unstarted: ProcessExit = { _tag: "CouldNotStart", reason: "no" }

/** What happens to one that ends again and again, having run for so long each time: its waits, and whether it is given up. */
const waits = (keep: KeepRunning, runs: ReadonlyArray<number>, exit: ProcessExit = bad) => {
  const policy = policyOf(keep)
  const all: Array<number | "left" | "given up"> = []
  let history = neverRestarted
  let now = 0
  for (const run of runs) {
    const after = afterExit(policy, history, exit, { startedAt: now, now: now + run })
    if (after._tag !== "Restart") return [...all, after._tag === "Leave" ? "left" : "given up"]
    history = after.history
    all.push(after.wait)
    now += run + after.wait
  }
  return all
}

describe("keeping a child running", () => {
  it.each<[KeepRunning["when"], ProcessExit, boolean]>([
    ["never", bad, false],
    ["never", killed, false],
    ["onFailure", good, false],
    ["onFailure", asked, false],
    ["onFailure", bad, true],
    ["onFailure", killed, true],
    ["onFailure", unstarted, true],
    ["always", good, true],
    ["always", asked, true]
  ])("%s, after %o: %s", (when, exit, isAgain) => {
    assert.deepStrictEqual(waits({ when }, [0], exit), [isAgain ? 100 : "left"])
  })

  it("waits longer each time, up to the most", () => {
    const keep: KeepRunning = { when: "always", backoff: 100, factor: 3, backoffMost: "2 seconds" }
    assert.deepStrictEqual(waits(keep, [0, 0, 0, 0, 0]), [100, 300, 900, 2_000, 2_000])
    assert.deepStrictEqual(
      waits({ when: "always", restarts: 1e6 }, Array.from({ length: 2_000 }, () => 1)).at(-1),
      30_000
    )
  })

  it("begins anew after it has run well", () => {
    const keep: KeepRunning = { when: "always", backoff: 100, wellAfter: "1 second" }
    assert.deepStrictEqual(waits(keep, [0, 0, 999, 1_000, 0]), [100, 200, 400, 100, 200])
  })

  it("gives up after too many in the window, and only then", () => {
    const keep: KeepRunning = { when: "always", backoff: 10, factor: 1, restarts: 3, window: "1 second" }
    assert.deepStrictEqual(waits(keep, [0, 0, 0, 0]), [10, 10, 10, "given up"])
    assert.deepStrictEqual(waits(keep, [300, 400, 500, 400, 500, 400]), [10, 10, 10, 10, 10, 10])
    assert.deepStrictEqual(waits({ ...keep, restarts: 0 }, [0]), ["given up"])
  })

  it("never waits for less than nothing, nor for ever, whatever it is told", () => {
    const keep: KeepRunning = { when: "always", backoff: 0, factor: 0.1, restarts: 5 }
    const all = waits(keep, [0, 0, 0])
    assert.deepStrictEqual(all, [0, 0, 0])
    assert.isTrue(all.every(Schema.is(Schema.Finite)))
  })
})
