import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect, Layer, Random, Schema } from "effect"
import { InProcess, Server, Task, TaskContext, TaskLibrary } from "../../../src/main/index.ts"
import { Simulation } from "../../../src/main/testing.ts"

class Gpu extends Context.Service<Gpu, { readonly name: string }>()("app/Gpu") {}

const Double = Task.make("Double", { payload: { n: Schema.Int }, success: Schema.Int })
const Render = Task.make("Render", { success: Schema.String, requires: [Gpu] })
const Leak = Task.make("Leak")
const Draw = Task.make("Draw", { success: Schema.Number })
const Library = TaskLibrary.make("library", { version: "1" }, Double, Render, Leak, Draw)
const LibraryLive = Library.toLayer({
  Double: ({ n }) => Effect.as(Effect.sleep(n), n * 2),
  Render: () => Effect.flatMap(Gpu, ({ name }) => Effect.map(TaskContext, ({ executor }) => `${name} ${executor}`)),
  Leak: () => Effect.asVoid(Effect.forkDetach(Effect.never)),
  Draw: () => Random.next
})

const failure = <A, R>(simulation: Effect.Effect<A, Simulation.SimulationFailed, R>) => Effect.flip(simulation)
const doubles = Effect.forEach([1, 2, 3, 4, 5], (n) => Double.run({ n: n * 100 }), { concurrency: 5 })

describe("Simulation", () => {
  it.effect("runs a program against a cluster in which things go wrong, in no time at all", () =>
    Effect.gen(function*() {
      const before = yield* Clock.currentTimeMillis
      const report = yield* Simulation.run({ implementation: LibraryLive, seed: 7, executors: 3, program: doubles })
      assert.deepStrictEqual(report.value, [200, 400, 600, 800, 1_000])
      assert.deepStrictEqual([report.tasks, report.outcomes], [5, { Succeeded: 5 }])
      assert.isAtLeast(report.attempts, 5)
      assert.isAtLeast(report.time, 500)
      assert.strictEqual(report.records.length, report.log.length)
      assert.strictEqual(yield* Clock.currentTimeMillis, before)
    }))

  it.effect("goes without faults, too", () =>
    Effect.gen(function*() {
      const report = yield* Simulation.run({ implementation: LibraryLive, seed: 1, program: doubles, faults: "none" })
      assert.deepStrictEqual(report.faults, {
        deaths: 0,
        pauses: 0,
        cancels: 0,
        delays: 0,
        duplicates: 0,
        crashes: 0,
        drops: 0,
        partitions: 0
      })
      assert.deepStrictEqual([report.executors, report.attempts, report.time], [2, 5, 500])
    }))

  it.effect("places tasks on executors of several kinds", () =>
    Effect.gen(function*() {
      const plans = [
        InProcess.executor(LibraryLive),
        InProcess.executor(LibraryLive, { provides: Layer.succeed(Gpu, { name: "gpu" }) })
      ] as const
      for (const seed of [1, 2, 3, 4, 5]) {
        const { value } = yield* Simulation.runOf(plans, { seed, program: Effect.all([Render.run(), doubles]) })
        assert.match(value[0], /^gpu executor-\d+$/)
      }
    }))

  it.effect("takes randomness from the seed alone", () =>
    Effect.gen(function*() {
      const program = Effect.all([Random.next, Draw.run()])
      const drawn = (seed: number) =>
        Effect.map(Simulation.run({ implementation: LibraryLive, seed, program }), ({ value }) => value)
      assert.deepStrictEqual(yield* drawn(5), yield* drawn(5))
      assert.notDeepEqual(yield* drawn(5), yield* drawn(6))
    }))

  it.effect("lets all executors die at once, if it is to", () =>
    Effect.gen(function*() {
      let hasWaited = false
      for (let seed = 1; seed <= 20; seed++) {
        const program = Effect.gen(function*() {
          const { status } = yield* Server
          const watch = Effect.forever(Effect.andThen(
            Effect.sleep(10),
            Effect.map(status, ({ executors }) => {
              hasWaited ||= executors.length === 0
            })
          ))
          yield* Effect.forkScoped(watch)
          return yield* Double.run({ n: 2_000 }, { whenUnmet: "wait" })
        })
        const faults = { deaths: 2, blackouts: true, within: "3 seconds" } as const
        const { value } = yield* Simulation.run({ implementation: LibraryLive, executors: 1, seed, program, faults })
        assert.strictEqual(value, 4_000)
      }
      assert.isTrue(hasWaited)
    }))

  it.effect("says of a program that fails why, and how to see it again", () =>
    Effect.gen(function*() {
      const program = Effect.flatMap(Double.run({ n: 1 }), (n) => Effect.fail(`not ${n}`))
      const error = yield* failure(Simulation.run({ implementation: LibraryLive, seed: 77, program }))
      assert.strictEqual(error.cause, "not 2")
      assert.match(error.message, /^The simulation with seed 77 failed:\n {2}- .*not 2/)
      assert.match(error.message, /\nRepeat it with: CADRE_SEED=77 npx vitest run\n/)
      assert.match(error.message, /#\d+ .* Ended 0\/1/)
      const replay = (seed: number) => `npm run sim ${seed}`
      const other = yield* failure(Simulation.run({ implementation: LibraryLive, seed: 78, program, replay }))
      assert.include(other.message, "Repeat it with: npm run sim 78\n")
    }))

  it.effect("finds what is left running", () =>
    Effect.gen(function*() {
      const error = yield* failure(
        Simulation.run({ implementation: LibraryLive, seed: 1, program: Leak.run(), faults: "none" })
      )
      assert.deepStrictEqual(error.violations, ["1 fibers are left"])
    }))

  it.effect("finds that nothing happens any more, and that there is no end", () =>
    Effect.gen(function*() {
      const options = { implementation: LibraryLive, seed: 1, faults: "none" } as const
      const patience = { time: "1 hour", steps: 50_000 } as const
      const stuck = yield* failure(Simulation.run({ ...options, patience, program: Effect.never }))
      assert.match(stuck.violations[0] ?? "", /^it has not ended after \d+ ms; 0 tasks have not ended/)
      const program = Effect.andThen(Effect.forkChild(Double.run({ n: 1 })), Effect.forever(Effect.yieldNow))
      const busy = yield* failure(Simulation.run({ ...options, patience, program }))
      assert.match(busy.violations[0] ?? "", /^it has not ended after \d+ steps/)
    }))

  it("tries the first seeds, or the one that is asked for", () => {
    const { CADRE_SEED } = process.env
    try {
      delete process.env["CADRE_SEED"]
      assert.deepStrictEqual(Simulation.seeds(3), [1, 2, 3])
      process.env["CADRE_SEED"] = "1234"
      assert.deepStrictEqual(Simulation.seeds(3), [1_234])
    } finally {
      if (CADRE_SEED === undefined) delete process.env["CADRE_SEED"]
      else process.env["CADRE_SEED"] = CADRE_SEED
    }
  })
})
