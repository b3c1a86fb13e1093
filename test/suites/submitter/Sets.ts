import { assert } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import type { Counts } from "../../../src/dispatch/Command.ts"
import { marks, until } from "../Stage.ts"
import * as Tasks from "../Tasks.ts"

const names = (size: number) => Array.from({ length: size }, (_, n) => ({ name: `${n}` }))

const addsUp = ({ cancelled, failed, queued, running, succeeded, total }: Counts) => {
  assert.strictEqual(queued + running + succeeded + failed + cancelled, total)
  for (const count of [queued, running, succeeded, failed, cancelled]) assert.isAtLeast(count, 0)
}

/** Tasks that were handed over together. */
export const laws = {
  "counted: at every step, and in the end": Effect.scoped(Effect.gen(function*() {
    const set = yield* Tasks.Wait.submitAll([...names(9), { name: "spoiled" }])
    assert.strictEqual(set.size, 10)
    assert.isNotEmpty(set.id)
    const counted = yield* Effect.forkChild(
      Stream.runCollect(Stream.tap(set.progress, (counts) => Effect.sync(() => addsUp(counts))))
    )
    for (const { name } of names(9)) {
      yield* until(`began ${name}`)
      yield* Tasks.go(name)
      yield* until(`ended ${name}`)
    }
    yield* Tasks.go("spoiled")
    const steps = yield* Fiber.join(counted)
    assert.deepStrictEqual(steps.at(-1), { total: 10, queued: 0, running: 0, succeeded: 9, failed: 1, cancelled: 0 })
    assert.deepStrictEqual(yield* Stream.runCollect(set.progress), [steps.at(-1)])
  })),

  "ordered: all outcomes in the order of the payloads": Effect.scoped(Effect.gen(function*() {
    const set = yield* Tasks.Wait.submitAll(names(3))
    const waiting = yield* Effect.forkChild(set.awaitAll)
    for (const { name } of names(3).toReversed()) {
      yield* Tasks.go(name)
      yield* until(`ended ${name}`)
      yield* Effect.repeat(Tasks.Ping.run(), { times: 5 })
    }
    const all = yield* Fiber.join(waiting)
    assert.deepStrictEqual(all.map(({ index, payload }) => [index, payload.name]), [[0, "0"], [1, "1"], [2, "2"]])
    assert.deepStrictEqual((yield* Stream.runCollect(set.outcomes)).map(({ index }) => index), [2, 1, 0])
    assert.deepStrictEqual(yield* set.awaitAll, all)
  })),

  "same: every reader gets every outcome, early or late": Effect.scoped(Effect.gen(function*() {
    const set = yield* Tasks.Wait.submitAll(names(3))
    const early = yield* Effect.forkChild(Stream.runCollect(set.outcomes))
    yield* Tasks.go("1")
    yield* until("ended 1")
    const [first] = yield* Stream.runCollect(Stream.take(set.outcomes, 1))
    assert.strictEqual(first?.index, 1)
    yield* Tasks.go("0")
    yield* Tasks.go("2")
    const seen = yield* Fiber.join(early)
    assert.lengthOf(seen, 3)
    assert.deepStrictEqual(yield* Stream.runCollect(set.outcomes), seen)
  })),

  "stopped: cancelled once or twice, it ends once": Effect.scoped(Effect.gen(function*() {
    const set = yield* Tasks.Wait.submitAll(names(100))
    yield* until("began 0")
    yield* Tasks.go("0")
    yield* until("ended 0")
    yield* Stream.runDrain(Stream.take(set.outcomes, 1))
    const counts = yield* Effect.all([set.cancel, set.cancel], { concurrency: 2 })
    const end = { total: 100, queued: 0, running: 0, succeeded: 1, failed: 0, cancelled: 99 }
    assert.deepStrictEqual(counts, [end, end])
    assert.deepStrictEqual(yield* set.cancel, end)
    const outcomes = yield* set.awaitAll
    assert.deepStrictEqual(outcomes.map(({ _tag }) => _tag).filter((tag) => tag === "Interrupted").length, 99)
    const seen = yield* marks
    const count = (what: string) => seen.filter((mark) => mark.startsWith(what)).length
    assert.strictEqual(count("began"), count("stopped") + 1)
  })),

  "owned: leaving the scope cancels, and waits": Effect.gen(function*() {
    yield* Effect.scoped(Effect.andThen(Tasks.Wait.submitAll(names(20)), until("began 3")))
    const seen = yield* marks
    assert.strictEqual(
      seen.filter((mark) => mark.startsWith("began")).length,
      seen.filter((mark) => mark.startsWith("stopped")).length
    )
  }),

  "counted: nothing at all": Effect.scoped(Effect.gen(function*() {
    const set = yield* Tasks.Echo.submitAll([])
    assert.deepStrictEqual(yield* set.awaitAll, [])
    assert.deepStrictEqual(yield* Stream.runCollect(set.outcomes), [])
    assert.strictEqual((yield* set.cancel).total, 0)
    assert.deepStrictEqual((yield* Stream.runCollect(set.progress)).at(-1)?.total, 0)
  })),

  "counted: ten thousand": Effect.scoped(Effect.gen(function*() {
    const set = yield* Tasks.Echo.submitAll(Array.from({ length: 10_000 }, (_, n) => ({ n })))
    const outcomes = yield* set.awaitAll
    assert.isTrue(outcomes.every((outcome, n) => outcome._tag === "Succeeded" && outcome.value === n))
    assert.strictEqual((yield* set.cancel).succeeded, 10_000)
  }))
}
