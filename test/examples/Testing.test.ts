/** How the tasks of a program are tested: shown in docs/guide/testing.md. */
import { assert, it } from "@effect/vitest"
import { Task, TaskLibrary } from "cadre"
import { Simulation, TestInProcess } from "cadre/testing"
import { Effect, Fiber, Ref, Schedule, Schema } from "effect"
import { TestClock } from "effect/testing"

class Busy extends Schema.TaggedError<Busy>()("Busy", {}) {}
const Fetch = Task.make("Fetch", {
  payload: { page: Schema.Int },
  success: Schema.String,
  error: Busy,
  retry: { Busy: Schedule.spaced("1 minute") }
})
const Pages = TaskLibrary.make("pages", { version: "1.0.0" }, Fetch)
const PagesLive = Pages.toLayer(Effect.gen(function*() {
  const calls = yield* Ref.make(0)
  return Pages.of({
    Fetch: Effect.fnUntraced(function*({ page }) {
      const call = yield* Ref.updateAndGet(calls, (calls) => calls + 1)
      return call === 1 ? yield* new Busy() : `page ${page}`
    })
  })
}))

it.effect("tries again after a minute", () =>
  Effect.gen(function*() {
    const page = yield* Effect.forkChild(Fetch.run({ page: 7 }))
    yield* TestClock.adjust("1 minute")
    assert.strictEqual(yield* Fiber.join(page), "page 7")
  }).pipe(Effect.provide(TestInProcess.layer(PagesLive))))

it.effect.each(Simulation.seeds(20))("fetches all, whatever goes wrong (seed %i)", (seed) =>
  Effect.gen(function*() {
    const { outcomes } = yield* Simulation.run({
      seed,
      implementation: PagesLive,
      executors: 2,
      faults: { deaths: 2 },
      program: Effect.forEach([1, 2, 3], (page) => Fetch.run({ page }), { concurrency: "unbounded" })
    })
    assert.deepStrictEqual(outcomes, { Succeeded: 3 })
  }))

it.effect.each(Simulation.seeds(20))("survives its server (seed %i)", (seed) =>
  Simulation.run({
    seed,
    implementation: PagesLive,
    store: "disk",
    faults: { crashes: 3, drops: 3, partitions: 1, partition: "10 seconds" },
    program: Effect.forEach([1, 2, 3], (page) => Fetch.run({ page }), { concurrency: "unbounded" })
  }))
