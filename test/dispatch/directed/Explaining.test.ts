import { assert, describe, it } from "@effect/vitest"
import type { Explanation } from "../../../src/dispatch/Explaining.ts"
import { type EntryOptions, failed, Play } from "./Fixture.ts"

const on = { executorId: "a", epoch: 1 }

/** A task on `a`, which has one slot. */
const held = (entry: EntryOptions = {}, options = {}): Play => {
  const play = new Play(options)
  play.join("a")
  play.submit(entry)
  return play
}

const started = (entry: EntryOptions = {}, options = {}): Play => {
  const play = held(entry, options)
  play.start("a", 0)
  return play
}

/** The same, with another one behind it. */
const behind = (entry: EntryOptions, other = entry): Play => {
  const play = held(entry)
  play.submit(other)
  return play
}

const after = (play: Play, act: (play: Play) => void): Play => {
  act(play)
  return play
}

const limits = [{ name: "one", concurrency: 1 }]

const cases: ReadonlyArray<readonly [why: string, play: () => Play, task: number, expected: Explanation]> = [
  ["nobody knows it", () => new Play(), 0, { _tag: "Unknown" }],
  ["it has been given out", () => held(), 0, { _tag: "Assigned", ...on }],
  [
    "it has been planned for an executor",
    () => held({ spec: { delivery: "atMostOnce" } }, { commits: "awaited" }),
    0,
    { _tag: "Assigned", ...on }
  ],
  ["it runs", () => started(), 0, { _tag: "Running", ...on }],
  ["it is being stopped", () => after(started(), (play) => play.cancel({ task: 0 })), 0, { _tag: "Stopping", ...on }],
  [
    "its end is not durable",
    () => after(held({}, { commits: "awaited" }), (play) => play.end("a", 0)),
    0,
    { _tag: "Ending" }
  ],
  ["it has ended", () => after(held({ keep: true }), (play) => play.end("a", 0)), 0, { _tag: "Ended" }],
  [
    "it waits for its next attempt",
    () => after(held(), (play) => play.end("a", 0, failed, { retryAfter: 9 })),
    0,
    { _tag: "Retries", epoch: 1 }
  ],
  ["it is not its turn", () => behind({}), 1, { _tag: "WaitsItsTurn" }],
  ["it follows others", () => behind({}, { after: [0] }), 1, { _tag: "WaitsForOthers", count: 1 }],
  [
    "it is the same as another",
    () => behind({ keys: ["k"] }),
    1,
    { _tag: "WaitsForOthers", count: 1 }
  ],
  ["its time has not come", () => held({ startAt: 50 }), 0, { _tag: "WaitsForTime", at: 50 }],
  [
    "no executor can run it",
    () => held({ spec: { services: ["gpu"] } }),
    0,
    { _tag: "WaitsForExecutor", missing: ["service \"gpu\""] }
  ],
  [
    "no executor is there",
    () => after(new Play(), (play) => play.submit()),
    0,
    { _tag: "WaitsForExecutor", missing: ["there is no executor"] }
  ],
  [
    "its limit is reached",
    () =>
      after(new Play(), (play) => {
        play.join("a", { slots: 9 })
        play.submit({ count: 2, spec: { limits } })
      }),
    1,
    { _tag: "WaitsForLimit", limits: ["one"] }
  ],
  [
    "no node has room",
    () =>
      after(new Play(), (play) => {
        play.join("a", { slots: 9, capacity: { cpu: 1 } })
        play.submit({ count: 2, spec: { demand: { cpu: 1 } } })
      }),
    1,
    { _tag: "WaitsForCapacity", passedOver: 0 }
  ],
  ["its session is elsewhere", () => behind({ session: "x" }), 1, { _tag: "WaitsForSession", executorId: "a" }]
]

describe("why a task does not run", () => {
  it.each(cases)("%s", (_, play, task, expected) => {
    assert.deepStrictEqual(play().explain(task), expected)
  })

  it("changes with what happens", () => {
    const play = behind({}, { after: [0], startAt: 50 })
    assert.strictEqual(play.explain(1)._tag, "WaitsForTime")
    play.wait(50)
    assert.strictEqual(play.explain(1)._tag, "WaitsForOthers")
    play.end("a", 0)
    assert.strictEqual(play.explain(1)._tag, "Assigned")
  })
})
