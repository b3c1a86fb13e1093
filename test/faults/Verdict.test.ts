import { assert, describe, it } from "@effect/vitest"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { migrate } from "../../layers/store/SqliteSchema.ts"
import type { Transition } from "../../src/dispatch/Command.ts"
import { encode } from "../../src/store/TransitionCodec.ts"
import { ExecutorId } from "../../src/task/Attempt.ts"
import { success } from "../suites/Parties.ts"
import type { Execution, Word } from "./Ledger.ts"
import { repeated, violationsOf } from "./Verdict.ts"

const ada = ExecutorId.make("ada")

const transition = (sequence: number, kind: Transition["kind"], rest: Partial<Transition> = {}): Transition => ({
  sequence,
  at: 0,
  kind,
  task: 0,
  count: 1,
  epoch: 0,
  executorId: undefined,
  detail: undefined,
  ...rest
})

const end = { epoch: 1, executorId: ada, detail: success(1) }

const good: ReadonlyArray<Transition> = [
  transition(1, "Joined", { task: -1, executorId: ada }),
  transition(2, "Accepted", { detail: "Note" }),
  transition(3, "Assigned", { epoch: 1, executorId: ada }),
  transition(4, "Ended", end)
]

const ended = (sequence: number): Word => ({
  _tag: "Heard",
  notice: {
    _tag: "Ended",
    sequence,
    endings: [{ request: 0, entry: 0, index: 0, count: 1, task: 0, epoch: 1, outcome: success(1), times: undefined }]
  }
})

const words: ReadonlyArray<Word> = [
  { _tag: "Said", request: 0, submission: "first/1", counts: [1] },
  { _tag: "Heard", notice: { _tag: "Accepted", request: 0, first: [0], known: [] } },
  { _tag: "Accepted", from: 7, to: 8, at: 0 },
  ended(4),
  { _tag: "Outcome", n: 7, outcome: "Succeeded", taskId: "0.1.0", at: 0 }
]

const line = (what: Execution["what"], attempt = 1): Execution => ({
  what,
  n: 7,
  taskId: "0.1.0",
  attempt,
  pid: 1,
  at: 0
})
const lines = [line("begun"), line("ended")]

/** What is wrong with such a store, such a book and such a ledger. */
const found = (
  transitions: ReadonlyArray<Transition>,
  said: ReadonlyArray<Word>,
  run: ReadonlyArray<Execution>,
  name = "first"
): ReadonlyArray<string> => {
  const folder = mkdtempSync(join(tmpdir(), "cadre-verdict-"))
  try {
    const path = join(folder, "tasks.db")
    const database = new DatabaseSync(path)
    migrate(database)
    database.prepare(
      `INSERT INTO commits (last, first, generation, at, low, high, ended_low, ended_high, next, next_source, parties, bytes)
        VALUES (?, 1, 1, 0, 0, 0, 0, 0, 1, 1, '[]', ?)`
    ).run(transitions.length, encode(transitions))
    database.close()
    return violationsOf(path, [{ name, words: said }], run)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe("the verdict on what was killed", () => {
  it("has nothing to say where all promises are kept", () => {
    assert.deepStrictEqual(found(good, words, lines), [])
  })

  it.each([
    ["what was accepted and is not in the store", found(good.slice(0, 1), words, lines)],
    ["what was accepted and has not ended", found(good.slice(0, 3), words, lines)],
    ["what has ended twice", found([...good, transition(5, "Ended", end)], words, lines)],
    ["an outcome that nobody was told", found(good, words.slice(0, 3), lines)],
    ["an outcome that was told twice", found(good, [...words, ended(5), words[4]!], lines)],
    [
      "an outcome that is not in the store",
      found([...good.slice(0, 3), transition(4, "Ended", { ...end, detail: success(2) })], words, lines)
    ],
    ["a success of what was not run", found(good, words, [])],
    [
      "what runs twice that may only once",
      found(good, words, [line("begun"), line("begun", 2), line("ended", 2)], "once")
    ]
  ])("finds %s", (_, violations) => assert.isAbove(violations.length, 0))

  it("knows what was run again", () => {
    assert.deepStrictEqual(repeated(lines), [])
    assert.deepStrictEqual(repeated([...lines, line("begun", 2)]), [line("begun")])
  })
})
