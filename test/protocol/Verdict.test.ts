import { assert, describe, it } from "@effect/vitest"
import type { Attempt } from "../../src/protocol/ExecutorPort.ts"
import { type Circumstances, verdicts } from "../../src/protocol/Verdict.ts"
import { kind } from "../suites/Parties.ts"

const attempt = (task: number): Attempt => ({
  assignment: {
    task,
    epoch: 1,
    retries: 0,
    index: task,
    batch: {
      source: 0,
      submitter: "test",
      submission: "test/1",
      request: 0,
      entry: 0,
      spec: kind(),
      priority: 0,
      deadline: undefined,
      trace: undefined
    },
    refs: undefined,
    isResumed: false
  },
  payload: new Uint8Array(),
  refFields: undefined,
  isFollowed: false
})

const attempts = [0, 1, 2].map(attempt)
const started = attempts.map((attempt, claim) => ({ attempt, claim }))
const thrown = { name: "RangeError", message: "thrown" }
const ends = { exited: { reason: "exit", defect: undefined, isKilled: false } }

const judged = (circumstances: Partial<Circumstances>, moved: ReadonlyArray<Attempt> = []) =>
  verdicts(moved.length > 0 ? [] : started, moved, {
    executorId: "thread-1",
    slots: 1,
    latest: 2,
    guilty: new Set(),
    end: ends.exited,
    ...circumstances
  }).map(({ isDeath = false, outcome, task }) => `${task} ${outcome._tag}${isDeath ? ", a death" : ""}`)

describe("what the end of a thread means for what had been started in it", () => {
  it("with one slot, that of the last only", () => {
    assert.deepStrictEqual(judged({}), ["0 Lost", "1 Lost", "2 Lost, a death"])
  })

  it("with several slots, that of any of them", () => {
    assert.deepStrictEqual(judged({ slots: 3 }), ["0 Lost, a death", "1 Lost, a death", "2 Lost, a death"])
  })

  it("what was thrown is the crash of the one that can have thrown it, and of none if there are several", () => {
    const end = { ...ends.exited, defect: thrown }
    assert.deepStrictEqual(judged({ end }), ["0 Lost", "1 Lost", "2 Crashed"])
    assert.deepStrictEqual(judged({ end, slots: 3 }), ["0 Lost, a death", "1 Lost, a death", "2 Lost, a death"])
  })

  it("one that was killed for a task is laid on that alone", () => {
    const guilty = new Set(attempts.slice(1, 2))
    const end = { ...ends.exited, isKilled: true }
    assert.deepStrictEqual(judged({ guilty, end, slots: 3 }), ["0 Lost", "1 Interrupted", "2 Lost"])
  })

  it("what had not been started, but whose payload had moved there, is lost and nobody's death", () => {
    assert.deepStrictEqual(judged({}, attempts), ["0 Lost", "1 Lost", "2 Lost"])
    assert.deepStrictEqual(judged({ guilty: new Set(attempts) }, attempts.slice(0, 1)), ["0 Interrupted"])
  })
})
