import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, type Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Server } from "../../services/Server.ts"
import { NodeId } from "../../src/task/Attempt.ts"
import type { Outcome } from "../../src/task/Outcome.ts"
import { Desk, Hand, kind, recording, success, tasks } from "./Parties.ts"

/** Lets everybody do what they can now. */
const settle = TestClock.adjust(0)
const status = Effect.flatMap(Server, ({ status }) => status)
const explain = (id: string) => Effect.flatMap(Server, ({ explain }) => explain(id))
const interrupted: Outcome = { _tag: "Interrupted", by: "the server", cleanly: true }

const laws = {
  "accepted: each task ends exactly once, and its submitter hears how": Effect.gen(function*() {
    const [desk, other] = [yield* Desk.open("a"), yield* Desk.open("b")]
    const hand = yield* Hand.join("ada", { slots: 3 })
    const request = desk.submit([tasks(3)], { isWatched: true })
    yield* settle
    assert.deepStrictEqual(desk.accepted, [{ _tag: "Accepted", request, first: [0], known: [] }])
    assert.deepStrictEqual(hand.given, ["0/1", "1/1", "2/1"])
    assert.deepStrictEqual(hand.attempts.map(({ payload }) => [...payload]), [[0], [1], [2]])
    for (const task of [2, 0, 1]) hand.end(task)
    hand.end(1)
    yield* settle
    hand.end(1)
    yield* settle
    assert.deepStrictEqual(desk.endings.map(({ index, task }) => [index, task]), [[2, 2], [0, 0], [1, 1]])
    assert.deepStrictEqual(desk.endings.map(({ outcome }) => outcome), [success(2), success(0), success(1)])
    assert.deepStrictEqual(other.notices, [])
    assert.deepStrictEqual(desk.progress.at(-1), { total: 3, queued: 0, running: 0, succeeded: 3, failed: 0, cancelled: 0 })
  }),

  "accepted: no more is given than there are slots, and a little in advance": Effect.gen(function*() {
    const desk = yield* Desk.open("a")
    const hand = yield* Hand.join("ada", { slots: 2, prefetch: 1 })
    desk.submit([tasks(9)])
    yield* settle
    assert.lengthOf(hand.given, 3)
    hand.end(0)
    yield* settle
    assert.lengthOf(hand.given, 4)
  }),

  "fenced: only who holds the lease is believed": Effect.gen(function*() {
    const desk = yield* Desk.open("a")
    const [ada, bob] = [yield* Hand.join("ada", { slots: 1 }), yield* Hand.join("bob", { slots: 1 })]
    desk.submit([tasks(1)])
    yield* settle
    const [holder, rival] = ada.given.length === 1 ? [ada, bob] : [bob, ada]
    rival.end(0)
    holder.end(0, success(9), 2)
    holder.end(0, success(9), 0)
    holder.end(77)
    yield* settle
    assert.deepStrictEqual(desk.endings, [])
    assert.deepStrictEqual(rival.revoked.map(({ epoch, kill, reason, task }) => ({ task, epoch, kill, reason })), [
      { task: 0, epoch: 1, kill: false, reason: "stale" }
    ])
    assert.isAtLeast((yield* status).refused, 3)
    holder.end(0)
    yield* settle
    assert.deepStrictEqual(desk.outcomes(1), ["Succeeded"])
    rival.end(0)
    holder.end(0, { _tag: "Crashed", defect: { name: "late", message: "" } })
    yield* settle
    assert.lengthOf(desk.endings, 1)
  }),

  "returned: what it held is run by another, as the next attempt": Effect.gen(function*() {
    const desk = yield* Desk.open("a")
    const ada = yield* Hand.join("ada")
    desk.submit([tasks(2)])
    yield* settle
    ada.start(0)
    const bob = yield* Hand.join("bob")
    yield* ada.leave("its machine is on fire")
    yield* settle
    assert.sameMembers([...bob.given], ["0/2", "1/2"])
    ada.end(0)
    yield* settle
    assert.deepStrictEqual(desk.endings, [])
    bob.end(0, success(0), 2)
    bob.end(1, success(1), 2)
    yield* settle
    assert.deepStrictEqual(desk.outcomes(2), ["Succeeded", "Succeeded"])
  }),

  "returned: a task that three executors died of is not tried again": Effect.gen(function*() {
    const desk = yield* Desk.open("a")
    desk.submit([tasks(2)], { whenUnmet: "wait" })
    for (const [epoch, name] of ["ada", "bob", "eve"].entries()) {
      const hand = yield* Hand.join(name, { slots: 2 })
      yield* settle
      hand.start(0, epoch + 1)
      yield* settle
      yield* hand.leave("out of memory")
    }
    const last = yield* Hand.join("last")
    yield* settle
    // The other one was never started.
    assert.deepStrictEqual(last.given, ["1/4"])
    const [ending] = desk.endings
    if (ending?.outcome._tag !== "Quarantined") return assert.fail(ending?.outcome._tag)
    assert.deepStrictEqual(ending.outcome.executors.map(({ executorId }) => `${executorId}`), ["ada", "bob", "eve"])
    assert.deepStrictEqual(ending.outcome.executors[0]?.reason.endsWith("out of memory"), true)
  }),

  "returned: no more attempts than are allowed": Effect.gen(function*() {
    const desk = yield* Desk.open("a")
    desk.submit([tasks(1, { spec: kind({ attempts: 2 }) })], { whenUnmet: "wait" })
    for (const name of ["ada", "bob"]) {
      const hand = yield* Hand.join(name)
      yield* settle
      yield* hand.leave("gone")
    }
    yield* settle
    assert.deepStrictEqual(desk.outcomes(1), ["Lost"])
  }),

  "returned: at most once is in doubt, unless it never left": Effect.gen(function*() {
    const desk = yield* Desk.open("a")
    const ada = yield* Hand.join("ada", { slots: 1, prefetch: 1 })
    desk.submit([tasks(2, { spec: kind({ delivery: "atMostOnce" }) })])
    yield* settle
    ada.start(0)
    const bob = yield* Hand.join("bob", { slots: 1 })
    yield* settle
    assert.deepStrictEqual(ada.recalled, [1])
    ada.send({ _tag: "recalled", leases: [{ task: 1, epoch: 1 }] })
    yield* ada.leave("gone")
    yield* settle
    assert.deepStrictEqual(bob.given, ["1/2"])
    bob.end(1, success(1), 2)
    yield* settle
    assert.deepStrictEqual(desk.outcomes(2), ["MaybeExecuted", "Succeeded"])
  }),

  "returned: another of the same name stays when the first leaves": Effect.gen(function*() {
    const desk = yield* Desk.open("a")
    const first = yield* Hand.join("ada")
    desk.submit([tasks(1)])
    yield* settle
    const second = yield* Hand.join("ada")
    yield* settle
    yield* first.leave()
    yield* settle
    assert.deepStrictEqual(second.given, ["0/2"])
    second.end(0, success(0), 2)
    yield* settle
    assert.deepStrictEqual(desk.outcomes(1), ["Succeeded"])
    assert.lengthOf((yield* status).executors, 1)
  }),

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
      records.flatMap((record) => record.task <= task && task < record.task + record.count ? [`${record.kind}/${record.epoch}`] : [])
    const end2 = ["Assigned/2", "Started/2", "Ended/2"]
    assert.deepStrictEqual(story(0), ["Accepted/0", "Assigned/1", "Started/1", "Retrying/1", ...end2])
    assert.deepStrictEqual(story(1), ["Accepted/0", "Assigned/1", "Released/1", ...end2])
    assert.deepStrictEqual(records.filter(({ task }) => task < 0).map(({ executorId, kind }) => `${executorId} ${kind}`), [
      "ada Joined",
      "ada Left",
      "bob Joined"
    ])
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

  "returned: silence costs an executor its leases": Effect.gen(function*() {
    const desk = yield* Desk.open("a")
    const ada = yield* Hand.join("ada", { heartbeat: true })
    desk.submit([tasks(1)])
    yield* settle
    for (let beat = 0; beat < 5; beat++) {
      yield* TestClock.adjust("20 seconds")
      ada.send({ _tag: "beat" })
    }
    yield* settle
    assert.lengthOf((yield* status).executors, 1)
    const bob = yield* Hand.join("bob")
    yield* TestClock.adjust("29 seconds")
    assert.deepStrictEqual(bob.given, [])
    yield* TestClock.adjust("10 seconds")
    assert.deepStrictEqual(bob.given, ["0/2"])
    ada.end(0)
    yield* settle
    assert.deepStrictEqual(desk.endings, [])
    assert.deepStrictEqual(ada.revoked.map(({ reason }) => reason), ["stale"])
  }),

  "accepted: refused whole, with nothing changed": Effect.gen(function*() {
    const { records } = yield* recording
    const desk = yield* Desk.open("a")
    const hand = yield* Hand.join("ada")
    const elsewhere = kind({ requirement: { labels: ["gpu"], taskName: "Other" } })
    desk.submit([tasks(1), tasks(1, { spec: elsewhere })])
    desk.submit([tasks(1), tasks(1, { after: [99] })])
    desk.submit([tasks(1, { after: [{ entry: 1 }] }), tasks(1, { after: [{ entry: 0 }] })])
    desk.submit([tasks(2, { keys: ["k", "k"], hashes: [1, 2] })])
    const limit = (concurrency: number) => kind({ limits: [{ name: "l", concurrency }] })
    desk.submit([tasks(1, { spec: limit(1) }), tasks(1, { spec: limit(2) })])
    yield* settle
    assert.deepStrictEqual(desk.refusals.map(({ _tag }) => _tag), [
      "Unmet",
      "UnknownDependency",
      "Cycle",
      "Conflict",
      "LimitMismatch"
    ])
    assert.deepStrictEqual(desk.accepted, [])
    assert.deepStrictEqual(hand.given, [])
    assert.deepStrictEqual(records.map(({ kind }) => kind), ["Joined"])
    assert.strictEqual((yield* status).submissions, 0)
  }),

  "accepted: what nobody can run yet waits, if it may": Effect.gen(function*() {
    const desk = yield* Desk.open("a")
    desk.submit([tasks(1, { spec: kind({ requirement: { labels: ["gpu"] } }) })], { whenUnmet: "wait" })
    yield* Hand.join("plain")
    yield* settle
    const unmet = () => desk.notices.flatMap((notice) => notice._tag === "Unmet" ? [notice.missing] : [])
    assert.deepStrictEqual(unmet(), [["there is no executor"]])
    const explanation = yield* explain(desk.idOf(0))
    if (explanation._tag !== "WaitsForExecutor") return assert.fail(explanation._tag)
    assert.match(explanation.missing.join(), /^label "?gpu"?$/)
    const hand = yield* Hand.join("fancy", { labels: ["gpu"] })
    yield* settle
    assert.deepStrictEqual(hand.given, ["0/1"])
    assert.deepStrictEqual(unmet().at(-1), [])
  }),

  "numbered: why a task does not run": Effect.gen(function*() {
    const desk = yield* Desk.open("a")
    const hand = yield* Hand.join("ada", { slots: 1 })
    const gpu = kind({ requirement: { labels: ["gpu"], taskName: "Other" } })
    desk.submit([tasks(2), tasks(1, { startAt: 1_000 }), tasks(1, { after: [{ entry: 0 }] }), tasks(1, { spec: gpu })], {
      whenUnmet: "wait"
    })
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
  }),

  "accepted: no more is given out than a node has": Effect.gen(function*() {
    const desk = yield* Desk.open("a")
    const shared = { slots: 8, node: { nodeId: NodeId.make("node"), capacity: { cpu: 3, bytes: 100, slots: 10 } } }
    const hands = [yield* Hand.join("ada", shared), yield* Hand.join("bob", shared)]
    const demand = { cpu: 1, bytes: 10, slots: 1 }
    desk.submit([tasks(7, { spec: kind({ requirement: { demand } }) })])
    yield* settle
    const given = () => hands.reduce((sum, hand) => sum + hand.given.length, 0)
    assert.strictEqual(given(), 3)
    const busy = hands.find((hand) => hand.given.length > 0)
    busy?.end(busy.attempts[0]?.assignment.task ?? -1)
    yield* settle
    assert.strictEqual(given(), 4)
  }),

  "accepted: submitters take turns": Effect.gen(function*() {
    const [many, few] = [yield* Desk.open("a"), yield* Desk.open("b")]
    const hand = yield* Hand.join("ada", { slots: 1 })
    many.submit([tasks(50)])
    yield* settle
    few.submit([tasks(2)])
    yield* settle
    for (let turn = 0; turn < 5; turn++) {
      const { epoch, task } = hand.attempts.at(-1)!.assignment
      hand.end(task, success(0), epoch)
      yield* settle
    }
    assert.lengthOf(few.endings, 2)
    assert.lengthOf(many.endings, 3)
  })
}

/** The laws of `Server`, for every layer that claims to provide it, under a `TestClock` that it brings along. */
export const suite = <E>(name: string, layer: Layer.Layer<Server, E>) =>
  describe(`Server laws (${name})`, () => {
    for (const [law, check] of Object.entries(laws)) {
      it.effect(law, () => Effect.provide(Effect.scoped(check), layer))
    }
  })
