import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { AttemptReader, AttemptWriter, type Claimed } from "../../src/protocol/AttemptFrame.ts"
import type { Attempt } from "../../src/protocol/ExecutorPort.ts"
import { partsOf, withParts } from "../../src/task/Parts.ts"
import { kind } from "../suites/Parties.ts"

const natural = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))

/** As the server writes them; `kind` and `trace` are shared by those that have the same. */
const Given = Schema.Struct({
  task: Schema.Union([
    natural(Number.MAX_SAFE_INTEGER),
    Schema.Literals([0, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1])
  ]),
  epoch: natural(2 ** 31 - 1),
  retries: natural(2 ** 31 - 1),
  index: natural(2 ** 31 - 1),
  priority: Schema.Int.check(Schema.isBetween({ minimum: -(2 ** 31), maximum: 2 ** 31 - 1 })),
  payload: Schema.Uint8Array,
  kind: natural(3),
  isFollowed: Schema.Boolean,
  isLogged: Schema.Boolean,
  isResumed: Schema.Boolean,
  trace: Schema.optionalKey(natural(2)),
  ref: Schema.optionalKey(Schema.Struct({ field: Schema.String, result: Schema.Uint8Array })),
  beside: Schema.optionalKey(Schema.Uint8Array)
})
const Frames = Schema.Array(Schema.Array(Given).check(Schema.isMaxLength(40))).check(Schema.isMaxLength(6))

const kinds = [0, 1, 2, 3].map((number) =>
  kind({ requirement: { taskName: `Task${number}` }, ...(number === 3 && { delivery: "atMostOnce" }) })
)
const traces = ["a", "b", "c"].map((id) => ({ traceId: id.repeat(32), spanId: id.repeat(16) }))

const attemptOf = (given: typeof Given.Type): Attempt => {
  // A view into something larger, as payloads are.
  const bytes = new Uint8Array(given.payload.length + 3)
  bytes.set(given.payload, 2)
  const payload = bytes.subarray(2, 2 + given.payload.length)
  return {
    assignment: {
      task: given.task,
      epoch: given.epoch,
      retries: given.retries,
      index: given.index,
      batch: {
        source: 7,
        submitter: "ada",
        submission: "ada/1",
        request: 5,
        entry: 1,
        spec: kinds[given.kind]!,
        priority: given.priority,
        deadline: 9,
        trace: given.trace === undefined ? undefined : traces[given.trace]
      },
      refs: given.ref && [{ _tag: "Succeeded", value: { encoding: "binary", bytes: given.ref.result.slice() } }],
      isResumed: given.isResumed
    },
    payload: given.beside === undefined ? payload : withParts(payload, [given.beside.slice()]),
    refFields: given.ref && [given.ref.field],
    isFollowed: given.isFollowed,
    isLogged: given.isLogged
  }
}

/** What a thread has to know of an attempt. */
const seen = ({ assignment, isFollowed, isLogged, payload, refFields }: Attempt, position: number | undefined) => {
  const { batch: { priority, spec, trace }, epoch, index, isResumed, refs, retries } = assignment
  const bytes = [...payload]
  const beside = partsOf(payload)?.map((part) => part.join())
  return {
    position,
    epoch,
    retries,
    index,
    priority,
    spec,
    trace,
    isResumed,
    isFollowed,
    isLogged,
    refFields,
    refs,
    bytes,
    beside
  }
}

describe("attempts on their way to a thread", () => {
  it.prop("come out as they went in, frame after frame", [Frames], ([frames]) => {
    const writer = new AttemptWriter()
    const reader = new AttemptReader()
    for (const frame of frames) {
      // Claims are given in any order.
      const claimed = frame.map((given, place): Claimed => ({
        attempt: attemptOf(given),
        claim: (place * 7 + 3) % 41
      }))
      const expected = claimed.map(({ attempt }) => seen(attempt, attempt.assignment.task))
      const { frame: written, transfer } = writer.write(claimed)
      const read = reader.read(structuredClone(written, { transfer: [...transfer] }))
      assert.deepStrictEqual(read.map(({ assignment: { task } }) => task), claimed.map(({ claim }) => claim))
      assert.deepStrictEqual(
        read.map((attempt) => seen(attempt, reader.positions[attempt.assignment.task])),
        expected
      )
      // Unless it moves, what the server has stays as it was.
      for (const [index, { attempt }] of claimed.entries()) {
        if (attempt.assignment.batch.spec.delivery === "atMostOnce") continue
        assert.deepStrictEqual(seen(attempt, attempt.assignment.task), expected[index])
      }
    }
  }, { arbitrary: { runs: 60, size: 40 } })

  it("names each kind of task once", () => {
    const writer = new AttemptWriter()
    const given = { task: 1, epoch: 1, retries: 0, index: 0, priority: 0, payload: new Uint8Array() }
    const write = (...numbers: ReadonlyArray<number>) =>
      writer.write(numbers.map((number, claim) => ({
        claim,
        attempt: attemptOf({ ...given, kind: number, isFollowed: false, isLogged: false, isResumed: false })
      }))).frame
    assert.deepStrictEqual(write(2, 2, 0, 2).specs, [kinds[2]!, kinds[0]!])
    assert.deepStrictEqual(write(0, 2, 0).specs, [])
    const late = write(1)
    assert.deepStrictEqual(late.specs, [kinds[1]!])
    assert.throws(() => new AttemptReader().read({ ...late, specs: [] }), /Attempt 0 is of a kind of task/)
  })
})
