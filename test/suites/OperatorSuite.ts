import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, type Layer, type Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Operator } from "../../services/Operator.ts"
import type { Server } from "../../services/Server.ts"
import type { Selector, TaskQuery } from "../../src/operate/View.ts"
import type { LogLine } from "../../src/task/LogLine.ts"
import { Desk, Hand, kind, success, tasks } from "./Parties.ts"

const settle = TestClock.adjust(0)
const waiting = { whenUnmet: "wait" } as const
const all: Selector = { _tag: "All" }

const ask = <A, E>(use: (operator: Operator["Service"]) => Effect.Effect<A, E>) => Effect.flatMap(Operator, use)
const page = (query: Partial<TaskQuery> = {}) => ask(({ tasks }) => tasks({ selector: all, limit: 100, ...query }))
const statuses = (query?: Partial<TaskQuery>) =>
  Effect.map(page(query), ({ items }) => items.map(({ id, status }) => `${id.split(".")[2]} ${status}`))
const explain = (id: string) => ask(({ explain }) => explain(id))
const crash = { _tag: "Crashed", defect: { name: "Error", message: "it broke" } } as const
const line = (message: string): LogLine => ({ time: 0, level: "Info", message, annotations: {} })

/** An order goes on until it has been carried out: time passes meanwhile. */
const during = <A, E, R>(effect: Effect.Effect<A, E, R>, act: () => void = () => undefined) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    yield* TestClock.adjust(20)
    act()
    yield* TestClock.adjust(20)
    return yield* Fiber.join(fiber)
  })

/** What operators see and do. */
export const laws = {
  "seen: every task in one state, the newest first": Effect.gen(function*() {
    const desk = yield* Desk.open("ada")
    const hand = yield* Hand.join("hand", { slots: 2, prefetch: 1 })
    desk.submit([tasks(7)])
    yield* settle
    hand.start(0)
    hand.start(1)
    hand.end(0)
    yield* settle
    hand.end(2, crash)
    yield* settle
    const queued = yield* statuses({ status: ["queued"] })
    assert.deepStrictEqual(yield* statuses({ status: ["succeeded", "crashed"] }), ["2 crashed", "0 succeeded"])
    assert.deepStrictEqual(yield* statuses({ status: ["running"] }), ["1 running"])
    assert.deepStrictEqual(yield* statuses({ selector: { _tag: "Failed" } }), ["2 crashed"])
    assert.lengthOf(yield* statuses({ selector: { _tag: "Last" } }), 1)
    const everything = yield* statuses()
    assert.lengthOf(everything, 7)
    assert.isAtLeast(queued.length, 1)
    assert.deepStrictEqual(everything.map((each) => Number(each.split(" ")[0])), [6, 5, 4, 3, 2, 1, 0])
  }),

  "paged: each task once, also while others come": Effect.gen(function*() {
    const desk = yield* Desk.open("ada")
    yield* Hand.join("hand")
    const number = desk.submit([tasks(25), tasks(3)], waiting)
    yield* settle
    const seen: Array<string> = []
    let below: number | undefined
    do {
      const { items, next } = yield* page({
        selector: { _tag: "Submission", id: `set ${number}` },
        limit: 4,
        ...(below !== undefined && { below })
      })
      seen.push(...items.map(({ id }) => id))
      below = next
      desk.submit([tasks(1)], { ...waiting, submission: "others" })
      yield* settle
    } while (below !== undefined)
    assert.deepStrictEqual(seen, Array.from({ length: 28 }, (_, at) => desk.idOf(27 - at)))
  }),

  "seen: one task with its story": Effect.gen(function*() {
    const desk = yield* Desk.open("ada")
    const hand = yield* Hand.join("hand")
    desk.submit([tasks(1)])
    yield* settle
    hand.start(0)
    hand.end(0, { _tag: "Failed", error: { encoding: "raw", bytes: Uint8Array.of(1) } }, 1, 500)
    yield* TestClock.adjust(600)
    hand.start(0, 2)
    hand.end(0, success(9), 2)
    yield* TestClock.adjust(100)
    const view = yield* ask(({ task }) => task(desk.idOf(0)))
    assert.deepStrictEqual(view.steps.map(({ epoch, kind }) => `${kind} ${epoch}`), [
      "Accepted 0",
      "Assigned 1",
      "Started 1",
      "Retrying 1",
      "Assigned 2",
      "Started 2",
      "Ended 2"
    ])
    assert.deepStrictEqual([view.status, view.epoch, view.executorId, view.payloadSize], ["succeeded", 2, "hand", 1])
    assert.strictEqual(view.outcome?._tag, "Succeeded")
    const gone = yield* Effect.flip(ask(({ task }) => task("0.1.77")))
    assert.strictEqual(gone._tag, "NotFound")
    assert.strictEqual((yield* Effect.flip(ask(({ task }) => task("nonsense"))))._tag, "NotFound")
  }),

  "explained: what waits, and what has ended": Effect.gen(function*() {
    const desk = yield* Desk.open("ada")
    const hand = yield* Hand.join("hand", { slots: 1 })
    desk.submit([
      tasks(2),
      tasks(1, { startAt: 60_000 }),
      tasks(1, { after: [{ entry: 0 }] }),
      tasks(1, { spec: kind({ requirement: { labels: ["gpu"] } }) })
    ], waiting)
    yield* settle
    hand.start(0)
    yield* settle
    const because = (position: number) => Effect.map(explain(desk.idOf(position)), (reason) => reason.because.join(" "))
    assert.match(yield* because(0), /runs on hand, attempt 1/)
    assert.match(yield* because(1), /busy/)
    assert.match(yield* because(2), /delay.*1 min|delay.*60 s/)
    assert.match(yield* because(3), /follows 1 other task/)
    assert.match(yield* because(4), /gpu/)
    assert.isNotEmpty((yield* explain(desk.idOf(4))).mend)
    hand.end(0, crash)
    yield* settle
    assert.match(yield* because(0), /crashed: Error: it broke/)
    const { alerts } = yield* ask(({ status }) => status)
    assert.match(alerts.join(), /gpu/)
  }),

  "told: who is cancelled, and that nobody is": Effect.gen(function*() {
    const desk = yield* Desk.open("ada")
    const hand = yield* Hand.join("hand", { slots: 1 })
    const number = desk.submit([tasks(3)])
    yield* settle
    hand.start(0)
    yield* settle
    const by = "a person"
    const one = yield* during(ask(({ cancel }) => cancel({ _tag: "Tasks", ids: [desk.idOf(2)] }, by)))
    assert.deepStrictEqual(one, { tasks: 1, ids: [desk.idOf(2)] })
    const rest = yield* during(
      ask(({ cancel }) => cancel({ _tag: "Submission", id: `set ${number}` }, by)),
      () => hand.end(0, { _tag: "Interrupted", by, cleanly: true })
    )
    assert.strictEqual(rest.tasks, 2)
    const none = yield* during(ask(({ cancel }) => cancel(all, by)))
    assert.deepStrictEqual(none, { tasks: 0, ids: [] })
    assert.deepStrictEqual(desk.outcomes(3), ["Interrupted", "Interrupted", "Interrupted"])
    const missing = ask(({ cancel }) => cancel({ _tag: "Submission", id: "no such" }, by))
    assert.strictEqual((yield* Effect.flip(missing))._tag, "NotFound")
  }),

  "told: what is tried again, as new tasks": Effect.gen(function*() {
    const desk = yield* Desk.open("ada")
    const hand = yield* Hand.join("hand", { slots: 5 })
    desk.submit([tasks(3)])
    yield* settle
    for (const task of [0, 1, 2]) hand.end(task, task === 1 ? crash : success(task))
    yield* settle
    hand.commands.length = 0
    const { ids } = yield* during(ask(({ retry }) => retry({ _tag: "Failed" })))
    assert.lengthOf(ids, 1)
    assert.deepStrictEqual(hand.attempts.map(({ payload }) => [...payload]), [[1]])
    hand.end(desk.positionOf(ids[0]!)!)
    yield* settle
    assert.strictEqual((yield* ask(({ task }) => task(ids[0]!))).status, "succeeded")
  }),

  "seen: submissions, while they go on and when they have ended": Effect.gen(function*() {
    const desk = yield* Desk.open("ada")
    const hand = yield* Hand.join("hand", { slots: 5 })
    const id = `set ${desk.submit([tasks(3)])}`
    yield* settle
    const followed: Array<number> = []
    const following = yield* ask(({ progress }) =>
      Effect.succeed(Stream.runForEach(progress(id), (row) => Effect.sync(() => followed.push(row.succeeded))))
    )
    const fiber = yield* Effect.forkChild(following)
    yield* settle
    const row = yield* ask(({ submission }) => submission(id))
    assert.deepInclude(row, { total: 3, running: 3, succeeded: 0, isEnded: false, submitter: "ada" })
    for (const task of [0, 1, 2]) hand.end(task)
    yield* TestClock.adjust(100)
    yield* Fiber.join(fiber)
    assert.deepStrictEqual([followed[0], followed.at(-1)], [0, 3])
    const ended = yield* ask(({ submission }) => submission(id))
    assert.deepInclude(ended, { total: 3, succeeded: 3, isEnded: true, taskNames: ["Task"] })
    const { items } = yield* ask(({ submissions }) => submissions({ limit: 10 }))
    assert.deepStrictEqual(items.map((each) => each.id), [id])
    const results = yield* ask(({ results }) => results({ submission: id, after: 0, limit: 2 }))
    const after = results.next ?? 0
    const rest = yield* ask(({ results }) => results({ submission: id, after, limit: 2 }))
    assert.deepStrictEqual([...results.items, ...rest.items].map(({ index }) => index), [0, 1, 2])
  }),

  "seen: the lines of a task, each once": Effect.gen(function*() {
    const desk = yield* Desk.open("ada")
    const hand = yield* Hand.join("hand")
    desk.submit([tasks(2)])
    yield* settle
    const lease = { task: 0, epoch: 1 }
    hand.start(0)
    hand.send({ _tag: "log", lease, line: line("one") })
    hand.send({
      _tag: "logs",
      entries: [{ lease, line: line("two") }, { lease: { task: 1, epoch: 1 }, line: line("x") }]
    })
    yield* settle
    const texts: Array<string> = []
    const { logs } = yield* Operator
    const follow = Stream.runForEach(
      logs(desk.idOf(0), { follow: true }),
      ({ line }) => Effect.sync(() => texts.push(line.message))
    )
    const fiber = yield* Effect.forkChild(follow)
    yield* TestClock.adjust(50)
    hand.send({ _tag: "log", lease, line: line("three") })
    yield* TestClock.adjust(50)
    hand.send({ _tag: "log", lease: { task: 0, epoch: 7 }, line: line("of nobody") })
    hand.end(0)
    yield* TestClock.adjust(100)
    yield* Fiber.join(fiber)
    assert.deepStrictEqual(texts, ["one", "two", "three"])
    const again = yield* Effect.forkChild(Stream.runCollect(logs(desk.idOf(0), { follow: false })))
    yield* TestClock.adjust(50)
    assert.deepStrictEqual((yield* Fiber.join(again)).map(({ line: { message } }) => message), texts)
  }),

  "told: an executor gets no more, and ends": Effect.gen(function*() {
    const desk = yield* Desk.open("ada")
    const [ada, bob] = [yield* Hand.join("ada", { slots: 1 }), yield* Hand.join("bob", { slots: 1 })]
    desk.submit([tasks(3)])
    yield* settle
    const row = yield* ask(({ drainExecutor }) => drainExecutor("ada", { stop: true }))
    assert.isTrue(row.isDraining)
    yield* settle
    assert.isTrue(ada.commands.some(({ _tag }) => _tag === "Stop"))
    assert.isFalse(bob.commands.some(({ _tag }) => _tag === "Stop"))
    const rows = yield* ask(({ executors }) => executors)
    assert.deepStrictEqual(rows.map(({ executorId, isDraining }) => [executorId, isDraining]), [
      ["ada", true],
      ["bob", false]
    ])
    const missing = ask(({ drainExecutor }) => drainExecutor("eve", { stop: false }))
    assert.strictEqual((yield* Effect.flip(missing))._tag, "NotFound")
  })
}

/** The laws of `Operator`, under a `TestClock` that the layer brings along. */
export const suite = <E>(name: string, layer: Layer.Layer<Server | Operator, E>) =>
  describe(`Operator laws (${name})`, () => {
    const checks: { readonly [law: string]: Effect.Effect<void, unknown, Server | Operator | Scope.Scope> } = laws
    for (const [law, check] of Object.entries(checks)) {
      it.effect(law, () => Effect.provide(Effect.scoped(check), layer))
    }
  })
