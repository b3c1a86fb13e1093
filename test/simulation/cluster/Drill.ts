/**
 * A server with a disk, some workloads, and all that may go wrong: what a seed
 * makes of that. It asks for no test runner, so that it also runs against code
 * with a defect in it.
 */
import { Effect, Exit, Random } from "effect"
import { Simulation } from "../../../src/main/testing.ts"
import { MixedLive } from "./Tasks.ts"
import * as Workloads from "./Workloads.ts"

type Workload = (typeof Workloads.all)[keyof typeof Workloads.all]

/** A few of the workloads at once, as the seed picks them. */
const program = Effect.gen(function*() {
  const chosen: Array<Effect.Effect<void, unknown, Effect.Services<Workload>>> = []
  for (const workload of Object.values(Workloads.all)) if ((yield* Random.next) < 0.15) chosen.push(workload)
  yield* Effect.all(chosen, { concurrency: "unbounded", discard: true })
})

/** Every fourth time somebody is away for longer than anybody waits: what becomes of the program is then open. */
const isPatient = (seed: number): boolean => seed % 4 !== 3

const faultsOf = (seed: number) => ({
  deaths: seed % 3,
  pauses: seed % 2,
  cancels: seed % 7,
  crashes: seed % 6,
  drops: seed % 5,
  partitions: seed % 3,
  partition: isPatient(seed) ? "20 seconds" : "3 minutes",
  within: "40 seconds"
} as const)

/** What some defects take to show: a server that hardly stands still. */
const themes = {
  storm: { crashes: 8, drops: 16, partitions: 1, partition: "5 seconds", deaths: 2, pauses: 1, within: "1 minute" }
} as const

/** One of them. */
export type Theme = keyof typeof themes

/** The line that runs it again. */
export const replay = (seed: number): string =>
  `CADRE_SEED=${seed} npx vitest run test/simulation/cluster/Durable.test.ts`

/** One run. */
export const simulate = (seed: number, theme?: Theme) =>
  Simulation.run({
    implementation: MixedLive,
    seed,
    program: isPatient(seed) && theme === undefined ? program : Effect.ignore(program),
    replay,
    store: "disk",
    // With the shorter one executors are given up whose sessions go on.
    server: { leaseTime: seed % 2 === 0 ? 30_000 : 15_000 },
    executors: 1 + seed % 3,
    slots: 1 + seed % 4,
    capacity: { cpu: 4, bytes: 4_194_304, slots: 64 },
    patience: { time: "20 minutes", steps: 100_000 },
    faults: theme === undefined ? faultsOf(seed) : themes[theme]
  })

/** The first of so many seeds that finds something, from that one on, and what it finds. */
export const find = async (
  first: number,
  count: number,
  theme?: Theme
): Promise<readonly [seed: number, what: string] | undefined> => {
  for (let seed = first; seed < first + count; seed++) {
    // What so many workloads need is more than the types can tell; the simulation gives all of it.
    const exit = await Effect.runPromiseExit(simulate(seed, theme) as Effect.Effect<unknown, unknown>)
    if (Exit.isFailure(exit)) return [seed, String(exit.cause)]
  }
  return undefined
}
