import { assert } from "@effect/vitest"
import { Effect, Exit, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Server } from "../../../services/Server.ts"
import type { Outcome } from "../../../src/task/Outcome.ts"
import { Desk, Hand, kind, recording, success, tasks } from "../Parties.ts"

/** Lets everybody do what they can now. */
const settle = TestClock.adjust(0)
const status = Effect.flatMap(Server, ({ status }) => status)
const explain = (id: string) => Effect.flatMap(Server, ({ explain }) => explain(id))
const interrupted: Outcome = { _tag: "Interrupted", by: "the server", cleanly: true }

/** How things are stopped, and what is written of them. */
export const laws = {
  "stopped: a task that waits ends at once, one that runs when it has acknowledged": Effect.gen(function*() {
    const desk = yield* Desk.open("a")
    const hand = yield* Hand.join("ada", { slots: 1 })
    desk.submit([tasks(3)])
    yield* settle
    desk.send({ _tag: "cancel", target: { task: 1 }, by: "somebody" })
    desk.send({ _tag: "cancel", target: { task: 0 }, by: "somebody" })
    yield* settle
    assert.deepStrictEqual(desk.outcomes(2), [undefined, "Interrupted"])
    assert.deepStrictEqual(hand.revoked.map(({ kill, task }) => [task, kill]), [[0, false]])
    hand.end(0, interrupted)
    yield* settle
    assert.deepStrictEqual(desk.endings.map(({ outcome }) => outcome), [
      { _tag: "Interrupted", by: "somebody", cleanly: true },
      { _tag: "Interrupted", by: "somebody", cleanly: true }
    ])
    assert.deepStrictEqual(hand.given, ["0/1", "2/1"])
  }),

  "stopped: one that ends by itself first has ended so": Effect.gen(function*() {
    const desk = yield* Desk.open("a")
    const hand = yield* Hand.join("ada")
    desk.submit([tasks(1)])
    yield* settle
    desk.send({ _tag: "cancel", target: { submission: "set 0" }, by: "somebody" })
    yield* settle
    hand.end(0)
    hand.end(0, interrupted)
    yield* settle
    assert.deepStrictEqual(desk.endings.map(({ outcome }) => outcome._tag), ["Succeeded"])
    desk.send({ _tag: "cancel", target: { task: 0 }, by: "somebody" })
    yield* settle
    assert.lengthOf(desk.endings, 1)
  }),

  "stopped: after the time of grace it is killed, and what it says then is refused": Effect.gen(function*() {
    const desk = yield* Desk.open("a")
    const hand = yield* Hand.join("ada", { slots: 1 })
    desk.submit([tasks(2, { spec: kind({ grace: 1_000 }) })])
    yield* settle
    hand.start(0)
    desk.send({ _tag: "cancel", target: { task: 0 }, by: "somebody" })
    yield* TestClock.adjust(999)
    assert.deepStrictEqual(desk.endings, [])
    yield* TestClock.adjust(1)
    assert.deepStrictEqual(desk.endings.map(({ outcome }) => outcome), [
      { _tag: "Interrupted", by: "somebody", cleanly: false }
    ])
    assert.deepStrictEqual(hand.revoked.map(({ kill }) => kill), [false, true])
    // Its slot is taken until it says that it is free.
    assert.deepStrictEqual(hand.given, ["0/1"])
    hand.end(0)
    yield* settle
    assert.lengthOf(desk.endings, 1)
    assert.deepStrictEqual(hand.given, ["0/1", "1/1"])
  }),

  "stopped: whoever leaves waits until all of it has ended": Effect.gen(function*() {
    const desk = yield* Desk.open("a")
    const hand = yield* Hand.join("ada", { slots: 1 })
    desk.submit([tasks(3)])
    desk.submit([tasks(0)])
    yield* settle
    const leaving = yield* Effect.forkChild(desk.leave)
    yield* settle
    assert.isUndefined(leaving.pollUnsafe())
    assert.deepStrictEqual(hand.revoked.map(({ task }) => task), [0])
    hand.end(0, interrupted)
    yield* settle
    assert.deepStrictEqual(leaving.pollUnsafe(), Exit.void)
    // What it says afterwards is for nobody.
    desk.submit([tasks(1)])
    yield* settle
    assert.deepStrictEqual(hand.given, ["0/1"])
    assert.strictEqual((yield* status).submissions, 0)
  }),

  "drained: nothing is accepted or handed out, results still count": Effect.gen(function*() {
    const desk = yield* Desk.open("a")
    const hand = yield* Hand.join("ada", { slots: 1, prefetch: 1 })
    desk.submit([tasks(3)])
    yield* settle
    hand.start(0)
    yield* Effect.flatMap(Server, ({ drain }) => drain())
    desk.submit([tasks(1)])
    yield* settle
    assert.deepStrictEqual(desk.refusals, [{ _tag: "Draining" }])
    assert.deepStrictEqual(hand.recalled, [1])
    hand.send({ _tag: "recalled", leases: [{ task: 1, epoch: 1 }] })
    hand.end(0)
    yield* Hand.join("bob")
    yield* settle
    assert.deepStrictEqual(desk.outcomes(3), ["Succeeded", undefined, undefined])
    assert.deepStrictEqual(hand.given, ["0/1", "1/1"])
    assert.isTrue((yield* status).executors.every(({ leases }) => leases === 0))
  }),

  "drained: one executor, and others go on": Effect.gen(function*() {
    const desk = yield* Desk.open("a")
    const ada = yield* Hand.join("ada", { slots: 1, prefetch: 1 })
    desk.submit([tasks(3)])
    yield* settle
    ada.start(0)
    const bob = yield* Hand.join("bob", { slots: 3 })
    yield* Effect.flatMap(Server, ({ drain }) => drain("ada"))
    yield* settle
    ada.send({ _tag: "recalled", leases: [{ task: 1, epoch: 1 }] })
    ada.end(0)
    yield* settle
    assert.sameMembers([...bob.given], ["1/2", "2/1"])
    assert.lengthOf(ada.given, 2)
  }),

  "numbered: without gaps, and each task's story can be read": Effect.gen(function*() {
    const { end, records } = yield* recording
    const desk = yield* Desk.open("a")
    const ada = yield* Hand.join("ada", { slots: 1 })
    desk.submit([tasks(2)])
    yield* settle
    ada.start(0)
    ada.end(0, { _tag: "Failed", error: { encoding: "raw", bytes: new Uint8Array() } }, 1, 500)
    yield* TestClock.adjust(500)
    yield* ada.leave("gone")
    const bob = yield* Hand.join("bob", { slots: 2 })
    yield* settle
    for (const { assignment: { epoch, task } } of bob.attempts) {
      bob.start(task, epoch)
      bob.end(task, success(task), epoch)
    }
    yield* settle
    assert.deepStrictEqual(records.map(({ sequence }) => sequence), records.map((_, index) => index + 1))
    const story = (task: number) =>
      records.flatMap((record) =>
        record.task <= task && task < record.task + record.count ? [`${record.kind}/${record.epoch}`] : []
      )
    const end2 = ["Assigned/2", "Started/2", "Ended/2"]
    assert.deepStrictEqual(story(0), ["Accepted/0", "Assigned/1", "Started/1", "Retrying/1", ...end2])
    assert.deepStrictEqual(story(1), ["Accepted/0", "Assigned/1", "Released/1", ...end2])
    assert.deepStrictEqual(
      records.filter(({ task }) => task < 0).map(({ executorId, kind }) => `${executorId} ${kind}`),
      [
        "ada Joined",
        "ada Left",
        "bob Joined"
      ]
    )
    assert.isTrue(records.every(({ at }, index) => at >= (records[index - 1]?.at ?? 0)))
    yield* end
  }),

  "numbered: a reader that is too slow loses its stream, and nobody waits for it": Effect.gen(function*() {
    const desk = yield* Desk.open("a")
    const hand = yield* Hand.join("ada", { slots: 100 })
    const { records } = yield* Server
    const slow = yield* Effect.forkChild(Stream.runCollect(Stream.tap(records(10), () => Effect.sleep(1_000))))
    yield* settle
    desk.submit([tasks(100)])
    yield* settle
    for (let task = 0; task < 100; task++) hand.end(task)
    yield* settle
    assert.lengthOf(desk.endings, 100)
    yield* TestClock.adjust("1 hour")
    assert.isAtMost((yield* Fiber.join(slow)).length, 12)
  }),

  "numbered: why a task does not run": Effect.gen(function*() {
    const desk = yield* Desk.open("a")
    const hand = yield* Hand.join("ada", { slots: 1 })
    const gpu = kind({ requirement: { labels: ["gpu"], taskName: "Other" } })
    desk.submit(
      [tasks(2), tasks(1, { startAt: 1_000 }), tasks(1, { after: [{ entry: 0 }] }), tasks(1, { spec: gpu })],
      {
        whenUnmet: "wait"
      }
    )
    yield* settle
    const tags = Effect.forEach([0, 1, 2, 3, 4, 5], (task) => Effect.map(explain(desk.idOf(task)), ({ _tag }) => _tag))
    assert.deepStrictEqual(yield* tags, [
      "Assigned",
      "WaitsItsTurn",
      "WaitsForTime",
      "WaitsForOthers",
      "WaitsForExecutor",
      "Unknown"
    ])
    hand.start(0)
    yield* settle
    assert.strictEqual((yield* tags)[0], "Running")
    desk.send({ _tag: "cancel", target: { task: 0 }, by: "somebody" })
    yield* settle
    assert.strictEqual((yield* tags)[0], "Stopping")
    assert.strictEqual((yield* explain("nonsense"))._tag, "Unknown")
    assert.deepStrictEqual([desk.positionOf(desk.idOf(1)), desk.positionOf("0.9.1")], [1, undefined])
  })
}
