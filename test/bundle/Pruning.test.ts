import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { abandonedAfter, isDue, keptFor, prunable, prunedEvery, unfinishedPrefix } from "../../src/bundle/Pruning.ts"

const now = 2_000_000_000_000
const Ages = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: -10, maximum: 2 * keptFor })))
  .check(Schema.isMaxLength(20))

describe("pruning", () => {
  it.prop("takes exactly what was not used for thirty days", [Ages], ([ages]) => {
    const kept = ages.map((age, index) => ({ name: `bundle-${index}`, used: now - age }))
    const old = kept.filter(({ used }) => used < now - keptFor)
    assert.deepStrictEqual(prunable(kept, now), old.map(({ name }) => name))
  })

  it("takes nothing that was used a moment ago, or in the future of a clock that was set back", () => {
    assert.deepStrictEqual(prunable([{ name: "a", used: now }, { name: "b", used: now + keptFor * 2 }], now), [])
  })

  it("takes what a process left half written a day ago", () => {
    const unfinished = (age: number) => ({ name: `${unfinishedPrefix}${age}`, used: now - age })
    const taken = prunable([unfinished(abandonedAfter + 1), unfinished(abandonedAfter)], now)
    assert.deepStrictEqual(taken, [`${unfinishedPrefix}${abandonedAfter + 1}`])
  })

  it("is due once a day", () => {
    assert.isTrue(isDue(undefined, now))
    assert.isTrue(isDue(now - prunedEvery, now))
    assert.isFalse(isDue(now - prunedEvery + 1, now))
  })
})
