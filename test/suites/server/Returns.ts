import { assert } from "@effect/vitest"
import { Cause, Effect, Exit, Scope } from "effect"
import { TestClock } from "effect/testing"
import { Server } from "../../../services/Server.ts"
import { ExecutorId, NodeId } from "../../../src/task/Attempt.ts"
import { ConnectionLost } from "../../../src/task/TaskError.ts"
import { Desk, Hand, kind, success, tasks } from "../Parties.ts"

/** Lets everybody do what they can now. */
const settle = TestClock.adjust(0)
const status = Effect.flatMap(Server, ({ status }) => status)

/** What becomes of what an executor held when it went. */
export const laws = {
  "returned: one that died is not taken for one that left, though it was interrupted as well": Effect.gen(function*() {
    const desk = yield* Desk.open("a")
    const scope = yield* Scope.fork(yield* Effect.scope)
    const { attach } = yield* Server
    const port = yield* Scope.provide(
      attach({
        executorId: ExecutorId.make("ada"),
        node: { nodeId: NodeId.make("ada") },
        slots: 1,
        prefetch: 0,
        libraries: [{ name: "raw", version: "1", tasks: { Task: "f" } }],
        services: [],
        labels: [],
        heartbeat: false
      }),
      scope
    )
    desk.submit([tasks(1, { spec: kind({ delivery: "atMostOnce" }) })])
    yield* settle
    port.send({ _tag: "started", leases: [{ task: 0, epoch: 1 }] })
    yield* settle
    const cause = Cause.combine(Cause.fail(new ConnectionLost({ reason: "it was killed" })), Cause.interrupt())
    yield* Scope.close(scope, Exit.failCause(cause))
    yield* settle
    const [ending] = desk.endings
    assert.strictEqual(ending?.outcome._tag, "MaybeExecuted")
    if (ending?.outcome._tag === "MaybeExecuted") assert.match(ending.outcome.reason, /it was killed/)
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
  })
}
