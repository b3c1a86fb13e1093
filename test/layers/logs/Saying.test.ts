import { assert, describe, it } from "@effect/vitest"
import { Saying } from "../../../layers/threads/Saying.ts"
import type { Attempt } from "../../../src/protocol/ExecutorPort.ts"
import type { LogLine } from "../../../src/task/LogLine.ts"

const lineOf = (message: string): LogLine => ({ time: 0, level: "Info", message, annotations: {} })

/** Nothing else of it matters here. */
const attempt = { assignment: { task: 17, epoch: 2 } } as Attempt
const lease = { task: 0, epoch: 2 }

const of = () => new Saying((claim) => claim === 0 ? attempt : undefined)

describe("what a thread says", () => {
  it("is of an attempt by the name that the server knows, and of no other", () => {
    const saying = of()
    const lines = [0, 1].map((task) => ({ lease: { task, epoch: 2 }, line: lineOf(String(task)) }))
    assert.deepStrictEqual(saying.translated({ _tag: "logs", entries: lines }), {
      _tag: "logs",
      entries: [{ lease: { task: 17, epoch: 2 }, line: lineOf("0") }]
    })
    assert.isUndefined(
      saying.translated({ _tag: "logs", entries: [{ lease: { task: 0, epoch: 1 }, line: lineOf("") }] })
    )
    const value = Uint8Array.of(1)
    assert.deepStrictEqual(saying.translated({ _tag: "progress", lease, value }), {
      _tag: "progress",
      lease: { task: 17, epoch: 2 },
      value
    })
    assert.deepStrictEqual(saying.translated({ _tag: "output", line: lineOf("own") }), {
      _tag: "output",
      line: lineOf("own")
    })
    assert.deepStrictEqual(saying.lastLines(attempt), ["0"])
  })

  it("is said for it when it has died, unless it has said it", () => {
    const saying = of()
    saying.withhold({ _tag: "Withheld", lease, lines: [lineOf("a"), lineOf("b")] })
    const entries = ["a", "b"].map((text) => ({ lease: { task: 17, epoch: 2 }, line: lineOf(text) }))
    assert.deepStrictEqual(saying.last([attempt]), { _tag: "logs", entries })
    assert.deepStrictEqual(saying.lastLines(attempt), ["a", "b"])
    saying.translated({ _tag: "log", lease, line: lineOf("c") })
    assert.isUndefined(saying.last([attempt]))
  })
})
