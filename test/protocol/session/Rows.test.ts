import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as FrameCodec from "../../../layers/wire/FrameCodec.ts"
import type { Ending } from "../../../src/dispatch/Command.ts"
import type { Report } from "../../../src/dispatch/Event.ts"
import * as ExecutorRows from "../../../src/protocol/session/ExecutorRows.ts"
import type { ExecutorDown, ExecutorUp } from "../../../src/protocol/session/ExecutorWords.ts"
import type { DownFrame, UpFrame } from "../../../src/protocol/session/Frame.ts"
import { SpecNames, SpecTable } from "../../../src/protocol/session/Specs.ts"
import * as SubmitterRows from "../../../src/protocol/session/SubmitterRows.ts"
import type { SubmitterDown, SubmitterUp } from "../../../src/protocol/session/SubmitterWords.ts"
import { Outcome } from "../../../src/task/Outcome.ts"
import { Encoding } from "../../../src/task/Payload.ts"
import { kind } from "../../suites/Parties.ts"

const Natural = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 40 }))
const Text = Schema.String.check(Schema.isMaxLength(20))
/** Text that has a form in UTF-8. */
const Plain = Schema.Literals(["", "a", "é\n\u0000", "𝄞", "\u2028"])
const Result = Schema.Struct({
  _tag: Schema.Literal("Succeeded"),
  value: Schema.Struct({ encoding: Encoding, bytes: Schema.Uint8Array })
})
const Times = Schema.Struct({
  queued: Schema.Number,
  assigned: Schema.Number,
  started: Schema.Number,
  finished: Schema.Number
})
const Endings = Schema.Array(Schema.Struct({
  request: Natural,
  entry: Natural,
  index: Natural,
  count: Natural,
  task: Natural,
  epoch: Natural,
  outcome: Schema.Union([Result, Outcome]),
  times: Schema.UndefinedOr(Times)
})).check(Schema.isMaxLength(12))
const Reports = Schema.Array(Schema.Struct({
  task: Natural,
  epoch: Natural,
  generation: Schema.optionalKey(Natural),
  startedAt: Schema.Number,
  outcome: Schema.Union([Result, Outcome]),
  retryAfter: Schema.optionalKey(Schema.Number),
  isDeath: Schema.optionalKey(Schema.Boolean)
})).check(Schema.isMaxLength(12))

/** Lone surrogates are in no schema that anybody uses here: UTF-8 has none. */
const isWellFormed = (value: unknown): boolean =>
  typeof value === "string"
    ? value.isWellFormed()
    : typeof value !== "object" || value === null || Object.values(value).every(isWellFormed)

const encodings = ["binary", "ndjson"] as const

/** What arrives of a frame. */
const throughUp = (encoding: typeof encodings[number], frame: UpFrame): UpFrame => {
  const body = FrameCodec.peer()[encoding].encode(frame)
  const { binary, ndjson } = FrameCodec.listener()
  return encoding === "binary" ? binary.decode(body) : ndjson.decode(JSON.parse(Buffer.from(body).toString("utf8")))
}
const throughDown = (encoding: typeof encodings[number], frame: DownFrame): DownFrame => {
  const body = FrameCodec.listener()[encoding].encode(frame)
  const { binary, ndjson } = FrameCodec.peer()
  return encoding === "binary" ? binary.decode(body) : ndjson.decode(JSON.parse(Buffer.from(body).toString("utf8")))
}

const run = { channel: 3, first: 7, ack: 5 }
/** Views of any length compare by what they show. */
const shown = <A>(value: A): unknown =>
  value instanceof Uint8Array
    ? `bytes ${Buffer.from(value).toString("hex")}`
    : Array.isArray(value)
    ? value.map(shown)
    : typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shown(part)]))
    : Object.is(value, -0)
    ? 0
    : value

describe("rows", () => {
  for (const encoding of encodings) {
    const submitterUp = (word: SubmitterUp): unknown => {
      const names = new SpecNames()
      const messages = [SubmitterRows.upRow(word, names)]
      const frame = throughUp(encoding, { _tag: "Submitter", ...run, specs: names.take(), messages })
      if (frame._tag !== "Submitter") return assert.fail(frame._tag)
      const specs = new SpecTable()
      specs.learn(frame.specs)
      return shown(SubmitterRows.upWord(frame.messages[0]!, specs))
    }
    const executorUp = (word: ExecutorUp): unknown => {
      const messages = [ExecutorRows.upRow(word, (time) => time)]
      const frame = throughUp(encoding, { _tag: "Executor", ...run, specs: [], messages })
      return frame._tag === "Executor" ? shown(ExecutorRows.upWord(frame.messages[0]!)) : assert.fail(frame._tag)
    }
    const submitterDown = (word: SubmitterDown): unknown => {
      const frame = throughDown(encoding, {
        _tag: "Submitter",
        ...run,
        specs: [],
        messages: [SubmitterRows.downRow(word)]
      })
      return frame._tag === "Submitter" ? shown(SubmitterRows.downWord(frame.messages[0]!)) : assert.fail(frame._tag)
    }
    const executorDown = (word: ExecutorDown): unknown => {
      const names = new SpecNames()
      const messages = [ExecutorRows.downRow(word, names)]
      const frame = throughDown(encoding, { _tag: "Executor", ...run, specs: names.take(), messages })
      if (frame._tag !== "Executor") return assert.fail(frame._tag)
      const specs = new SpecTable()
      specs.learn(frame.specs)
      return shown(ExecutorRows.downWord(frame.messages[0]!, specs))
    }

    it.prop(`carry endings (${encoding})`, [Endings], ([endings]) => {
      // Schemas widen what they are of.
      const word: SubmitterDown = { _tag: "Ended", endings: endings as ReadonlyArray<Ending>, sequence: 12 }
      if (isWellFormed(endings)) assert.deepStrictEqual(submitterDown(word), shown(word))
    })

    it.prop(`carry reports (${encoding})`, [Reports], ([reports]) => {
      const word: ExecutorUp = { _tag: "ended", reports: reports as ReadonlyArray<Report> }
      if (isWellFormed(reports)) assert.deepStrictEqual(executorUp(word), shown(word))
    })

    it.prop(`carry submissions (${encoding})`, [
      Schema.Array(Schema.Uint8Array).check(Schema.isMaxLength(20)),
      Plain,
      Schema.Boolean
    ], ([pieces, name, isRich]) => {
      const spec = kind({ limits: [{ name: "l", concurrency: 2 }, { name: "r", rate: 3, per: 1.5 }], timeout: 5 })
      const rich = {
        after: [3, { entry: 0 }],
        refs: [{ entry: 1 }, 2 ** 45],
        session: name,
        keys: pieces.map((_, index) => `${name}${index}`),
        hashes: pieces.map((_, index) => index * 2 ** 20),
        trace: { traceId: "t", spanId: "s" },
        keep: true,
        startAt: 0.25,
        deadline: Infinity
      }
      const entry = { kind: "list", count: pieces.length, spec, priority: -3, ...(isRich && rich) } as const
      const word: SubmitterUp = {
        _tag: "submit",
        request: 2 ** 50,
        submission: name,
        entries: [{
          entry,
          payloads: { _tag: "Pieces", pieces },
          isFollowed: isRich,
          ...(isRich && { refFields: ["a"], isDetached: true, blobs: [[0, { hash: "h", size: 3 }]] as const })
        }],
        whenUnmet: "wait",
        isOpen: isRich,
        isWatched: !isRich,
        isWhole: true
      }
      assert.deepStrictEqual(submitterUp(word), shown(word))
    })

    it(`carry all other words (${encoding})`, () => {
      const line = { time: 1.5, level: "INFO", message: "é", annotations: { a: "b" } }
      const lease = { task: 1, epoch: 2 }
      const leases = [lease, { ...lease, generation: 3 }]
      const ups: ReadonlyArray<SubmitterUp> = [
        { _tag: "cancel", target: { task: 0 }, by: "me" },
        { _tag: "cancel", target: { submission: "s" }, by: "me" },
        { _tag: "close", submission: "s" },
        { _tag: "fetched", tasks: [1, 2] },
        { _tag: "acknowledged", through: 5 },
        { _tag: "piece", request: 1, entry: 0, pieces: [Uint8Array.of(1, 2)], isLast: true },
        { _tag: "leave" }
      ]
      for (const word of ups) assert.deepStrictEqual(submitterUp(word), shown(word))
      const downs: ReadonlyArray<SubmitterDown> = [
        { _tag: "Accepted", request: 1, first: [2], known: [{ entry: 0, index: 1, task: 2 }] },
        { _tag: "Refused", request: 1, reason: { _tag: "Full", reason: "r" } },
        { _tag: "Refused", request: 1, reason: { _tag: "Unmet", entry: 0, missing: ["m"] } },
        { _tag: "Refused", request: 1, reason: { _tag: "Cycle", entries: [0, 1] } },
        { _tag: "TaskProgress", request: 1, entry: 0, index: 2, value: Uint8Array.of(9) },
        { _tag: "TaskLog", request: 1, entry: 0, index: 2, line },
        { _tag: "lost", reason: "r" }
      ]
      for (const word of downs) assert.deepStrictEqual(submitterDown(word), shown(word))
      const says: ReadonlyArray<ExecutorUp> = [
        { _tag: "started", leases },
        { _tag: "recalled", leases },
        { _tag: "adopted", leases },
        { _tag: "beat" },
        { _tag: "beat", slots: 3 },
        { _tag: "progress", lease, value: Uint8Array.of(1) },
        { _tag: "log", lease, line },
        { _tag: "logs", entries: [{ lease, line }] },
        { _tag: "output", line },
        { _tag: "leave", reason: "r" }
      ]
      for (const word of says) assert.deepStrictEqual(executorUp(word), shown(word))
      const batch = {
        source: 1,
        submitter: "me",
        submission: "s",
        request: 2,
        entry: 3,
        spec: kind(),
        priority: 4,
        deadline: undefined,
        trace: { traceId: "t", spanId: "s" }
      }
      const assignment = { task: 1, epoch: 2, retries: 3, index: 4, batch, refs: undefined, isResumed: true }
      const other = { ...batch, deadline: 5, trace: undefined }
      const told: ReadonlyArray<ExecutorDown> = [
        { _tag: "Recall", leases },
        { _tag: "Revoke", task: 1, epoch: 2, reason: "stale", kill: true },
        { _tag: "Stop" },
        {
          _tag: "Assign",
          attempts: [
            { assignment, payload: Uint8Array.of(1), refFields: undefined, isFollowed: true },
            { assignment, payload: Uint8Array.of(2, 3), refFields: undefined, isFollowed: false, isLogged: true },
            {
              assignment: {
                ...assignment,
                batch: other,
                refs: [{ _tag: "Succeeded", value: { encoding: "raw", bytes: Uint8Array.of(7) } }]
              },
              payload: new Uint8Array(),
              refFields: ["f"],
              isFollowed: false,
              blob: { hash: "h", size: 1 }
            }
          ]
        }
      ]
      for (const word of told) assert.deepStrictEqual(executorDown(word), shown(word))
    })

    it.prop(
      `are refused or read, whatever bytes they are (${encoding})`,
      [Schema.Uint8Array, Text],
      ([bytes, text]) => {
        const { binary, ndjson } = FrameCodec.listener()
        try {
          if (encoding === "binary") binary.decode(bytes)
          else ndjson.decode({ _tag: text })
          assert.fail("nothing of that is a frame")
        } catch (error) {
          assert.instanceOf(error, Error)
        }
      }
    )
  }

  it("of submitters are refused with nonsense in them", () => {
    const ended = { _tag: "Ended", bytes: Uint8Array.of(1), others: [], sequence: 1 } as const
    const row = [0, 0, 0, 1, 5, 1, 0, 0, 0, 0, 2, 1]
    assert.doesNotThrow(() => SubmitterRows.downWord({ ...ended, numbers: row }))
    for (const [at, wrong] of [[2, -1], [3, 0.5], [4, Number.NaN], [10, 9], [10, 3], [11, 2], [11, -1]] as const) {
      assert.throws(() => SubmitterRows.downWord({ ...ended, numbers: row.with(at, wrong) }), Error)
    }
    assert.throws(() => SubmitterRows.downWord({ ...ended, numbers: row.slice(1) }))
  })

  it("of executors are refused with nonsense in them", () => {
    const ended = { _tag: "ended", bytes: Uint8Array.of(1), others: [] } as const
    const row = [5, 1, -1, 0, 2, 1]
    assert.doesNotThrow(() => ExecutorRows.upWord({ ...ended, numbers: row }))
    for (const [at, wrong] of [[0, -1], [1, 0.5], [2, -2], [4, 3], [4, 7], [5, 2], [0, 2 ** 60]] as const) {
      assert.throws(() => ExecutorRows.upWord({ ...ended, numbers: row.with(at, wrong) }), Error)
    }
    assert.throws(() => ExecutorRows.upWord({ _tag: "started", numbers: [1, 2] }))
  })

  it("name kinds of tasks once, and anew when there are many", () => {
    const names = new SpecNames()
    const table = new SpecTable()
    const kinds = Array.from({ length: 3_000 }, (_, index) => kind({ grace: index }))
    for (let at = 0; at < kinds.length; at += 500) {
      const some = kinds.slice(at, at + 500)
      const numbers = [...some, ...some].map((spec) => names.numberOf(spec))
      const named = names.take()
      assert.lengthOf(named, 500)
      table.learn(named)
      assert.deepStrictEqual(
        numbers.map((number) => table.find(number).grace),
        [...some, ...some].map(({ grace }) => grace)
      )
    }
    assert.lengthOf(names.take(), 0)
    assert.throws(() => table.find(2_000))
  })
})
