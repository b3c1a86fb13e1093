import { assert, describe, it } from "@effect/vitest"
import { Effect, Random } from "effect"
import { Simulation } from "../../../src/main/testing.ts"
import { MixedLive } from "./Tasks.ts"
import * as Workloads from "./Workloads.ts"

const replay = (seed: number): string => `CADRE_SEED=${seed} npx vitest run test/simulation/cluster`

type Workload = (typeof Workloads.all)[keyof typeof Workloads.all]

/** Some of the workloads at once, as the seed picks them. */
const program = Effect.gen(function*() {
  const chosen: Array<Effect.Effect<void, unknown, Effect.Services<Workload>>> = []
  for (const workload of Object.values(Workloads.all)) if (yield* Random.nextBoolean) chosen.push(workload)
  yield* Effect.all(chosen, { concurrency: "unbounded", discard: true })
})

const simulate = (seed: number) =>
  Simulation.run({
    implementation: MixedLive,
    seed,
    program,
    replay,
    executors: 1 + seed % 3,
    slots: 1 + seed % 4,
    capacity: { cpu: 4, bytes: 4_194_304, slots: 64 },
    faults: seed % 5 === 0 ? "none" : { deaths: seed % 4, pauses: seed % 3, cancels: seed % 7, duplicates: 0.2 }
  })

const isSoak = process.env["CADRE_SOAK"] !== undefined
const count = isSoak ? 5_000 : 200

describe("a cluster", () => {
  it.effect(`keeps its promises, whatever goes wrong (${count} seeds)`, () =>
    Effect.gen(function*() {
      const total = { tasks: 0, attempts: 0, retries: 0, executors: 0, refused: 0, repeated: 0, steps: 0 }
      const faults = { deaths: 0, pauses: 0, cancels: 0, delays: 0, duplicates: 0 }
      const outcomes = new Set<string>()
      const seeds = Simulation.seeds(count)
      for (const seed of seeds) {
        const report = yield* simulate(seed)
        for (const key of Object.keys(total) as ReadonlyArray<keyof typeof total>) total[key] += report[key]
        for (const key of Object.keys(faults) as ReadonlyArray<keyof typeof faults>) faults[key] += report.faults[key]
        for (const tag of Object.keys(report.outcomes)) outcomes.add(tag)
      }
      if (isSoak) process.stdout.write(`${JSON.stringify({ seeds: seeds.length, ...total, ...faults })}\n`)
      // A simulation in which nothing goes wrong any more would prove nothing.
      if (seeds.length < count) return
      assert.isAtLeast(Math.min(...Object.values(faults), ...Object.values(total)), count / 4)
      assert.includeMembers([...outcomes], [
        "Succeeded",
        "Failed",
        "Crashed",
        "Interrupted",
        "TimedOut",
        "MaybeExecuted",
        "DependencyFailed"
      ])
    }))

  it.effect("does the same again for the same seed", () =>
    Effect.gen(function*() {
      for (const seed of [3, 11, 42]) {
        const [first, second] = [yield* simulate(seed), yield* simulate(seed)]
        assert.deepStrictEqual(first.log, second.log)
        assert.strictEqual(first.steps, second.steps)
      }
      assert.notDeepEqual((yield* simulate(42)).log, (yield* simulate(43)).log)
    }))
})
