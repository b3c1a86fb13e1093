/**
 * What a program may do with tasks, and what it may rely on while executors
 * are lost and somebody cancels. Each picks its sizes from the seed.
 */
import { Effect, Exit, Fiber, Random, Schema, Stream } from "effect"
import * as Submission from "../../../services/Submission.ts"
import { Task } from "../../../services/Task.ts"
import type { EndError, MaybeExecuted } from "../../../src/task/TaskError.ts"
import { assert } from "./Expect.ts"
import * as Tasks from "./Tasks.ts"

const isBearable = Schema.is(Schema.Struct({
  _tag: Schema.Literals(["TaskInterrupted", "TaskQuarantined", "MaybeExecuted", "DependencyFailed"])
}))

/** Ends of a task that its program did not cause: cancelled by somebody else, or in doubt. */
const bear = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A | undefined, Exclude<E, EndError | MaybeExecuted>, R> =>
  Effect.catch(effect, (error) =>
    // What is not bearable is not one of those errors either.
    isBearable(error) ? Effect.succeed(undefined) : Effect.fail(error as Exclude<E, EndError | MaybeExecuted>))

const upTo = (most: number) => Random.nextIntBetween(1, most + 1)
const payloads = (size: number, n: (index: number) => number) =>
  Array.from({ length: size }, (_, index) => ({ n: n(index) }))
const tolerated = new Set(["Interrupted", "Quarantined"])

export const runs = Effect.gen(function*() {
  const size = yield* upTo(12)
  yield* Effect.forEach(payloads(size, (n) => n), ({ n }) =>
    Effect.gen(function*() {
      const result = n % 3 === 0
        ? yield* bear(Tasks.Echo.run({ n }))
        : yield* bear(Tasks.Nap.run({ n: n * 10 }, { priority: n % 2 }))
      if (result !== undefined) assert.strictEqual(result, n % 3 === 0 ? n : n * 10)
    }), { concurrency: "unbounded", discard: true })
})

export const streams = Effect.gen(function*() {
  const [size, concurrency] = [yield* upTo(40), yield* upTo(16)]
  const ordered = yield* Random.nextBoolean
  let pulled = 0
  let read = 0
  const source = Stream.mapEffect(Stream.range(0, size - 1), (n) =>
    Effect.sync(() => {
      pulled++
      // As many are under way, and as many may have been handed out and not been counted yet.
      assert.isAtMost(pulled - read, 2 * concurrency)
      return { n }
    }))
  const seen: Array<number> = []
  yield* Stream.runForEachArray(Tasks.Nap.runAll(source, { concurrency, ordered }), (outcomes) =>
    Effect.sync(() => {
      read += outcomes.length
      for (const outcome of outcomes) {
        seen.push(outcome.index)
        if (outcome._tag === "Succeeded") assert.strictEqual(outcome.value, outcome.payload.n)
        else assert.isTrue(tolerated.has(outcome._tag), outcome._tag)
      }
    }))
  const all = Array.from({ length: size }, (_, index) => index)
  assert.deepStrictEqual(ordered ? seen : seen.toSorted((left, right) => left - right), all)
})

/** A reader that has enough before the end. */
export const partly = Effect.gen(function*() {
  const size = yield* upTo(10)
  const outcomes = yield* Stream.runCollect(
    Stream.take(Tasks.Nap.runAll(payloads(50, () => 20), { concurrency: 12 }), size)
  )
  assert.lengthOf(outcomes, size)
})

export const sets = Effect.scoped(Effect.gen(function*() {
  const size = yield* upTo(25)
  const set = yield* Tasks.Nap.submitAll(payloads(size, (n) => n * 7))
  const counted = yield* Effect.forkChild(Stream.runFold(set.progress, () => 0, (_, counts) => {
    const { cancelled, failed, queued, running, succeeded, total } = counts
    assert.strictEqual(queued + running + succeeded + failed + cancelled, total)
    assert.isAtLeast(Math.min(queued, running), 0)
    return succeeded + failed + cancelled
  }))
  if (yield* Random.nextBoolean) {
    yield* Effect.sleep(yield* upTo(200))
    yield* set.cancel
    yield* set.cancel
  }
  const outcomes = yield* set.awaitAll
  assert.deepStrictEqual(outcomes.map(({ index }) => index), Array.from({ length: size }, (_, index) => index))
  assert.lengthOf(yield* Stream.runCollect(set.outcomes), size)
  assert.strictEqual(yield* Fiber.join(counted), size)
}))

export const handles = Effect.scoped(Effect.gen(function*() {
  const handle = yield* Tasks.Nap.submit({ n: yield* upTo(300) })
  yield* Effect.sleep(yield* upTo(300))
  const isInterrupted = yield* handle.interrupt
  const exit = yield* Effect.exit(handle.await)
  assert.isTrue(isInterrupted ? Exit.isFailure(exit) : true)
  assert.deepStrictEqual(yield* Effect.exit(handle.await), exit)
}))

export const failures = Effect.gen(function*() {
  const n = yield* upTo(4)
  const flaky = yield* Stream.runCollect(Tasks.Flaky.runAll(payloads(n, (index) => index + n)))
  for (const outcome of flaky) {
    if (outcome._tag === "Succeeded") assert.isAbove(outcome.value, outcome.payload.n)
    else if (outcome._tag === "Failed") assert.isAtLeast(outcome.error.attempt, 6)
    else assert.isTrue(tolerated.has(outcome._tag), outcome._tag)
  }
  assert.isFalse(Exit.hasFails(yield* Effect.exit(bear(Tasks.Broken.run({ n })))))
  const timedOut = yield* Effect.flip(Tasks.Endless.run({ n }))
  assert.include(["TaskTimedOut", "TaskInterrupted", "TaskQuarantined"], timedOut._tag)
})

export const limited = Effect.gen(function*() {
  const size = yield* upTo(6)
  yield* Effect.all([
    Stream.runDrain(Tasks.Few.runAll(payloads(size, () => 100))),
    Stream.runDrain(Tasks.Seldom.runAll(payloads(size, () => 30))),
    Stream.runDrain(Tasks.Large.runAll(payloads(size, () => 50))),
    Stream.runDrain(Tasks.Fat.runAll(payloads(size, () => 40))),
    Stream.runDrain(Tasks.Once.runAll(payloads(size, () => 100)))
  ], { concurrency: "unbounded", discard: true })
})

export const nested = Effect.gen(function*() {
  const depth = yield* upTo(3)
  const exit = yield* Effect.exit(bear(Tasks.Parent.run({ n: depth })))
  // A sub-task that somebody cancelled makes its parent crash.
  if (Exit.isSuccess(exit) && exit.value !== undefined) assert.isAtMost(exit.value, 2 ** (depth + 1) - 1)
})

export const graphs = Effect.scoped(Effect.gen(function*() {
  const millis = yield* upTo(100)
  const handles = yield* Submission.graph({
    base: Submission.step(Tasks.Nap, { n: millis }),
    left: Submission.step(Tasks.Nap, { n: 10 }, { after: ["base"] }),
    right: Submission.step(Tasks.Echo, { n: 1 }, { after: ["base"] }),
    top: Submission.step(Tasks.Echo, { n: 2 }, { after: ["left", "right"] })
  })
  const sum = yield* Tasks.Add.submit({ left: Task.ref(handles.base), right: Task.ref(handles.left) })
  const top = yield* bear(handles.top.await)
  if (top !== undefined) assert.isTrue((yield* handles.left.poll)._tag === "Some")
  const added = yield* bear(sum.await)
  if (added !== undefined) assert.strictEqual(added, millis + 10)
}))

export const keyed = Effect.gen(function*() {
  const n = yield* upTo(50)
  const results = yield* Effect.all([
    bear(Tasks.Keyed.run({ n })),
    bear(Tasks.Keyed.run({ n })),
    Effect.scoped(Effect.flatMap(Tasks.Keyed.submit({ n }), (handle) => bear(handle.await)))
  ], { concurrency: "unbounded" })
  for (const result of results) if (result !== undefined) assert.strictEqual(result, n)
})

/** Those who lose interest. */
export const impatient = Effect.gen(function*() {
  const millis = yield* upTo(2_000)
  yield* Effect.timeoutOption(bear(Tasks.Stubborn.run({ n: millis })), yield* upTo(3_000))
  yield* Effect.timeoutOption(bear(Tasks.Nap.run({ n: 500 })), yield* upTo(600))
})

/** A bit of everything, given up in the middle. */
export const abandoned = Effect.gen(function*() {
  const everything = Effect.all([runs, streams, sets, handles, nested, graphs], {
    concurrency: "unbounded",
    discard: true
  })
  yield* Effect.timeoutOption(everything, yield* upTo(300))
})

export const all = {
  runs,
  streams,
  partly,
  sets,
  handles,
  failures,
  limited,
  nested,
  graphs,
  keyed,
  impatient,
  abandoned
}
