import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Ending } from "../../../layers/server/ServerStored.ts"
import { Disk } from "../../../layers/store/Disk.ts"
import * as TaskStoreMemory from "../../../layers/store/TaskStoreMemory.ts"
import * as VirtualTime from "../../../layers/testing/VirtualTime.ts"
import { TaskStore } from "../../../services/TaskStore.ts"
import { Desk, Hand, kind, success, tasks } from "../../suites/Parties.ts"
import { boot } from "./Boot.ts"
import { server } from "./Stores.ts"

const waiting = { whenUnmet: "wait" } as const
const settle = TestClock.adjust(0)
const inTurns = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.provide(Effect.scoped(effect), Layer.fresh(VirtualTime.layer()))

describe("a server that is started again on its store", () => {
  it.effect("has the tasks that it had acknowledged, with their payloads", () =>
    Effect.gen(function*() {
      const disk = new Disk()
      const first = yield* boot(disk)
      const desk = yield* first.within(Desk.open("ada"))
      desk.submit([tasks(3)], waiting)
      yield* settle
      assert.lengthOf(desk.accepted, 1)
      yield* first.crash

      const second = yield* boot(disk)
      assert.isAbove(second.server.info.generation, first.server.info.generation)
      assert.notStrictEqual(second.server.info.incarnation, first.server.info.incarnation)
      const again = yield* second.within(Desk.open("ada"))
      const hand = yield* second.within(Hand.join("hand", { slots: 3 }))
      yield* settle
      assert.deepStrictEqual(again.accepted, [{ _tag: "Accepted", request: 0, first: [0], known: [] }])
      assert.deepStrictEqual(hand.attempts.map(({ payload }) => [...payload]), [[0], [1], [2]])
      for (const task of [0, 1, 2]) hand.end(task)
      yield* settle
      assert.deepStrictEqual(again.outcomes(3), ["Succeeded", "Succeeded", "Succeeded"])
    }).pipe(inTurns))

  it.effect("tells again how tasks ended until that is acknowledged, and not after", () =>
    Effect.gen(function*() {
      const disk = new Disk()
      const first = yield* boot(disk)
      const desk = yield* first.within(Desk.open("ada"))
      const hand = yield* first.within(Hand.join("hand", { slots: 3 }))
      desk.submit([tasks(3)], waiting)
      yield* settle
      hand.end(0)
      yield* settle
      const sequence = desk.notices.findLast(({ _tag }) => _tag === "Ended")
      assert.strictEqual(sequence?._tag, "Ended")
      if (sequence?._tag === "Ended") desk.send({ _tag: "acknowledged", through: sequence.sequence! })
      hand.end(1)
      yield* settle
      yield* first.crash

      const second = yield* boot(disk)
      const again = yield* second.within(Desk.open("ada"))
      yield* settle
      assert.deepStrictEqual(again.endings.map(({ index }) => index), [1])
      yield* second.crash
      const third = yield* boot(disk)
      const oncemore = yield* third.within(Desk.open("ada"))
      yield* settle
      assert.deepStrictEqual(oncemore.endings.map(({ index, request }) => [request, index]), [[0, 1]])
    }).pipe(inTurns))

  it.effect("does not run a request again whose answer did not arrive", () =>
    Effect.gen(function*() {
      const disk = new Disk()
      const first = yield* boot(disk)
      const desk = yield* first.within(Desk.open("ada"))
      const hand = yield* first.within(Hand.join("hand"))
      desk.submit([tasks(1)], waiting)
      desk.submit([tasks(2)], waiting)
      yield* settle
      hand.end(0)
      yield* settle
      yield* first.crash

      const second = yield* boot(disk)
      const again = yield* second.within(Desk.open("ada"))
      // One has ended, one has not; both are handed over as if nothing had been heard.
      again.submit([tasks(1)], waiting)
      again.submit([tasks(2)], waiting)
      again.submit([tasks(1)], waiting)
      yield* settle
      const rows = yield* second.operator.tasks({ selector: { _tag: "All" }, limit: 10 })
      assert.deepStrictEqual(rows.items.map(({ status }) => status), ["queued", "held", "held", "succeeded"])
      assert.deepStrictEqual(again.endings.map(({ request }) => request), [0])
      assert.deepStrictEqual(
        [...new Set(again.accepted.map(({ first, request }) => `${request}: ${first}`))].toSorted(),
        [
          "0: 0",
          "1: 1",
          "2: 3"
        ]
      )
    }).pipe(inTurns))

  it.effect("lets an executor that comes back go on with what it runs", () =>
    Effect.gen(function*() {
      const disk = new Disk()
      const first = yield* boot(disk)
      const desk = yield* first.within(Desk.open("ada"))
      const hand = yield* first.within(Hand.join("hand", { heartbeat: true }))
      desk.submit([tasks(2)], waiting)
      yield* settle
      hand.start(0)
      hand.start(1)
      // What was not to be waited for is written down a little later.
      yield* TestClock.adjust(100)
      const { generation } = first.server.info
      yield* first.crash

      const second = yield* boot(disk)
      const again = yield* second.within(Desk.open("ada"))
      const other = yield* second.within(Hand.join("other"))
      yield* settle
      assert.deepStrictEqual(other.given, [])
      const back = yield* second.within(Hand.join("hand", { heartbeat: true }))
      const leases = [{ task: 0, epoch: 1, generation }, { task: 1, epoch: 1, generation }]
      back.send({ _tag: "adopted", leases })
      back.send({ _tag: "ended", reports: [{ task: 0, epoch: 1, generation, outcome: success(0), hash: 1 }] })
      yield* settle
      assert.deepStrictEqual(again.outcomes(2), ["Succeeded", undefined])
      assert.deepStrictEqual(back.attempts.map(({ assignment: { isResumed, task } }) => [task, isResumed]), [
        [0, true],
        [1, true]
      ])
      back.end(1)
      yield* settle
      assert.deepStrictEqual(again.outcomes(2), ["Succeeded", "Succeeded"])
      assert.deepStrictEqual(other.given, [])
    }).pipe(inTurns))

  it.effect("gives what an executor ran to another when it does not come back", () =>
    Effect.gen(function*() {
      const disk = new Disk()
      const first = yield* boot(disk)
      const desk = yield* first.within(Desk.open("ada"))
      const hand = yield* first.within(Hand.join("hand"))
      desk.submit([tasks(1)], waiting)
      yield* settle
      hand.start(0)
      yield* TestClock.adjust(100)
      yield* first.crash
      const second = yield* boot(disk, { dispatcher: { leaseTime: 5_000 } })
      yield* second.within(Desk.open("ada"))
      const other = yield* second.within(Hand.join("other"))
      yield* TestClock.adjust(4_999)
      assert.deepStrictEqual(other.given, [])
      yield* TestClock.adjust(2)
      assert.deepStrictEqual(other.given, ["0/2"])
      assert.deepStrictEqual([...other.attempts[0]!.payload], [0])
    }).pipe(inTurns))

  it.effect("cancels what a submitter had that does not come back, unless it was to go on", () =>
    Effect.gen(function*() {
      const disk = new Disk()
      const first = yield* boot(disk)
      const desk = yield* first.within(Desk.open("ada"))
      desk.submit([tasks(2)], waiting)
      desk.submit([{ ...tasks(1), isDetached: true }], waiting)
      yield* settle
      yield* first.crash
      const second = yield* boot(disk, { sessionTime: "1 minute" })
      yield* TestClock.adjust("59 seconds")
      const { operator } = second
      const statuses = Effect.map(
        operator.tasks({ selector: { _tag: "All" }, limit: 10 }),
        ({ items }) => items.map(({ status }) => status)
      )
      assert.deepStrictEqual(yield* statuses, ["queued", "queued", "queued"])
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(yield* statuses, ["queued", "interrupted", "interrupted"])
    }).pipe(inTurns))

  it.effect("follows what had followed, also what had ended by then", () =>
    Effect.gen(function*() {
      const disk = new Disk()
      const first = yield* boot(disk)
      const desk = yield* first.within(Desk.open("ada"))
      const hand = yield* first.within(Hand.join("hand", { slots: 1 }))
      desk.submit([tasks(1), tasks(1, { after: [{ entry: 0 }] }), tasks(1, { refs: [{ entry: 0 }] })])
      yield* settle
      hand.end(0, success(7))
      yield* settle
      yield* TestClock.adjust(100)
      yield* first.crash
      const second = yield* boot(disk, { dispatcher: { leaseTime: 1_000 } })
      yield* second.within(Desk.open("ada"))
      const other = yield* second.within(Hand.join("other", { slots: 9 }))
      yield* TestClock.adjust(1_001)
      const given = other.attempts.map(({ assignment: { batch, refs } }) => [batch.entry, refs])
      assert.sameDeepMembers(given, [[1, undefined], [2, [success(7)]]])
    }).pipe(inTurns))
})

describe("a large submission", () => {
  it.effect("passes through a window in memory", () =>
    Effect.gen(function*() {
      const disk = new Disk()
      const { within } = yield* boot(disk, { dispatcher: { window: 64 } })
      const desk = yield* within(Desk.open("ada"))
      const hand = yield* within(Hand.join("hand", { slots: 1, prefetch: 0 }))
      const count = 5_000
      desk.submit([{
        ...tasks(0, {}),
        entry: { kind: "list", count, spec: kind(), priority: 0 },
        payloads: {
          _tag: "Pieces",
          pieces: Array.from({ length: count }, (_, index) => Uint8Array.of(index % 251, index >> 8))
        }
      }])
      yield* settle
      for (let index = 0; index < count; index++) {
        const attempt = hand.attempts.at(-1)
        assert.strictEqual(attempt?.assignment.index, index)
        assert.deepStrictEqual([...attempt!.payload], [index % 251, (index >> 8) % 256])
        hand.commands.length = 0
        // Some are given back, and have to be read again.
        if (index % 1_000 === 999) {
          hand.send({ _tag: "recalled", leases: [{ task: index, epoch: 1 }] })
          yield* settle
          assert.strictEqual(hand.attempts.at(-1)?.assignment.epoch, 2)
          hand.commands.length = 0
          hand.end(index, success(1), 2)
        } else hand.end(index)
        yield* settle
      }
      assert.strictEqual(desk.endings.length, count)
    }).pipe(inTurns), 20_000)
})

describe("a submitter that does not listen", () => {
  it.effect("is told the rest once it has acknowledged what it was told", () =>
    Effect.gen(function*() {
      const disk = new Disk()
      const { within } = yield* boot(disk, { limits: { window: { bytes: 2 ** 20, endings: 100 } } })
      const desk = yield* within(Desk.open("ada"))
      const hand = yield* within(Hand.join("hand", { slots: 10 }))
      desk.submit([tasks(1_000)])
      yield* settle
      for (let task = 0; task < 1_000; task += 10) {
        for (let at = task; at < task + 10; at++) hand.end(at)
        yield* settle
      }
      const heard = () => desk.endings.map(({ index }) => index)
      assert.isAtMost(heard().length, 200)
      for (let round = 0; round < 50 && heard().length < 1_000; round++) {
        const last = desk.notices.findLast(({ _tag }) => _tag === "Ended")
        if (last?._tag === "Ended") desk.send({ _tag: "acknowledged", through: last.sequence! })
        yield* settle
      }
      assert.deepStrictEqual(
        heard().toSorted((left, right) => left - right),
        Array.from({ length: 1_000 }, (_, at) => at)
      )
    }).pipe(inTurns))
})

describe("a store that fails", () => {
  for (const fault of ["kept", "lost"] as const) {
    it.effect(`stops the server, and nothing is acknowledged that may not be there (${fault})`, () =>
      Effect.gen(function*() {
        const disk = new Disk()
        const first = yield* boot(disk)
        const desk = yield* first.within(Desk.open("ada"))
        const ended = yield* Effect.forkChild(first.end)
        yield* settle
        disk.fail(disk.commits, fault)
        desk.submit([tasks(1)], waiting)
        yield* settle
        assert.match(yield* Fiber.join(ended), /store/)
        assert.deepStrictEqual(desk.accepted, [])
        disk.crash()
        const second = yield* boot(disk)
        const again = yield* second.within(Desk.open("ada"))
        again.submit([tasks(1)], waiting)
        yield* settle
        const { items } = yield* second.operator.tasks({ selector: { _tag: "All" }, limit: 10 })
        assert.lengthOf(items, 1)
        assert.lengthOf(new Set(again.accepted.map(({ first }) => first[0])), 1)
      }).pipe(inTurns))
  }
})

describe("a commit that ends in no way that it may", () => {
  it.effect("stops the server: nobody waits for ever for an answer", () =>
    Effect.gen(function*() {
      const broken = Layer.effect(
        TaskStore,
        Effect.map(TaskStore, (store) => ({ ...store, isDurable: true, commit: () => Effect.die("a defect") }))
      ).pipe(Layer.provide(TaskStoreMemory.layer))
      const context = yield* Layer.build(server(broken))
      const { end } = Context.get(context, Ending)
      const ended = yield* Effect.forkChild(end)
      const desk = yield* Effect.provideContext(Desk.open("ada"), context)
      desk.submit([tasks(1)], waiting)
      yield* settle
      assert.match(yield* Fiber.join(ended), /store/)
      assert.deepStrictEqual(desk.accepted, [])
    }).pipe(inTurns))
})
