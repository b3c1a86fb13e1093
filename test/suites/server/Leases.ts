import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { Server } from "../../../services/Server.ts"
import { NodeId } from "../../../src/task/Attempt.ts"
import { Desk, Hand, kind, recording, success, tasks } from "../Parties.ts"

/** Lets everybody do what they can now. */
const settle = TestClock.adjust(0)
const status = Effect.flatMap(Server, ({ status }) => status)
const explain = (id: string) => Effect.flatMap(Server, ({ explain }) => explain(id))

/** What is accepted and who may say how it ended. */
export const laws = {
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
    assert.deepStrictEqual(desk.progress.at(-1), {
      total: 3,
      queued: 0,
      running: 0,
      succeeded: 3,
      failed: 0,
      cancelled: 0
    })
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
