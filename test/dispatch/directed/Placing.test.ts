import { assert, describe, it } from "@effect/vitest"
import { ExecutorId } from "../../../src/task/Attempt.ts"
import { asked, given, Play, refusal } from "./Fixture.ts"

const both = { libraries: [{ name: "maths", version: "1", tasks: { add: "f", multiply: "f" } }] }

describe("priorities", () => {
  it("give out the highest first", () => {
    const play = new Play()
    play.submit([{ priority: 0 }, { priority: 5 }, { priority: 1 }, { priority: -1 }])
    play.join("a")
    assert.deepStrictEqual(play.work("a"), [1, 2, 0, 3])
  })

  it("count more than turns between submitters", () => {
    const play = new Play()
    play.submit({ count: 2 }, { submitter: "alice" })
    play.submit({ count: 2, priority: 1 }, { submitter: "carol" })
    play.join("a")
    assert.deepStrictEqual(play.work("a"), [2, 3, 0, 1])
  })

  it("do not take away what runs", () => {
    const play = new Play()
    play.join("a")
    play.submit()
    play.start("a", 0)
    const commands = play.submit({ priority: 9 })
    assert.deepStrictEqual([...given(commands), ...asked(commands)], [])
  })
})

describe("submitters", () => {
  it("have turns, however much each has handed over", () => {
    const play = new Play()
    play.submit({ count: 4 }, { submitter: "alice" })
    play.submit({ count: 2 }, { submitter: "carol" })
    play.join("a")
    assert.deepStrictEqual(play.work("a"), [0, 4, 1, 5, 2, 3])
  })

  it("have one turn each, however many kinds of tasks they have", () => {
    const play = new Play()
    play.submit([{ count: 2 }, { count: 2, spec: { taskName: "multiply" } }], { submitter: "alice" })
    play.submit({ count: 4 }, { submitter: "carol" })
    play.join("a", both)
    assert.deepStrictEqual(play.work("a"), [0, 4, 2, 5, 1, 6, 3, 7])
  })

  it("find their own tasks in order", () => {
    const play = new Play()
    play.submit({ count: 2 })
    play.submit({ count: 2 })
    play.join("a")
    assert.deepStrictEqual(play.work("a"), [0, 1, 2, 3])
  })
})

describe("executors", () => {
  it("are served in turn", () => {
    const play = new Play()
    for (const id of ["a", "b", "c"]) play.join(id, { slots: 2 })
    assert.deepStrictEqual(given(play.submit({ count: 6 })), ["a: 0", "a: 3", "b: 1", "b: 4", "c: 2", "c: 5"])
  })

  it("are given as much as they have slots for and take in advance", () => {
    const play = new Play()
    play.join("a", { slots: 2, prefetch: 1 })
    assert.deepStrictEqual(given(play.submit({ count: 5 })), ["a: 0", "a: 1", "a: 2"])
    assert.deepStrictEqual(given(play.end("a", 0)), ["a: 3"])
  })

  it("with a free slot come before those that take work in advance", () => {
    const play = new Play()
    play.join("a", { prefetch: 5 })
    play.join("b")
    assert.deepStrictEqual(given(play.submit({ count: 3 })), ["a: 0", "a: 2", "b: 1"])
  })

  it("that can do least come first", () => {
    const play = new Play()
    play.join("rich", { services: ["gpu"] })
    play.join("plain")
    assert.deepStrictEqual(given(play.submit()), ["plain: 0"])
    assert.deepStrictEqual(given(play.submit({ spec: { services: ["gpu"] } })), ["rich: 1"])
  })

  it("get more once they say that they have more slots", () => {
    const play = new Play()
    play.join("a")
    play.submit({ count: 3 })
    const commands = play.tell({ _tag: "beat", executorId: ExecutorId.make("a"), slots: 3 })
    assert.deepStrictEqual(given(commands), ["a: 1", "a: 2"])
  })
})

describe("work in advance", () => {
  const behind = (): Play => {
    const play = new Play()
    play.join("a", { prefetch: 3 })
    play.submit({ count: 4 })
    play.start("a", 0)
    return play
  }

  it("is asked back for an executor that idles, the last of it first", () => {
    const play = behind()
    assert.deepStrictEqual(asked(play.join("b")), ["a: 3"])
    assert.deepStrictEqual(given(play.recalled("a", 3)), ["b: 3"])
  })

  it("is asked back for as many slots as are free, once", () => {
    const play = behind()
    assert.deepStrictEqual(asked(play.join("b", { slots: 2 })), ["a: 3", "a: 2"])
    assert.deepStrictEqual(asked(play.wait(1)), [])
  })

  it("is not asked back once it has started", () => {
    const play = behind()
    play.start("a", 1, 2, 3)
    assert.deepStrictEqual(asked(play.join("b")), [])
  })

  it("is not asked back for an executor that cannot do it", () => {
    const play = behind()
    assert.deepStrictEqual(asked(play.join("b", { libraries: [] })), [])
  })

  it("stays where it was started before the request arrived", () => {
    const play = behind()
    play.join("b")
    play.start("a", 3)
    assert.deepStrictEqual(given(play.end("a", 3)), [])
    assert.strictEqual(play.statistics.refused, 0)
  })
})

describe("a session", () => {
  const entry = { count: 3, session: "x" }

  it("stays with the executor of its first task", () => {
    const play = new Play()
    play.join("a")
    play.join("b")
    assert.deepStrictEqual(given(play.submit(entry)), ["a: 0"])
    assert.deepStrictEqual(play.explain(1), { _tag: "WaitsForSession", executorId: "a" })
    assert.deepStrictEqual(play.work("a"), [0, 1, 2])
    assert.deepStrictEqual(given(play.submit(entry)), ["a: 3"])
  })

  it("goes on elsewhere when that leaves", () => {
    const play = new Play()
    play.join("a")
    play.join("b")
    play.submit(entry)
    assert.deepStrictEqual(given(play.leave("a")), ["b: 0"])
    assert.deepStrictEqual(play.work("b"), [0, 1, 2])
  })

  it("is not that of another submitter by the same name", () => {
    const play = new Play()
    play.join("a")
    play.join("b")
    play.submit(entry, { submitter: "alice" })
    assert.deepStrictEqual(given(play.submit(entry, { submitter: "carol" })), ["b: 3"])
  })
})

describe("a node", () => {
  it("that is asked for gets the task", () => {
    const play = new Play()
    play.join("a", { node: "one" })
    play.join("b", { node: "two" })
    assert.deepStrictEqual(given(play.submit({ spec: { node: "two" } })), ["b: 0"])
    assert.deepStrictEqual(given(play.submit({ spec: { node: "two" } })), [])
    assert.deepStrictEqual(given(play.end("b", 0)), ["b: 1"])
  })

  it("that is not there is missed", () => {
    const play = new Play()
    play.join("a", { node: "one" })
    const commands = play.submit({ spec: { node: "two" } }, { whenUnmet: "fail" })
    assert.deepStrictEqual(refusal(commands), { _tag: "Unmet", entry: 0, missing: ["node \"two\""] })
  })
})
