import { assert, describe, it } from "@effect/vitest"
import { Effect, type Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import { Executor } from "../../services/Executor.ts"
import type { Attempt, ExecutorMessage } from "../../src/protocol/ExecutorPort.ts"
import type { Outcome } from "../../src/task/Outcome.ts"
import { bytesOf, Conversation, textOf, valueOf } from "./Conversation.ts"
import { mark, marks, settle, type Stage, until } from "./Stage.ts"
import * as Tasks from "./Tasks.ts"

const ended = (outcome: Outcome | undefined): string => outcome?._tag ?? "nothing"

const laws = {
  "complete: each attempt ends with one report": Effect.gen(function*() {
    const executor = yield* Conversation.begin
    const hows = ["throw", "die", "dieLater", "wrong", "wrongLater", "undeclared", "interrupt", "nothing"] as const
    const attempts = [
      ...hows.map((how, index) => executor.attempt(Tasks.Bad, { how }, { task: index })),
      executor.attempt(Tasks.Root, { n: -1 }, { task: 8 }),
      executor.attempt(Tasks.Ping, undefined, { task: 9 }),
      executor.attempt(Tasks.Echo, { n: 7 }, { task: 10 })
    ]
    executor.assign(...attempts)
    const reports = yield* executor.reports(attempts.length)
    assert.sameMembers(reports.map(({ epoch, task }) => `${task}/${epoch}`), attempts.map((_, task) => `${task}/1`))
    const tags = reports.toSorted((left, right) => left.task - right.task).map(({ outcome }) => outcome._tag)
    const crashed = Array.from({ length: 6 }, () => "Crashed")
    assert.deepStrictEqual(tags, [...crashed, "Interrupted", "Crashed", "Failed", "Succeeded", "Succeeded"])
    assert.strictEqual(valueOf(Tasks.Echo, reports.find(({ task }) => task === 10)?.outcome), 7)
    yield* settle
    assert.lengthOf(yield* executor.reports(0), attempts.length)
  }),

  "typed: what does not match its schema is a crash": Effect.gen(function*() {
    const executor = yield* Conversation.begin
    const spoiled: Attempt = {
      ...executor.attempt(Tasks.Echo, { n: 1 }, { task: 2 }),
      payload: Uint8Array.of(255, 255)
    }
    executor.assign(
      executor.attempt(Tasks.Bad, { how: "wrong" }, { task: 0 }),
      executor.attempt(Tasks.Bad, { how: "wrongLater" }, { task: 1 }),
      spoiled
    )
    for (const { outcome } of yield* executor.reports(3)) {
      if (outcome._tag !== "Crashed") return assert.fail(ended(outcome))
      assert.strictEqual(outcome.defect.name, "InvalidResult")
    }
  }),

  "bounded: no more at a time than it has slots": Effect.gen(function*() {
    const executor = yield* Conversation.begin
    const names = ["a", "b", "c", "d", "e", "f"]
    executor.assign(...names.map((name, task) => executor.attempt(Tasks.Wait, { name }, { task })))
    for (const name of names.slice(0, 4)) yield* until(`began ${name}`)
    yield* settle
    assert.lengthOf(yield* marks, 4)
    assert.deepStrictEqual(executor.started(), [0, 1, 2, 3])
    const { busy, ...load } = yield* (yield* Executor).load
    assert.deepStrictEqual(load, { running: 4, queued: 2, ended: 0 })
    assert.isAtLeast(busy, 0)
    yield* mark("go c")
    yield* until("began e")
    yield* settle
    assert.lengthOf((yield* marks).filter((what) => what.startsWith("began")), 5)
    for (const name of names) yield* mark(`go ${name}`)
    yield* executor.reports(6)
    const { ended: count, queued, running } = yield* (yield* Executor).load
    assert.deepStrictEqual({ count, queued, running }, { count: 6, queued: 0, running: 0 })
  }),

  "bounded: the highest priority first": Effect.gen(function*() {
    const executor = yield* Conversation.begin
    const blockers = ["a", "b", "c", "d"]
    executor.assign(...blockers.map((name, task) => executor.attempt(Tasks.Wait, { name }, { task })))
    yield* until("began d")
    const priorities = [0, 5, -1, 5]
    executor.assign(
      ...priorities.map((priority, index) =>
        executor.attempt(Tasks.Tell, { text: `${index}` }, { task: 10 + index, priority })
      )
    )
    for (const name of blockers) yield* mark(`go ${name}`)
    yield* executor.reports(8)
    const told = (yield* marks).filter((what) => what.startsWith("tell"))
    assert.deepStrictEqual(told, ["tell 1", "tell 3", "tell 0", "tell 2"])
  }),

  "interrupted: its finalizers run, then it is reported": Effect.gen(function*() {
    const executor = yield* Conversation.begin
    executor.assign(executor.attempt(Tasks.Tidy, { name: "a", finalizer: 0 }, { task: 3 }))
    yield* until("began a")
    executor.say({ _tag: "Revoke", task: 3, epoch: 2, reason: "stale", kill: false })
    yield* settle
    assert.deepStrictEqual(yield* marks, ["began a"], "of another attempt")
    executor.say({ _tag: "Revoke", task: 3, epoch: 1, reason: "cancelled", kill: false })
    const [report] = yield* executor.reports(1)
    if (report?.outcome._tag !== "Interrupted") return assert.fail(ended(report?.outcome))
    assert.isTrue(report.outcome.cleanly)
    assert.deepStrictEqual(yield* marks, ["began a", "tidying a", "tidy a"])
  }),

  "interrupted: before it has begun": Effect.gen(function*() {
    const executor = yield* Conversation.begin
    const names = ["a", "b", "c", "d", "e"]
    executor.assign(...names.map((name, task) => executor.attempt(Tasks.Wait, { name }, { task })))
    yield* until("began d")
    executor.say({ _tag: "Revoke", task: 4, epoch: 1, reason: "cancelled", kill: false })
    const [report] = yield* executor.reports(1)
    assert.deepStrictEqual([report?.task, report?.outcome._tag], [4, "Interrupted"])
    for (const name of names) yield* mark(`go ${name}`)
    yield* executor.reports(5)
    assert.notInclude(yield* marks, "began e")
  }),

  "returned: unstarted, or reported, never both": Effect.gen(function*() {
    const executor = yield* Conversation.begin
    const names = ["a", "b", "c", "d", "e", "f"]
    executor.assign(...names.map((name, task) => executor.attempt(Tasks.Wait, { name }, { task })))
    yield* until("began d")
    executor.say({ _tag: "Recall", leases: [0, 4, 5, 99].map((task) => ({ task, epoch: 1 })) })
    yield* settle
    assert.deepStrictEqual(executor.recalled(), [4, 5])
    // What came back may be given again.
    executor.assign(executor.attempt(Tasks.Wait, { name: "e" }, { task: 4, epoch: 2 }))
    for (const name of names) yield* mark(`go ${name}`)
    const reports = yield* executor.reports(5)
    assert.sameMembers(reports.map(({ epoch, task }) => `${task}/${epoch}`), ["0/1", "1/1", "2/1", "3/1", "4/2"])
    assert.lengthOf((yield* marks).filter((what) => what === "began e"), 1)
  }),

  "isolated: crashes, hangs and interruptions concern no other": Effect.gen(function*() {
    const executor = yield* Conversation.begin
    executor.assign(executor.attempt(Tasks.Wait, { name: "hangs" }, { task: 0 }))
    const attempts = Array.from({ length: 300 }, (_, index) =>
      index % 3 === 0
        ? executor.attempt(Tasks.Bad, { how: "throw" }, { task: 1 + index })
        : index % 3 === 1
        ? executor.attempt(Tasks.Bad, { how: "interrupt" }, { task: 1 + index })
        : executor.attempt(Tasks.Echo, { n: index }, { task: 1 + index }))
    executor.assign(...attempts)
    const reports = yield* executor.reports(300)
    assert.lengthOf(reports.filter(({ outcome }) => outcome._tag === "Succeeded"), 100)
    assert.lengthOf(new Set(reports.map(({ task }) => task)), 300)
    assert.include(yield* marks, "began hangs")
  }),

  "retried: with the time to wait": Effect.gen(function*() {
    const executor = yield* Conversation.begin
    for (const [epoch, wait] of [[1, 1_000], [2, 2_000], [3, 4_000], [4, undefined]] as const) {
      executor.assign(executor.attempt(Tasks.Flaky, { good: 99 }, { task: 0, epoch }))
      const report = (yield* executor.reports(epoch)).at(-1)
      assert.deepStrictEqual([report?.epoch, report?.outcome._tag, report?.retryAfter], [epoch, "Failed", wait])
    }
    executor.assign(executor.attempt(Tasks.Flaky, { good: -1 }, { task: 1 }))
    assert.isUndefined((yield* executor.reports(5)).at(-1)?.retryAfter)
  }),

  "true: a handler knows the lease that it runs under": Effect.gen(function*() {
    const executor = yield* Conversation.begin
    executor.assign(executor.attempt(Tasks.Self, undefined, { task: 12, epoch: 3 }))
    const [report] = yield* executor.reports(1)
    const { executorId } = (yield* Executor).spec
    assert.deepStrictEqual(valueOf(Tasks.Self, report?.outcome), { taskId: "0.1.12", attempt: 3, executor: executorId })
  }),

  "ordered: reports of a followed attempt, before its end": Effect.gen(function*() {
    const executor = yield* Conversation.begin
    yield* mark("go report")
    executor.assign(
      executor.attempt(Tasks.Report, { upTo: 20 }, { task: 0 }),
      executor.attempt(Tasks.Report, { upTo: 20 }, { task: 1, isFollowed: true })
    )
    yield* executor.reports(2)
    const said = executor.messages.filter(({ _tag }) => _tag === "progress" || _tag === "ended")
    const progress = said.flatMap((message) => message._tag === "progress" ? [message] : [])
    assert.isTrue(progress.every(({ lease }) => lease.task === 1 && lease.epoch === 1))
    const steps = progress.map(({ value }) => bytesOf(Tasks.Report.progress, value))
    assert.deepStrictEqual(steps, Array.from({ length: 20 }, (_, step) => ({ step: step + 1 })))
    const isEnd = (message: ExecutorMessage) =>
      message._tag === "ended" && message.reports.some(({ task }) => task === 1)
    assert.isAbove(said.findIndex(isEnd), said.lastIndexOf(progress.at(-1)!))
  }),

  "same: what a followed attempt logs": Effect.gen(function*() {
    const executor = yield* Conversation.begin
    yield* mark("go a")
    executor.assign(executor.attempt(Tasks.Talk, { name: "a" }, { task: 1, isFollowed: true }))
    yield* executor.reports(1)
    const lines = executor.lines().map(({ line }) => line)
    assert.deepStrictEqual(lines.map(({ level }) => level), ["Info", "Error"])
    assert.deepStrictEqual(lines[0]?.annotations, { who: "a", n: "1" })
  }),

  "typed: a result of another task is a field of the payload": Effect.gen(function*() {
    const executor = yield* Conversation.begin
    const attempt = executor.attempt(Tasks.Add, { left: 40 }, { task: 0, without: ["right"] })
    const refs = [{ _tag: "Succeeded", value: { encoding: "json", bytes: textOf("2") } }] as const
    executor.assign({ ...attempt, refFields: ["right"], assignment: { ...attempt.assignment, refs } })
    const [report] = yield* executor.reports(1)
    assert.strictEqual(valueOf(Tasks.Add, report?.outcome), 42)
  }),

  "complete: a task that it does not have": Effect.gen(function*() {
    const executor = yield* Conversation.begin
    const attempt = executor.attempt(Tasks.Echo, { n: 1 }, { task: 0 })
    const { batch } = attempt.assignment
    const spec = { ...batch.spec, requirement: { ...batch.spec.requirement, taskName: "Stranger" } }
    executor.assign({ ...attempt, assignment: { ...attempt.assignment, batch: { ...batch, spec } } })
    const [report] = yield* executor.reports(1)
    if (report?.outcome._tag !== "Crashed") return assert.fail(ended(report?.outcome))
    assert.strictEqual(report.outcome.defect.name, "UnknownTask")
  }),

  "interrupted: when it leaves, and then nothing is reported": Effect.gen(function*() {
    const scope = yield* Scope.make()
    const executor = yield* Scope.provide(Conversation.begin, scope)
    executor.assign(
      executor.attempt(Tasks.Tidy, { name: "a", finalizer: 0 }, { task: 0 }),
      executor.attempt(Tasks.Tidy, { name: "b", finalizer: 0 }, { task: 1 })
    )
    yield* until("began b")
    yield* executor.leave
    assert.sameMembers([...yield* marks].slice(2), ["tidying a", "tidying b", "tidy a", "tidy b"])
    assert.lengthOf(yield* executor.reports(0), 0)
  })
}

/** Those that need a `TestClock`. */
const timed = {
  "interrupted: a kill does not wait for a handler, and its slot is free": Effect.gen(function*() {
    const executor = yield* Conversation.begin
    executor.assign(...[0, 1, 2, 3, 4].map((task) => executor.attempt(Tasks.Stubborn, { millis: 60_000 }, { task })))
    yield* until("began stubborn", 4)
    executor.say({ _tag: "Revoke", task: 0, epoch: 1, reason: "cancelled", kill: false })
    yield* TestClock.adjust("1 second")
    assert.lengthOf(yield* executor.reports(0), 0)
    executor.say({ _tag: "Revoke", task: 0, epoch: 1, reason: "cancelled", kill: true })
    const [report] = yield* executor.reports(1)
    assert.deepStrictEqual(report?.outcome, { _tag: "Interrupted", by: "the server", cleanly: false })
    yield* until("began stubborn", 5)
    yield* TestClock.adjust("2 minutes")
    assert.lengthOf(yield* executor.reports(5), 5)
  }),

  "complete: it is busy while anything runs": Effect.gen(function*() {
    const executor = yield* Conversation.begin
    const { load } = yield* Executor
    executor.assign(
      executor.attempt(Tasks.Nap, { millis: 1_000 }, { task: 0 }),
      executor.attempt(Tasks.Nap, { millis: 1_500 }, { task: 1 })
    )
    yield* TestClock.adjust("1 minute")
    yield* executor.reports(2)
    assert.strictEqual((yield* load).busy, 1_500)
    const [first] = yield* executor.reports(2)
    assert.strictEqual(first?.startedAt, 0)
  })
}

/** The laws of `Executor` and `TaskContext`; the layer's executor has four slots and runs the tasks of the suite. */
export const suite = <E>(
  name: string,
  layer: Layer.Layer<Executor | Stage, E>,
  options: { readonly isTimed: boolean }
) =>
  describe(`Executor laws (${name})`, () => {
    for (const [law, check] of Object.entries({ ...laws, ...(options.isTimed && timed) })) {
      it.effect(law, () => Effect.provide(Effect.scoped(check), layer))
    }
  })
