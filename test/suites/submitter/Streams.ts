import { assert } from "@effect/vitest"
import { Effect, Exit, Fiber, Stream } from "effect"
import { marks, until } from "../Stage.ts"
import * as Tasks from "../Tasks.ts"

const payloads = (size: number) => Array.from({ length: size }, (_, n) => ({ n }))

/** A source without end that counts what is taken from it, and says when it was let go. */
const counted = () => {
  const count = { taken: 0, isReturned: false }
  function* numbers() {
    try {
      for (;;) yield { n: count.taken++ }
    } finally {
      count.isReturned = true
    }
  }
  return { count, numbers }
}

/** Lets everybody do what they can. */
const settle = Effect.repeat(Tasks.Ping.run(), { times: 20 })

/** Many tasks as a stream. */
export const laws = {
  "same: each outcome comes with its payload and its place": Effect.gen(function*() {
    for (const source of [payloads(300), Stream.fromIterable(payloads(300))]) {
      const outcomes = yield* Stream.runCollect(Tasks.Echo.runAll(source, { concurrency: 7 }))
      assert.lengthOf(outcomes, 300)
      for (const outcome of outcomes) {
        if (outcome._tag !== "Succeeded") return assert.fail(outcome._tag)
        assert.deepStrictEqual([outcome.value, outcome.payload, outcome.taskName], [
          outcome.index,
          { n: outcome.index },
          "Echo"
        ])
      }
      assert.lengthOf(new Set(outcomes.map(({ taskId }) => taskId)), 300)
    }
    assert.deepStrictEqual(yield* Stream.runCollect(Tasks.Echo.runAll([])), [])
  }),

  "same: bad ends are outcomes too": Effect.gen(function*() {
    const roots = Tasks.Root.runAll([{ n: 4 }, { n: -4 }], { ordered: true })
    const [good, failed] = yield* Stream.runCollect(roots)
    assert.deepStrictEqual(good?._tag === "Succeeded" && good.value, 2)
    assert.deepStrictEqual(failed?._tag === "Failed" && failed.error.n, -4)
    const bad = yield* Stream.runCollect(Tasks.Bad.runAll([{ how: "die" }, { how: "interrupt" }], { ordered: true }))
    assert.deepStrictEqual(bad.map(({ _tag }) => _tag), ["Crashed", "Interrupted"])
  }),

  "ordered: as they end, or as they were given": Effect.gen(function*() {
    for (const ordered of [false, true]) {
      const names = ["a", "b", "c"].map((name) => `${name}${ordered}`)
      const outcomes = Tasks.Wait.runAll(names.map((name) => ({ name })), { ordered })
      const seen = yield* Effect.forkChild(Stream.runCollect(outcomes))
      for (const name of names) yield* until(`began ${name}`)
      for (const name of names.toReversed()) {
        yield* Tasks.go(name)
        yield* until(`ended ${name}`)
        yield* settle
      }
      const indices = (yield* Fiber.join(seen)).map(({ index }) => index)
      assert.deepStrictEqual(indices, ordered ? [0, 1, 2] : [2, 1, 0])
    }
  }),

  "bounded: no more are taken than may be under way, read or not": Effect.gen(function*() {
    for (const isStream of [false, true]) {
      const { count, numbers } = counted()
      const source = isStream
        ? Stream.fromIterable(numbers(), { chunkSize: 1 })
        : { [Symbol.iterator]: numbers }
      yield* Effect.scoped(Effect.gen(function*() {
        const pull = yield* Stream.toPull(Tasks.Echo.runAll(source, { concurrency: 5 }))
        yield* settle
        // A stream is not even asked for before somebody pulls.
        assert.isAtMost(count.taken, 5)
        let read = 0
        for (let pulls = 0; pulls < 20; pulls++) {
          read += (yield* pull).length
          yield* settle
          assert.isAtMost(count.taken - read, 5, `${isStream}`)
        }
        assert.isAtLeast(count.taken, 20)
      }))
      // Of a stream, its own maker has to take care.
      if (!isStream) assert.isTrue(count.isReturned)
    }
  }),

  "bounded: by what is under way, if nobody reads": Effect.scoped(Effect.gen(function*() {
    const { count, numbers } = counted()
    const outcomes = Tasks.Wait.runAll(
      Stream.fromIterable(numbers(), { chunkSize: 1 }).pipe(Stream.map(({ n }) => ({ name: `${n}` }))),
      {
        concurrency: 3
      }
    )
    yield* Effect.forkScoped(Stream.runDrain(outcomes))
    yield* until("began 2")
    yield* settle
    assert.strictEqual(count.taken, 3)
    yield* Tasks.go("1")
    yield* until("began 3")
    yield* settle
    assert.strictEqual(count.taken, 4)
  })),

  "owned: who stops reading cancels the rest, and waits for that": Effect.gen(function*() {
    const names = Array.from({ length: 20 }, (_, n) => ({ name: `left ${n}` }))
    yield* Tasks.go("left 0")
    const [first] = yield* Stream.runCollect(Stream.take(Tasks.Wait.runAll(names, { concurrency: 4 }), 1))
    assert.strictEqual(first?._tag, "Succeeded")
    const seen = yield* marks
    const [began, stopped] = ["began", "stopped"].map((what) =>
      seen.filter((mark) => mark.startsWith(`${what} left`)).length
    )
    assert.strictEqual(stopped, (began ?? 0) - 1)
    yield* settle
    assert.deepStrictEqual(yield* marks, seen)
  }),

  "owned: a source that fails ends the stream, after what it had given before": Effect.gen(function*() {
    const source = Stream.concat(Stream.fromIterable([{ name: "a" }, { name: "b" }]), Stream.fail("broken pipe"))
    const seen: Array<string> = []
    const exit = yield* Effect.forkChild(Effect.exit(
      Stream.runForEach(Tasks.Wait.runAll(source), (outcome) => Effect.sync(() => seen.push(outcome.payload.name)))
    ))
    yield* until("began b")
    for (const name of ["a", "b"]) yield* Tasks.go(name)
    assert.deepStrictEqual(yield* Fiber.join(exit), Exit.fail("broken pipe"))
    assert.sameMembers(seen, ["a", "b"])
  }),

  "owned: a source that throws is a defect": Effect.gen(function*() {
    function* source() {
      yield { n: 1 }
      throw new RangeError("no more")
    }
    const exit = yield* Effect.exit(Stream.runDrain(Tasks.Echo.runAll({ [Symbol.iterator]: source })))
    assert.deepStrictEqual(exit, Exit.die(new RangeError("no more")))
  }),

  "bounded: by one at least": Effect.gen(function*() {
    for (const concurrency of [0, -3, 0.5, Number.NaN, Infinity]) {
      const outcomes = yield* Stream.runCollect(Tasks.Echo.runAll(payloads(10), { concurrency }))
      assert.lengthOf(outcomes, 10, `${concurrency}`)
    }
  }),

  "bounded: two streams and a million": Effect.gen(function*() {
    const { count, numbers } = counted()
    const total = yield* Effect.forEach(
      [1, 2],
      () =>
        Tasks.Echo.runAll({ [Symbol.iterator]: numbers }, { concurrency: 64 }).pipe(
          Stream.take(5_000),
          Stream.runCount
        ),
      { concurrency: 2 }
    )
    assert.deepStrictEqual(total, [5_000, 5_000])
    assert.isAtMost(count.taken, 10_000 + 2 * 2 * 64)
  })
}
