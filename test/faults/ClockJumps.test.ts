import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Disk } from "../../layers/store/Disk.ts"
import * as VirtualTime from "../../layers/testing/VirtualTime.ts"
import { boot } from "../layers/server/Boot.ts"
import { Desk, Hand, kind, tasks } from "../suites/Parties.ts"

const waiting = { whenUnmet: "wait" } as const
const settle = TestClock.adjust(0)
const day = 86_400_000

/** A clock whose time of day somebody sets, while time goes on as it does. */
const jumping = (clock: Clock.Clock) => {
  let offset = 0
  const millis = () => clock.currentTimeMillisUnsafe() + offset
  const nanos = () => clock.currentTimeNanosUnsafe() + BigInt(offset) * 1_000_000n
  const own: { readonly [key: string]: unknown } = {
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos)
  }
  const jumper = new Proxy(clock, {
    get: (target, key) => {
      const value: unknown = own[String(key)] ?? Reflect.get(target, key, target)
      return typeof value === "function" ? value.bind(target) : value
    }
  })
  return { clock: jumper, jump: (by: number) => void (offset += by) }
}

const withJumps = <A, E, R>(test: (jump: (by: number) => void) => Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const { clock, jump } = jumping(yield* Clock.Clock)
    return yield* Effect.provideService(Effect.scoped(test(jump)), Clock.Clock, clock)
  }).pipe(Effect.provide(Layer.fresh(VirtualTime.layer())))

describe("a machine whose time of day is set", () => {
  it.effect("forward and back, gives up no lease that is kept, and each that is not", () =>
    withJumps((jump) =>
      Effect.gen(function*() {
        const { operator, within } = yield* boot(new Disk())
        const desk = yield* within(Desk.open("ada"))
        const hand = yield* within(Hand.join("hand", { heartbeat: true }))
        const other = yield* within(Hand.join("other", { slots: 0 }))
        desk.submit([tasks(1)], waiting)
        yield* settle
        hand.start(0)
        for (const by of [day, -3 * day, 5 * day]) {
          jump(by)
          yield* TestClock.adjust("20 seconds")
          hand.send({ _tag: "beat" })
          yield* settle
        }
        assert.lengthOf(yield* operator.executors, 2)
        assert.deepStrictEqual(hand.revoked, [])
        other.send({ _tag: "beat", slots: 1 })
        yield* TestClock.adjust("29 seconds")
        jump(-10 * day)
        yield* settle
        assert.deepStrictEqual(other.given, [])
        // The silence of a lease time, and of as much more as lies between two looks.
        yield* TestClock.adjust("10 seconds")
        assert.deepStrictEqual(other.given, ["0/2"])
      })
    ))

  it.effect("ends a task at its timeout, neither sooner nor later", () =>
    withJumps((jump) =>
      Effect.gen(function*() {
        const { within } = yield* boot(new Disk())
        const desk = yield* within(Desk.open("ada"))
        const hand = yield* within(Hand.join("hand"))
        desk.submit([tasks(1, { spec: kind({ timeout: 10_000 }) })], waiting)
        yield* settle
        hand.start(0)
        yield* settle
        jump(day)
        yield* TestClock.adjust("5 seconds")
        jump(-2 * day)
        yield* TestClock.adjust("4 seconds")
        assert.deepStrictEqual(hand.revoked, [])
        yield* TestClock.adjust("2 seconds")
        assert.deepStrictEqual(hand.revoked.map(({ task }) => task), [0])
      })
    ))
})
