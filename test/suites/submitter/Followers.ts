import { assert } from "@effect/vitest"
import { Effect, Exit, Fiber } from "effect"
import * as Submission from "../../../services/Submission.ts"
import { Task } from "../../../services/Task.ts"
import { marks, until } from "../Stage.ts"
import * as Tasks from "../Tasks.ts"

const { step } = Submission

/** Tasks that follow others. */
export const laws = {
  "after: it starts when all have ended": Effect.scoped(Effect.gen(function*() {
    const [first, second] = [yield* Tasks.Wait.submit({ name: "a" }), yield* Tasks.Wait.submit({ name: "b" })]
    const third = yield* Tasks.Tell.submit({ text: "c" }, { after: [first, second] })
    const alone = yield* Effect.forkChild(Tasks.Tell.run({ text: "d" }, { after: [first] }))
    yield* until("began b")
    yield* Tasks.go("a")
    yield* until("tell d")
    yield* Effect.repeat(Tasks.Ping.run(), { times: 5 })
    assert.notInclude(yield* marks, "tell c")
    yield* Tasks.go("b")
    assert.strictEqual(yield* third.await, "c")
    assert.strictEqual(yield* Fiber.join(alone), "d")
    // What has ended long ago may be followed too.
    assert.strictEqual(yield* Tasks.Tell.run({ text: "e" }, { after: [first, third] }), "e")
  })),

  "after: a failure fails those who follow, unless they want to run": Effect.scoped(Effect.gen(function*() {
    const spoiled = yield* Tasks.Wait.submit({ name: "spoiled" })
    const follower = yield* Tasks.Tell.submit({ text: "a" }, { after: [spoiled] })
    const next = yield* Tasks.Tell.submit({ text: "b" }, { after: [follower] })
    const anyway = yield* Tasks.Tell.submit({ text: "c" }, { after: [spoiled], onDependencyFailure: "run" })
    yield* Tasks.go("spoiled")
    const error = yield* Effect.flip(follower.await)
    if (error._tag !== "DependencyFailed") return assert.fail(error._tag)
    assert.strictEqual(error.dependency, spoiled.id)
    assert.strictEqual((yield* Effect.flip(next.await))._tag, "DependencyFailed")
    assert.strictEqual(yield* anyway.await, "c")
    assert.strictEqual(
      (yield* Effect.flip(Tasks.Tell.run({ text: "d" }, { after: [spoiled] })))._tag,
      "DependencyFailed"
    )
  })),

  "after: a result goes into another task's payload": Effect.scoped(Effect.gen(function*() {
    const [left, right] = [yield* Tasks.Echo.submit({ n: 40 }), yield* Tasks.Echo.submit({ n: 2 })]
    const sum = yield* Tasks.Add.submit({ left: Task.ref(left), right: Task.ref(right) })
    assert.strictEqual(yield* sum.await, 42)
    const more = yield* Tasks.Add.submit({ left: Task.ref(sum), right: 1 })
    assert.strictEqual(yield* more.await, 43)
    const waiting = yield* Tasks.Wait.submit({ name: "a" })
    const told = yield* Tasks.Tell.submit({ text: Task.ref(waiting) })
    yield* Tasks.go("a")
    assert.strictEqual(yield* told.await, "a")
  })),

  "after: a result that never comes": Effect.scoped(Effect.gen(function*() {
    const spoiled = yield* Tasks.Wait.submit({ name: "spoiled" })
    const told = yield* Tasks.Tell.submit({ text: Task.ref(spoiled) })
    yield* Tasks.go("spoiled")
    assert.strictEqual((yield* Effect.flip(told.await))._tag, "DependencyFailed")
  })),

  "after: results pass between encodings": Effect.scoped(Effect.gen(function*() {
    const [binary, json] = [yield* Tasks.Echo.submit({ n: 40 }), yield* Tasks.JsonEcho.submit({ n: 2 })]
    const there = yield* Tasks.Add.submit({ left: Task.ref(binary), right: Task.ref(json) })
    const here = yield* Tasks.JsonAdd.submit({ left: Task.ref(json), right: Task.ref(binary) })
    assert.deepStrictEqual([yield* there.await, yield* here.await], [42, 42])
  })),

  "refused: a result of another type": Effect.scoped(Effect.gen(function*() {
    const text = yield* Tasks.JsonTell.submit({ text: "a" })
    // What no compiler would let pass.
    const wrong = Task.ref(text) as unknown as number
    const error = yield* Effect.flip(Tasks.Add.submit({ left: wrong, right: 1 }))
    if (error._tag !== "RefMismatch") return assert.fail(error._tag)
    assert.deepStrictEqual([error.taskName, error.field, error.source], ["Add", "left", "JsonTell"])
    assert.match(error.message, /^Field left of task Add cannot be the result of task JsonTell: /)
  })),

  "after: a graph runs in its order": Effect.scoped(Effect.gen(function*() {
    const handles = yield* Submission.graph({
      top: step(Tasks.Tell, { text: "top" }, { after: ["left", "right"] }),
      left: step(Tasks.Tell, { text: "left" }, { after: ["base"] }),
      right: step(Tasks.Tell, { text: "right" }, { after: ["base"] }),
      base: step(Tasks.Wait, { name: "base" })
    })
    yield* until("began base")
    assert.deepStrictEqual(yield* marks, ["began base"])
    yield* Tasks.go("base")
    assert.strictEqual(yield* handles.top.await, "top")
    const told = (yield* marks).filter((mark) => mark.startsWith("tell"))
    assert.sameMembers(told.slice(0, 2), ["tell left", "tell right"])
    assert.deepStrictEqual(told.slice(2), ["tell top"])
    assert.strictEqual(yield* handles.base.await, "base")
  })),

  "refused: a circle, by its names": Effect.scoped(Effect.gen(function*() {
    const error = yield* Effect.flip(Submission.graph({
      a: step(Tasks.Tell, { text: "a" }, { after: ["c"] }),
      b: step(Tasks.Tell, { text: "b" }, { after: ["a"] }),
      c: step(Tasks.Tell, { text: "c" }, { after: ["b"] }),
      d: step(Tasks.Tell, { text: "d" })
    }))
    if (error._tag !== "DependencyCycle") return assert.fail(error._tag)
    assert.sameMembers([...new Set(error.cycle)], ["a", "b", "c"])
    yield* Tasks.Ping.run()
    assert.deepStrictEqual(yield* marks, [])
    const itself = yield* Effect.flip(Submission.graph({ a: step(Tasks.Tell, { text: "a" }, { after: ["a"] }) }))
    assert.strictEqual(itself._tag, "DependencyCycle")
  })),

  "refused: to follow what nobody knows": Effect.scoped(Effect.gen(function*() {
    const graph = yield* Effect.flip(Submission.graph({ a: step(Tasks.Tell, { text: "a" }, { after: ["b"] }) }))
    assert.strictEqual(graph._tag, "UnknownDependency")
    assert.include(graph.message, "Task a is to follow b")
    for (const id of ["0.1.999999", "0.99.0", "9.1.0", "nonsense", ""]) {
      const error = yield* Effect.flip(Tasks.Tell.submit({ text: "a" }, { after: [{ id }] }))
      assert.strictEqual(error._tag, "UnknownDependency", id)
    }
    const gone = yield* Effect.scoped(Effect.tap(Tasks.Echo.submit({ n: 1 }), (handle) => handle.await))
    assert.strictEqual((yield* Effect.flip(Tasks.Tell.run({ text: "a" }, { after: [gone] })))._tag, "UnknownDependency")
    assert.deepStrictEqual(yield* marks, [])
  })),

  "after: a graph without steps": Effect.scoped(Effect.gen(function*() {
    assert.deepStrictEqual(yield* Submission.graph({}), {})
  })),

  "owned: a graph is cancelled with its scope": Effect.gen(function*() {
    const exit = yield* Effect.exit(Effect.scoped(Effect.gen(function*() {
      yield* Submission.graph({
        base: step(Tasks.Tidy, { name: "base", finalizer: 0 }),
        top: step(Tasks.Tell, { text: "top" }, { after: ["base"] })
      })
      yield* until("began base")
    })))
    assert.isTrue(Exit.isSuccess(exit))
    assert.deepStrictEqual(yield* marks, ["began base", "tidying base", "tidy base"])
  })
}
