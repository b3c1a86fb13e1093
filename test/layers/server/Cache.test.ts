import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Disk } from "../../../layers/store/Disk.ts"
import * as VirtualTime from "../../../layers/testing/VirtualTime.ts"
import { Desk, Hand, kind, success, tasks } from "../../suites/Parties.ts"
import { boot } from "./Boot.ts"

const settle = TestClock.adjust(0)
const inTurns = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.provide(Effect.scoped(effect), Layer.fresh(VirtualTime.layer()))
const cached = kind({ cache: 60_000 })

describe("a result that may stand for others", () => {
  it.effect("does, for the same payload of the same kind, also after a restart, and for so long", () =>
    Effect.gen(function*() {
      const disk = new Disk()
      const first = yield* boot(disk)
      const desk = yield* first.within(Desk.open("ada"))
      const hand = yield* first.within(Hand.join("hand", { slots: 9 }))
      desk.submit([tasks(2, { spec: cached })])
      yield* settle
      hand.end(0, success(40))
      hand.end(1, { _tag: "Crashed", defect: { name: "Error", message: "no result" } })
      yield* settle
      desk.submit([tasks(3, { spec: cached })])
      yield* settle
      assert.deepStrictEqual(
        desk.endings.find(({ index, request }) => request === 1 && index === 0)?.outcome,
        success(40)
      )
      // The payload that crashed, and the new one, are run.
      assert.deepStrictEqual(hand.attempts.slice(2).map(({ payload }) => payload[0]), [1, 2])
      desk.submit([
        tasks(1, { spec: kind() }),
        tasks(1, { spec: kind({ cache: 60_000, requirement: { version: "2" } }) })
      ], {
        whenUnmet: "wait"
      })
      yield* settle
      assert.deepStrictEqual(hand.attempts.slice(4).map(({ payload }) => payload[0]), [0])
      yield* TestClock.adjust(100)
      yield* first.crash

      const second = yield* boot(disk)
      const other = yield* second.within(Desk.open("bob"))
      const next = yield* second.within(Hand.join("next", { slots: 9 }))
      other.submit([tasks(1, { spec: cached })])
      yield* settle
      assert.deepStrictEqual(other.endings.map(({ outcome }) => outcome), [success(40)])
      yield* TestClock.adjust("1 minute")
      next.commands.length = 0
      other.submit([tasks(1, { spec: cached })])
      yield* settle
      assert.lengthOf(next.attempts, 1)
    }).pipe(inTurns))
})
