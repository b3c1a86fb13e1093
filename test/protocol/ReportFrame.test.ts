import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type { Report } from "../../src/dispatch/Event.ts"
import { arrived } from "../../src/protocol/CrossingOutcome.ts"
import { read, write } from "../../src/protocol/ReportFrame.ts"
import { Outcome } from "../../src/task/Outcome.ts"
import { partsOf, withParts } from "../../src/task/Parts.ts"
import { Encoding } from "../../src/task/Payload.ts"

const Natural = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 - 1 }))
const Claims = Schema.Array(Natural).check(Schema.isMaxLength(40))
const Result = Schema.Struct({
  bytes: Schema.Uint8Array,
  encoding: Encoding,
  beside: Schema.optionalKey(Schema.Uint8Array)
})
/** Plain results, most of which come that way, and whatever else there may be. */
const Ended = Schema.Array(Schema.Struct({
  claim: Natural,
  epoch: Natural,
  result: Schema.Union([Result, Outcome]),
  startedAt: Schema.optionalKey(Schema.Finite),
  retryAfter: Schema.optionalKey(Schema.Finite),
  isDeath: Schema.optionalKey(Schema.Boolean)
})).check(Schema.isMaxLength(60))

const reportOf = ({ claim, epoch, result, ...rest }: (typeof Ended.Type)[number]): Report => {
  const outcome = (): Outcome => {
    if ("_tag" in result) return result
    const bytes = result.bytes.slice()
    // Only failures are retried, and only losses are deaths.
    const isPlain = rest.retryAfter === undefined && rest.isDeath === undefined
    const value = result.beside === undefined || !isPlain ? bytes : withParts(bytes, [result.beside.slice()])
    return { _tag: "Succeeded", value: { encoding: result.encoding, bytes: value } }
  }
  return { task: claim, epoch, outcome: outcome(), ...rest }
}

/** What matters of a report: a thread's own claim is never of another attempt. */
const seen = ({ epoch: _, outcome, startedAt, ...rest }: Report) => ({
  ...rest,
  startedAt: startedAt ?? Number.NaN,
  outcome,
  beside: outcome._tag === "Succeeded" ? partsOf(outcome.value.bytes)?.map((part) => part.join()) : undefined
})

describe("reports on their way from a thread", () => {
  it.prop("come out as they went in, in their order", [Claims, Claims, Ended], ([started, discarded, endings]) => {
    const ended = endings.map(reportOf)
    // Those moved away are gone from here.
    const expected = ended.map(seen)
    const { frame, transfer } = write({ started, discarded, ended })
    const out = { started: new Array<number>(), discarded: new Array<number>(), ended: new Array<Report>() }
    read(structuredClone(frame, { transfer: [...transfer] }), {
      started: (claim) => out.started.push(claim),
      discarded: (claim) => out.discarded.push(claim),
      succeeded: (task, startedAt, encoding, bytes) =>
        out.ended.push({ task, epoch: 0, startedAt, outcome: { _tag: "Succeeded", value: { encoding, bytes } } }),
      ended: (report) => out.ended.push({ ...report, outcome: arrived(report.outcome) })
    })
    assert.deepStrictEqual([out.started, out.discarded], [[...started], [...discarded]])
    assert.deepStrictEqual(out.ended.map(seen), expected)
  }, { arbitrary: { runs: 100, size: 40 } })
})
