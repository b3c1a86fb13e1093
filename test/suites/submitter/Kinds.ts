import { assert } from "@effect/vitest"
import { Effect, Fiber, Schema } from "effect"
import { Server } from "../../../services/Server.ts"
import { Task } from "../../../services/Task.ts"
import { marks, until } from "../Stage.ts"
import * as Tasks from "../Tasks.ts"

const began = Effect.map(marks, (seen) => seen.filter((mark) => mark.startsWith("began")))

/** What a definition says of its tasks. */
export const laws = {
  "bounded: a limit on how many run at once": Effect.scoped(Effect.gen(function*() {
    const handles = yield* Effect.forEach(["a", "b", "c"], (name) => Tasks.Single.submit({ name }))
    for (const name of ["a", "b", "c"]) {
      yield* until(`began ${name}`)
      yield* Effect.repeat(Tasks.Ping.run(), { times: 5 })
      assert.strictEqual((yield* began).at(-1), `began ${name}`)
      yield* Tasks.go(name)
    }
    yield* Effect.forEach(handles, (handle) => handle.await)
    assert.deepStrictEqual(yield* began, ["began a", "began b", "began c"])
  })),

  "ordered: the highest priority first": Effect.scoped(Effect.gen(function*() {
    const first = yield* Tasks.Single.submit({ name: "first" })
    yield* until("began first")
    const priorities = [0, 5, -5, 10]
    const handles = yield* Effect.forEach(
      priorities,
      (priority) => Tasks.Single.submit({ name: `${priority}` }, { priority })
    )
    for (const name of ["first", ...priorities]) yield* Tasks.go(`${name}`)
    yield* Effect.forEach([first, ...handles], (handle) => handle.await)
    assert.deepStrictEqual(yield* began, ["began first", "began 10", "began 5", "began 0", "began -5"])
  })),

  "same: one key is one task": Effect.scoped(Effect.gen(function*() {
    const [one, two] = [yield* Tasks.Keyed.submit({ key: "k", n: 1 }), yield* Tasks.Keyed.submit({ key: "k", n: 1 })]
    assert.strictEqual(one.id, two.id)
    assert.deepStrictEqual([yield* one.await, yield* two.await, yield* Tasks.Keyed.run({ key: "k", n: 1 })], [1, 1, 1])
    assert.strictEqual(yield* Tasks.Keyed.run({ key: "other", n: 2 }), 2)
    const set = yield* Tasks.Keyed.submitAll([{ key: "k", n: 1 }, { key: "third", n: 3 }])
    assert.deepStrictEqual((yield* set.awaitAll).map((outcome) => outcome._tag === "Succeeded" && outcome.value), [
      1,
      3
    ])
    assert.deepStrictEqual(yield* marks, ["keyed k", "keyed other", "keyed third"])
  })),

  "same: a key outlives the scope of its task": Effect.gen(function*() {
    const submitted = Effect.scoped(
      Effect.flatMap(Tasks.Keyed.submit({ key: "k", n: 1 }), (handle) => Effect.as(handle.await, handle.id))
    )
    const ids = [yield* submitted, yield* submitted]
    assert.strictEqual(ids[0], ids[1])
    assert.deepStrictEqual(yield* marks, ["keyed k"])
  }),

  "owned: who shares a task by its key does not take it from the others": Effect.scoped(Effect.gen(function*() {
    const Shared = Task.make("Keyed", {
      payload: { key: Schema.String, n: Schema.Int },
      success: Schema.Int,
      idempotencyKey: ({ key }) => key
    })
    const [blocker] = [yield* Tasks.Wait.submit({ name: "a" })]
    const first = yield* Shared.submit({ key: "k", n: 1 }, { after: [blocker] })
    yield* Effect.scoped(Shared.submit({ key: "k", n: 1 }))
    const second = yield* Effect.forkChild(Shared.run({ key: "k", n: 1 }))
    yield* Effect.repeat(Tasks.Ping.run(), { times: 5 })
    yield* Fiber.interrupt(second)
    yield* Tasks.go("a")
    assert.strictEqual(yield* first.await, 1)
  })),

  "refused: one key with another payload": Effect.gen(function*() {
    yield* Tasks.Keyed.run({ key: "k", n: 1 })
    const error = yield* Effect.flip(Tasks.Keyed.run({ key: "k", n: 2 }))
    if (error._tag !== "Conflict") return assert.fail(error._tag)
    assert.strictEqual(error.key, "k")
    const whole = yield* Effect.flip(Effect.scoped(Tasks.Keyed.submitAll([{ key: "new", n: 1 }, { key: "k", n: 2 }])))
    assert.strictEqual(whole._tag, "Conflict")
    const within = yield* Effect.flip(Effect.scoped(Tasks.Keyed.submitAll([{ key: "l", n: 1 }, { key: "l", n: 2 }])))
    assert.strictEqual(within._tag, "Conflict")
    yield* Tasks.Ping.run()
    assert.deepStrictEqual(yield* marks, ["keyed k"])
  }),

  "refused: one limit with two sizes": Effect.scoped(Effect.gen(function*() {
    const Other = Task.make("Single", {
      payload: { name: Schema.String },
      limits: [{ name: "single", concurrency: 2 }]
    })
    yield* Tasks.Single.submit({ name: "a" })
    yield* until("began a")
    const error = yield* Effect.flip(Other.run({ name: "b" }))
    if (error._tag !== "LimitMismatch") return assert.fail(error._tag)
    assert.strictEqual(error.limit, "single")
  })),

  "refused: what no executor can run": Effect.gen(function*() {
    for (
      const [refused, what] of [
        [Tasks.Marked.run({ name: "a" }), /label "?gpu"?/],
        [Effect.asVoid(Tasks.Echo.run({ n: 1 }, { labels: ["moon"] })), /label "?moon"?/],
        [Effect.asVoid(Tasks.Echo.run({ n: 1 }, { node: "mars" })), /node "?mars"?/]
      ] as const
    ) {
      const error = yield* Effect.flip<
        void,
        { readonly _tag: string; readonly message: string },
        Effect.Services<typeof refused>
      >(refused)
      assert.strictEqual(error._tag, "NoExecutor")
      assert.match(error.message, what)
    }
    assert.deepStrictEqual(yield* marks, [])
  }),

  "refused: everything, once the server drains": Effect.scoped(Effect.gen(function*() {
    const handle = yield* Tasks.Wait.submit({ name: "a" })
    yield* until("began a")
    yield* Effect.flatMap(Server, ({ drain }) => drain())
    assert.strictEqual((yield* Effect.flip(Tasks.Echo.run({ n: 1 })))._tag, "ServerDraining")
    yield* Tasks.go("a")
    assert.strictEqual(yield* handle.await, "a")
  })),

  "bounded: tasks that wait for tasks of their own need no slot": Effect.gen(function*() {
    const nodes = (depth: number): number => depth === 0 ? 1 : 4 + 2 * nodes(depth - 1)
    assert.strictEqual(yield* Tasks.Tree.run({ depth: 4 }), nodes(4))
  }),

  "bounded: nor do those that only watch them": Effect.gen(function*() {
    assert.strictEqual(yield* Tasks.Watcher.run(), 2)
  })
}
