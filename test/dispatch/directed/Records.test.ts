import { assert, describe, it } from "@effect/vitest"
import type { Transition } from "../../../src/dispatch/Command.ts"
import { failed, interrupted, Play } from "./Fixture.ts"

/** How far each task is, if nothing is known but what was recorded. */
const replay = (records: ReadonlyArray<Transition>): ReadonlyMap<number, string> => {
  const tasks = new Map<number, string>()
  for (const { count, kind, task } of records) {
    for (let at = task; at < task + count; at++) {
      if (kind === "Forgotten") tasks.delete(at)
      else tasks.set(at, kind)
    }
  }
  return tasks
}

/** The same, by what the dispatcher says. */
const kinds: Readonly<Record<string, string>> = {
  Ended: "Ended",
  Ending: "Ended",
  Assigned: "Assigned",
  Running: "Started",
  Stopping: "Stopping",
  Retries: "Retrying",
  WaitsItsTurn: "Accepted"
}

/** Tasks in as many states as there are. */
const eventful = (options = {}): Play => {
  const play = new Play(options)
  play.join("a", { slots: 7 })
  play.submit({ count: 7, keep: true, spec: { grace: 50 } })
  play.submit({ count: 5 })
  play.start("a", 0, 1, 2, 3, 5)
  play.end("a", 0)
  play.end("a", 1, failed)
  play.end("a", 2, failed, { retryAfter: 100 })
  play.cancel({ task: 3 })
  play.cancel({ task: 11 })
  play.end("a", 4, interrupted)
  return play
}

describe("records", () => {
  it("are numbered without gaps", () => {
    const { records } = eventful({ sequence: 41 })
    assert.deepStrictEqual(records.map(({ sequence }) => sequence), records.map((_, place) => 42 + place))
  })

  it("tell of each step that a task takes", () => {
    const play = new Play()
    play.join("a")
    play.submit({ keep: true })
    play.start("a", 0)
    play.end("a", 0, failed, { retryAfter: 10 })
    play.wait(10)
    play.start("a", 0)
    play.leave("a")
    play.join("b")
    play.start("b", 0)
    play.cancel({ task: 0 })
    play.end("b", 0, interrupted)
    play.fetch(0)
    assert.deepStrictEqual(
      play.records.map(({ detail, epoch, executorId = "", kind }) =>
        `${kind} ${epoch} ${executorId} ${typeof detail === "object" ? detail._tag : detail ?? ""}`.trimEnd()
      ),
      [
        "Joined 0 a",
        "Accepted 0  add",
        "Assigned 1 a",
        "Started 1 a",
        "Retrying 1 a 10",
        "Assigned 2 a",
        "Started 2 a",
        "Left 0 a out of memory",
        "Released 2  1",
        "Joined 0 b",
        "Assigned 3 b",
        "Started 3 b",
        "Stopping 3 b cancelled",
        "Ended 3 b Interrupted",
        "Forgotten 3"
      ]
    )
  })

  it("say how far each task is", () => {
    const play = eventful()
    const states = replay(play.records.filter(({ kind }) => kind !== "Joined"))
    const tasks = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert.deepStrictEqual(
      tasks.map((task) => states.get(task)),
      tasks.map((task) => kinds[play.explain(task)._tag])
    )
    assert.isAtLeast(new Set(states.values()).size, 5)
  })

  it("say the same of each task whatever becomes of it", () => {
    const play = eventful()
    play.end("a", 3)
    play.wait(100)
    play.work("a")
    play.fetch(0, 1, 2, 3, 4, 5, 6)
    const ends = play.records.filter(({ kind }) => kind === "Ended").flatMap(({ count, task }) =>
      Array.from({ length: count }, (_, at) => task + at)
    )
    assert.deepStrictEqual(ends.toSorted((left, right) => left - right), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  })

  it("carry the outcome", () => {
    const play = eventful()
    const outcomes = play.records.filter(({ kind, task }) => kind === "Ended" && task === 1).map(({ detail }) => detail)
    assert.deepStrictEqual(outcomes, [failed])
  })

  it("are the same for the same events", () => {
    assert.deepStrictEqual(eventful().records, eventful().records)
  })

  it("are one for as many tasks as end together", () => {
    const play = new Play()
    play.submit({ count: 1_000_000 })
    const { persist } = play.cancel({ submission: "submission 0" })
    assert.deepStrictEqual(persist.map(({ count, kind, task }) => [kind, task, count]), [["Ended", 0, 1_000_000]])
  })

  it("are not made of what was refused", () => {
    const play = new Play()
    play.submit({ after: [9] })
    play.join("a")
    play.submit()
    const before = play.records.length
    play.end("a", 0, failed, { epoch: 9 })
    play.start("a", 7)
    assert.strictEqual(play.records.length, before)
  })
})
