import { assert, describe, it } from "@effect/vitest"
import { next } from "../../src/host/Idle.ts"

const unused = { clients: 0, tasks: 0, schedules: 0 }

describe("a server that nobody needs", () => {
  it("waits until it has been idle for long enough, and ends", () => {
    assert.deepStrictEqual(next(unused, undefined, 1_000, 600_000), { wait: 10_000, since: 1_000 })
    assert.deepStrictEqual(next(unused, 1_000, 596_000, 600_000), { wait: 5_000, since: 1_000 })
    assert.strictEqual(next(unused, 1_000, 601_000, 600_000), "end")
  })

  it.each([
    ["a client", { ...unused, clients: 1 }],
    ["a task that has not ended", { ...unused, tasks: 1 }],
    ["a schedule", { ...unused, schedules: 1 }]
  ])("begins anew after %s", (_, use) => {
    assert.deepStrictEqual(next(use, 1_000, 700_000, 600_000), { wait: 10_000, since: undefined })
  })

  it("never ends where that was asked for, and looks no more often than every ten seconds", () => {
    assert.deepStrictEqual(next(unused, 0, 1e12, Infinity), { wait: 10_000, since: 0 })
  })
})
