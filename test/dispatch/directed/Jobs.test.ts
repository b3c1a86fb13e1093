import { assert, describe, it } from "@effect/vitest"
import type { Commands } from "../../../src/dispatch/Command.ts"
import type { Chunk } from "../../../src/dispatch/Event.ts"
import { ExecutorId } from "../../../src/task/Attempt.ts"
import { assignment, ended, type EntryOptions, given, Play, told } from "./Fixture.ts"

/** Who is asked for a chunk. */
const producing = ({ produce }: Commands): ReadonlyArray<string> => produce.map(({ executorId }) => executorId)

/** Which entry is asked for how many more tasks. */
const loading = ({ load }: Commands): ReadonlyArray<number> => load.map(({ count }) => count)

const answer = (play: Play, id: string, chunk: Chunk): Commands =>
  play.tell({ _tag: "produced", source: 0, executorId: ExecutorId.make(id), chunk })

const job = (entry: EntryOptions = {}): Play => {
  const play = new Play()
  play.submit({ kind: "producer", ...entry }, { isWatched: true })
  return play
}

describe("a job", () => {
  it("is asked for a chunk for each executor that is free", () => {
    const play = job()
    assert.deepStrictEqual(producing(play.join("a")), ["a"])
    assert.deepStrictEqual(producing(play.join("b")), ["b"])
    assert.deepStrictEqual(producing(play.wait(1)), [])
  })

  it("has its chunk run by the executor that it was made for", () => {
    const play = job()
    play.join("a")
    play.join("b")
    const commands = answer(play, "b", { chunk: 7 })
    assert.deepStrictEqual(given(commands), ["b: 1"])
    assert.strictEqual(assignment(commands)?.index, 7)
  })

  it("is asked again when the chunk has ended", () => {
    const play = job()
    play.join("a")
    answer(play, "a", { chunk: 0 })
    assert.deepStrictEqual(producing(play.end("a", 1)), ["a"])
  })

  it("that waits has not finished, and is not asked again by itself", () => {
    const play = job()
    play.join("a")
    const commands = answer(play, "a", "waiting")
    assert.deepStrictEqual(producing(commands), [])
    assert.deepStrictEqual(told(commands, "Progress"), [])
    assert.deepStrictEqual(producing(play.wait(1_000)), [])
    assert.strictEqual(play.statistics.jobs, 1)
  })

  it("that waits is asked again once it may have more", () => {
    const play = job()
    play.join("a")
    play.join("b")
    answer(play, "a", "waiting")
    answer(play, "b", "waiting")
    assert.deepStrictEqual(producing(play.tell({ _tag: "produced", source: 0 })).toSorted(), ["a", "b"])
  })

  it("leaves an executor that waits for it to others", () => {
    const play = job()
    play.join("a")
    answer(play, "a", "waiting")
    assert.deepStrictEqual(given(play.submit()), ["a: 1"])
  })

  it("gives the chunk of an executor that died to one that waits", () => {
    const play = job()
    play.join("a")
    play.join("b")
    answer(play, "a", { chunk: 0 })
    play.start("a", 1)
    answer(play, "b", "waiting")
    const commands = play.leave("a")
    assert.deepStrictEqual(given(commands), ["b: 1"])
    assert.deepStrictEqual(assignment(commands)?.index, 0)
  })

  it("gives a chunk for an executor that has gone meanwhile to another", () => {
    const play = job()
    play.join("a")
    play.leave("a")
    play.join("b")
    answer(play, "b", "waiting")
    assert.deepStrictEqual(given(answer(play, "a", { chunk: 0 })), ["b: 1"])
  })

  it("ends once, with its last chunk", () => {
    const play = job()
    play.join("a")
    play.join("b")
    answer(play, "a", { chunk: 0 })
    const progress = told(answer(play, "b", "finished"), "Progress")
    assert.deepStrictEqual(progress.map(({ isEnded }) => isEnded), [false])
    assert.deepStrictEqual(producing(answer(play, "b", "finished")), [])
    const commands = play.end("a", 1)
    assert.deepStrictEqual(told(commands, "Progress").map(({ isEnded }) => isEnded), [true])
    assert.deepStrictEqual(producing(commands), [])
    const { jobs, sources, submissions } = play.statistics
    assert.deepStrictEqual({ jobs, sources, submissions }, { jobs: 0, sources: 0, submissions: 0 })
  })

  it("that finishes with nothing ends the submission", () => {
    const play = job()
    play.join("a")
    assert.deepStrictEqual(told(answer(play, "a", "finished"), "Progress").map(({ isEnded }) => isEnded), [true])
  })

  it("lets those go that follow it when it has finished", () => {
    const play = new Play()
    play.submit([{ kind: "producer" }, { after: [{ entry: 0 }] }])
    play.join("a")
    answer(play, "a", { chunk: 0 })
    play.end("a", 2)
    assert.deepStrictEqual(given(answer(play, "a", "finished")), ["a: 1"])
  })

  it("that is cancelled makes no more", () => {
    const play = job()
    play.join("a")
    play.join("b")
    answer(play, "a", { chunk: 0 })
    play.cancel({ submission: "submission 0" })
    const commands = answer(play, "b", { chunk: 1 })
    assert.deepStrictEqual([given(commands), producing(commands)], [[], []])
    assert.deepStrictEqual(ended(play.end("a", 1, { _tag: "Interrupted", by: "bob", cleanly: true })), [
      "1 Interrupted"
    ])
  })

  it("has turns with another one", () => {
    const play = new Play()
    play.submit([{ kind: "producer" }, { kind: "producer" }])
    const sources = play.join("a", { slots: 4 }).produce.map(({ source }) => source)
    assert.deepStrictEqual(sources.slice(0, 2).toSorted(), [0, 1])
  })
})

describe("a window", () => {
  const windowed = (): Play => {
    const play = new Play({ window: 4 })
    play.join("a")
    return play
  }

  it("is asked for at once, and given out once it is loaded", () => {
    const play = windowed()
    const commands = play.submit({ kind: "window", count: 10 })
    assert.deepStrictEqual([loading(commands), given(commands)], [[4], []])
    assert.deepStrictEqual(given(play.tell({ _tag: "loaded", source: 0, count: 4 })), ["a: 0"])
  })

  it("is asked for again when half of it is given out, once", () => {
    const play = windowed()
    play.submit({ kind: "window", count: 10 })
    assert.deepStrictEqual(loading(play.tell({ _tag: "loaded", source: 0, count: 4 })), [])
    assert.deepStrictEqual(loading(play.end("a", 0)), [4])
    assert.deepStrictEqual(loading(play.end("a", 1)), [])
  })

  it("goes on with what is loaded until all is done", () => {
    const play = windowed()
    const order: Array<number> = []
    let [next = 0] = loading(play.submit({ kind: "window", count: 10 }))
    for (const size of [4, 4, 2]) {
      assert.strictEqual(next, size)
      const commands = play.tell({ _tag: "loaded", source: 0, count: size })
      const [task] = given(commands).map((text) => Number(text.slice(3)))
      const loads = [...loading(commands)]
      for (let at = task; at !== undefined;) {
        order.push(at)
        const commands = play.end("a", at)
        loads.push(...loading(commands))
        at = given(commands).map((text) => Number(text.slice(3)))[0]
      }
      next = loads[0] ?? 0
    }
    assert.deepStrictEqual(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    assert.strictEqual(play.statistics.sources, 0)
  })

  it("that is cancelled loads no more", () => {
    const play = windowed()
    play.submit({ kind: "window", count: 10 })
    assert.deepStrictEqual(ended(play.cancel({ submission: "submission 0" })), ["0 Interrupted (10)"])
    const commands = play.tell({ _tag: "loaded", source: 0, count: 4 })
    assert.deepStrictEqual([loading(commands), given(commands)], [[], []])
  })
})
