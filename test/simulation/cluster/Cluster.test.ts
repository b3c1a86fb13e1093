import { describe, it } from "@effect/vitest"
import { Effect, Random } from "effect"
import { Simulation } from "../../../src/main/testing.ts"
import { MixedLive } from "./Tasks.ts"
import * as Workloads from "./Workloads.ts"

const replay = (seed: number): string => `CADRE_SEED=${seed} npx vitest run test/simulation/cluster`

/** Some of the workloads at once, as the seed picks them. */
const program = Effect.gen(function*() {
  const chosen: Array<Effect.Effect<void, unknown, Effect.Services<(typeof Workloads.all)[keyof typeof Workloads.all]>>> = []
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

describe("cluster", () => {
  const count = process.env["CADRE_SOAK"] === undefined ? 200 : 5_000
  it.effect(`keeps its promises, whatever goes wrong (${count} seeds)`, () =>
    Effect.gen(function*() {
      const total = { tasks: 0, attempts: 0, deaths: 0, refused: 0, repeated: 0, cancels: 0 }
      for (const seed of Simulation.seeds(count)) {
        const { attempts, faults: { cancels, deaths }, refused, repeated, tasks } = yield* simulate(seed)
        total.tasks += tasks
        total.attempts += attempts
        total.deaths += deaths
        total.refused += refused
        total.repeated += repeated
        total.cancels += cancels
      }
      if (count > 200) yield* Effect.logInfo(total)
    }))
})
