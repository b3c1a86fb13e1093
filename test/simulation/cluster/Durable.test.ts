import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Simulation } from "../../../src/main/testing.ts"
import { simulate } from "./Drill.ts"

const isSoak = process.env["CADRE_SOAK"] !== undefined
const count = isSoak ? 5_000 : 200

describe("a cluster with a server that dies and comes back", () => {
  it.effect(`keeps its promises over a network that does not (${count} seeds)`, () =>
    Effect.gen(function*() {
      const total = { tasks: 0, attempts: 0, retries: 0, executors: 0, refused: 0, steps: 0 }
      const faults = { deaths: 0, pauses: 0, cancels: 0, delays: 0, crashes: 0, drops: 0, partitions: 0 }
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
        "MaybeExecuted"
      ])
    }))

  it.effect("does the same again for the same seed", () =>
    Effect.gen(function*() {
      for (const seed of [5, 22]) {
        const [first, second] = [yield* simulate(seed), yield* simulate(seed)]
        assert.deepStrictEqual(first.log, second.log)
        assert.strictEqual(first.steps, second.steps)
      }
    }))
})
