import { assert } from "@effect/vitest"
import { Effect, Exit, Fiber, Option, Scope, Stream } from "effect"
import { marks, until } from "../Stage.ts"
import * as Tasks from "../Tasks.ts"

/** Single tasks that are followed. */
export const laws = {
  "same: a handle may be asked any number of times": Effect.scoped(Effect.gen(function*() {
    const handle = yield* Tasks.Wait.submit({ name: "a" })
    assert.match(handle.id, /^\d+\.\d+\.\d+$/)
    assert.strictEqual(handle.taskName, "Wait")
    assert.isTrue(Option.isNone(yield* handle.poll))
    const waiting = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(handle.await))
    yield* until("began a")
    assert.isTrue(Option.isNone(yield* handle.poll))
    yield* Tasks.go("a")
    assert.deepStrictEqual(yield* Effect.forEach(waiting, Fiber.join), ["a", "a", "a"])
    assert.strictEqual(yield* handle.await, "a")
    assert.deepStrictEqual(yield* handle.poll, Option.some(Exit.succeed("a")))
    assert.isFalse(yield* handle.interrupt)
    assert.strictEqual(yield* handle.await, "a")
  })),

  "same: a handle gives errors and defects": Effect.scoped(Effect.gen(function*() {
    const failing = yield* Tasks.Root.submit({ n: -1 })
    const error = yield* Effect.flip(failing.await)
    assert.deepStrictEqual(error._tag, "NotPositive")
    const polled = yield* failing.poll
    assert.isTrue(Option.isSome(polled) && Exit.isFailure(polled.value))
    const dying = yield* Tasks.Bad.submit({ how: "die" })
    assert.isTrue(Exit.hasDies(yield* Effect.exit(dying.await)))
  })),

  "owned: whoever only stops waiting leaves the task alone": Effect.scoped(Effect.gen(function*() {
    const handle = yield* Tasks.Wait.submit({ name: "a" })
    const waiting = yield* Effect.forkChild(handle.await)
    yield* until("began a")
    yield* Fiber.interrupt(waiting)
    yield* Tasks.go("a")
    assert.strictEqual(yield* handle.await, "a")
  })),

  "stopped: an interruption is acknowledged when the finalizers have run": Effect.scoped(Effect.gen(function*() {
    const handle = yield* Tasks.Tidy.submit({ name: "a", finalizer: 0 })
    yield* until("began a")
    assert.isTrue(yield* handle.interrupt)
    assert.deepStrictEqual(yield* marks, ["began a", "tidying a", "tidy a"])
    const error = yield* Effect.flip(handle.await)
    if (error._tag !== "TaskInterrupted") return assert.fail(error._tag)
    assert.deepStrictEqual([error.taskId, error.cleanly], [handle.id, true])
    assert.isFalse(yield* handle.interrupt)
  })),

  "stopped: a task that nobody runs yet ends at once": Effect.scoped(Effect.gen(function*() {
    const first = yield* Tasks.Single.submit({ name: "a" })
    const second = yield* Tasks.Single.submit({ name: "b" })
    yield* until("began a")
    assert.isTrue(yield* second.interrupt)
    yield* Tasks.go("a")
    yield* first.await
    yield* Tasks.Ping.run()
    assert.notInclude(yield* marks, "began b")
  })),

  "owned: leaving the scope cancels, and waits until it is tidy": Effect.gen(function*() {
    yield* Effect.scoped(Effect.gen(function*() {
      yield* Tasks.Tidy.submit({ name: "a", finalizer: 0 })
      yield* Tasks.Tidy.submit({ name: "b", finalizer: 0 })
      yield* until("began a")
      yield* until("began b")
    }))
    assert.sameMembers([...yield* marks], ["began a", "began b", "tidying a", "tidying b", "tidy a", "tidy b"])
  }),

  "owned: interrupting a run waits until it is tidy": Effect.gen(function*() {
    const running = yield* Effect.forkChild(Tasks.Tidy.run({ name: "a", finalizer: 0 }))
    yield* until("began a")
    yield* Fiber.interrupt(running)
    assert.deepStrictEqual(yield* marks, ["began a", "tidying a", "tidy a"])
  }),

  "owned: a run that loses a race is stopped": Effect.gen(function*() {
    const winner = yield* Effect.raceFirst(
      Tasks.Tidy.run({ name: "a", finalizer: 0 }),
      Effect.as(until("began a"), "first")
    )
    assert.strictEqual(winner, "first")
    assert.strictEqual((yield* marks).at(-1), "tidy a")
  }),

  "owned: a run that is interrupted at any step leaves nothing": Effect.gen(function*() {
    for (let step = 0; step < 40; step++) {
      const running = yield* Effect.forkChild(Tasks.Wait.run({ name: `${step}` }))
      yield* Effect.repeat(Effect.yieldNow, { times: step })
      yield* Fiber.interrupt(running)
      const seen = yield* marks
      const count = (what: string) => seen.filter((mark) => mark.startsWith(what)).length
      assert.strictEqual(count("began"), count("stopped"), `after ${step} steps`)
    }
  }),

  "ordered: progress is typed, in order and ends with the task": Effect.scoped(Effect.gen(function*() {
    const handle = yield* Tasks.Report.submit({ upTo: 50 })
    const [seen, other] = [
      yield* Effect.forkChild(Stream.runCollect(handle.progress)),
      yield* Effect.forkChild(Stream.runCount(handle.progress))
    ]
    yield* until("began report")
    yield* Effect.repeat(Tasks.Ping.run(), { times: 5 })
    yield* Tasks.go("report")
    yield* handle.await
    assert.deepStrictEqual(
      (yield* Fiber.join(seen)).map(({ step }) => step),
      Array.from({ length: 50 }, (_, n) => n + 1)
    )
    assert.strictEqual(yield* Fiber.join(other), 50)
    assert.deepStrictEqual(yield* Stream.runCollect(handle.progress), [])
  })),

  "harmless: a report that nobody reads": Effect.gen(function*() {
    yield* Tasks.go("report")
    yield* Tasks.Report.run({ upTo: 2_000 })
    yield* Effect.scoped(Effect.flatMap(Tasks.Report.submit({ upTo: 2_000 }), (handle) => handle.await))
  }),

  "same: what the handler logs, with its annotations": Effect.scoped(Effect.gen(function*() {
    const handle = yield* Tasks.Talk.submit({ name: "a" })
    yield* until("began a")
    const early = yield* Effect.forkChild(Stream.runCollect(handle.logs))
    yield* Tasks.go("a")
    yield* handle.await
    const [hello, trouble, ...rest] = yield* Fiber.join(early)
    assert.deepStrictEqual(rest, [])
    assert.deepStrictEqual([hello?.level, hello?.annotations], ["Info", { who: "a", n: "1" }])
    assert.match(hello?.message ?? "", /^hello .*"?name"?: ?"a"/)
    assert.strictEqual(trouble?.level, "Error")
    assert.match(trouble?.message ?? "", /^trouble .*Error: inner/)
    assert.lengthOf(yield* Stream.runCollect(handle.logs), 2)
  })),

  "owned: a scope that is closed twice at once": Effect.gen(function*() {
    const scope = yield* Scope.make()
    yield* Scope.provide(Tasks.Tidy.submit({ name: "a", finalizer: 0 }), scope)
    yield* until("began a")
    yield* Effect.all([Scope.close(scope, Exit.void), Scope.close(scope, Exit.void)], { concurrency: 2 })
    assert.strictEqual((yield* marks).filter((mark) => mark === "tidy a").length, 1)
  })
}
