import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Disk } from "../../layers/store/Disk.ts"
import * as VirtualTime from "../../layers/testing/VirtualTime.ts"
import { boot } from "../layers/server/Boot.ts"
import { Desk, Hand, tasks } from "../suites/Parties.ts"

describe("an executor that was given up for its silence", () => {
  it.effect("is given work in as many slots as it said last, once it is heard of again", () =>
    Effect.gen(function*() {
      const { operator, within } = yield* boot(new Disk())
      const desk = yield* within(Desk.open("ada"))
      // As one comes that has run something for the server before this one.
      const hand = yield* within(Hand.join("hand", { heartbeat: true, slots: 0 }))
      hand.send({ _tag: "beat", slots: 3 })
      yield* TestClock.adjust("2 minutes")
      assert.lengthOf(yield* operator.executors, 0)
      desk.submit([tasks(5)], { whenUnmet: "wait" })
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(hand.given, [])
      hand.send({ _tag: "beat" })
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(hand.given, ["0/1", "1/1", "2/1"])
    }).pipe(Effect.scoped, Effect.provide(Layer.fresh(VirtualTime.layer()))))
})
