import type { Dependency, Entry, ExecutorSpec } from "../../../src/dispatch/Event.ts"
import type { Limit, Resources } from "../../../src/task/TaskSpec.ts"
import type { Seed } from "../../dispatch/Seed.ts"
import { entryOf, executorOf, type SpecOptions } from "../../dispatch/Specs.ts"

/** What occurs in one scenario, so that some are about little, and much of that. */
export interface Traits {
  readonly isAwaited: boolean
  readonly deadlines: boolean
  readonly delays: boolean
  readonly delivery: boolean
  readonly demands: boolean
  readonly dependencies: boolean
  readonly jobs: boolean
  readonly keeps: boolean
  readonly keys: boolean
  readonly limits: boolean
  readonly places: boolean
  readonly restarts: boolean
  readonly sessions: boolean
  readonly timeouts: boolean
  readonly windows: boolean
  readonly troubles: boolean
}

/** Draws the traits of a scenario. */
export const traitsOf = (seed: Seed): Traits => {
  const isRich = seed.chance(0.4)
  const has = () => seed.chance(isRich ? 0.6 : 0.2)
  const jobs = has()
  return {
    isAwaited: seed.chance(0.6),
    deadlines: has(),
    delays: has(),
    delivery: has(),
    demands: has(),
    dependencies: has(),
    jobs,
    keeps: has(),
    keys: has(),
    limits: has(),
    places: has(),
    restarts: !jobs && seed.chance(0.4),
    sessions: has(),
    timeouts: has(),
    windows: has(),
    troubles: seed.chance(0.7)
  }
}

const limits: ReadonlyArray<Limit> = [
  { name: "one", concurrency: 1 },
  { name: "three", concurrency: 3 },
  { name: "twice", rate: 2, per: 100 },
  { name: "often", rate: 5, per: 40 }
]

/** The nodes there may be, with what they have. */
export const nodes: ReadonlyArray<{ readonly node: string; readonly capacity?: Resources }> = [
  { node: "n0" },
  { node: "n1", capacity: { cpu: 2, bytes: 100, slots: 3 } },
  { node: "n2", capacity: { cpu: 4, bytes: 400, slots: Infinity } }
]

const services = ["Camera", "Stdio"]
const labels = ["gpu", "big"]
const some = (seed: Seed, items: ReadonlyArray<string>, chance: number): ReadonlyArray<string> =>
  items.filter(() => seed.chance(chance))

/** All that any task may ask for. */
export const tasks = { add: "f", sub: "f", mul: "g" }

const specFor = (seed: Seed, traits: Traits): SpecOptions => {
  const node = traits.places ? seed.maybe(0.2, () => seed.pick(nodes).node) : undefined
  const demand = traits.demands
    ? seed.maybe(
      0.5,
      () => ({ cpu: seed.pick([0, 0.1, 0.5, 2]), bytes: seed.pick([0, 40, 100]), slots: seed.below(3) })
    )
    : undefined
  const timeout = traits.timeouts ? seed.maybe(0.5, () => seed.between(1, 300)) : undefined
  const attempts = traits.troubles ? seed.maybe(0.2, () => seed.between(1, 3)) : undefined
  return {
    taskName: seed.pick(["add", "add", "sub"]),
    grace: seed.pick([0, 50, 300]),
    services: traits.places ? some(seed, services, 0.1) : [],
    labels: traits.places ? some(seed, labels, 0.15) : [],
    limits: traits.limits ? limits.filter(() => seed.chance(0.25)) : [],
    delivery: traits.delivery && seed.chance(0.5) ? "atMostOnce" : "atLeastOnce",
    ...(node !== undefined && { node }),
    ...(demand !== undefined && { demand }),
    ...(timeout !== undefined && { timeout }),
    ...(attempts !== undefined && { attempts })
  }
}

/** Draws one entry; `known` are tasks that it may follow, `place` is its own place in the request. */
export const drawEntry = (
  seed: Seed,
  traits: Traits,
  now: number,
  known: ReadonlyArray<number>,
  place: number
): Entry => {
  const kind = traits.jobs && seed.chance(0.4)
    ? "producer"
    : traits.windows && seed.chance(0.4)
    ? "window"
    : seed.pick(["list", "range"] as const)
  const count = kind === "producer"
    ? 0
    : seed.chance(0.05)
    ? 0
    : seed.chance(0.1)
    ? seed.between(10, 40)
    : seed.between(1, 5)
  const startAt = traits.delays ? seed.maybe(0.4, () => now + seed.below(400)) : undefined
  const isEmpty = kind !== "producer" && count === 0
  const deadline = traits.deadlines && !isEmpty ? seed.maybe(0.4, () => now + seed.below(1_500)) : undefined
  const session = traits.sessions ? seed.maybe(0.6, () => seed.pick(["s", "t", "u"])) : undefined
  const isKeyed = traits.keys && kind === "list" && seed.chance(0.6)
  const after = traits.dependencies && seed.chance(0.6) ? drawDependencies(seed, known, place) : []
  return entryOf({
    kind,
    count,
    spec: specFor(seed, traits),
    priority: seed.pick([0, 0, 0, 1, -1, 7]),
    ...(startAt !== undefined && { startAt }),
    ...(deadline !== undefined && { deadline }),
    ...(session !== undefined && { session }),
    ...(after.length > 0 && { after, refs: after.filter(() => seed.chance(0.4)) }),
    ...(seed.chance(0.3) && { onDependencyFailure: "run" }),
    ...(traits.keeps && seed.chance(0.5) && { keep: true }),
    ...(isKeyed && {
      keys: Array.from({ length: count }, () => `k${seed.below(12)}`),
      hashes: Array.from({ length: count }, () => seed.chance(0.01) ? 2 : 1)
    })
  })
}

const drawDependencies = (seed: Seed, known: ReadonlyArray<number>, place: number): ReadonlyArray<Dependency> => {
  const drawn: Array<Dependency> = []
  for (let left = seed.between(1, 3); left > 0; left--) {
    if (place > 0 && seed.chance(0.6)) drawn.push({ entry: seed.chance(0.03) ? place : seed.below(place) })
    else if (known.length > 0) drawn.push(seed.chance(0.03) ? 1_000_000 : seed.pick(known))
  }
  return drawn
}

/** Draws an executor of that name. */
export const drawExecutor = (seed: Seed, traits: Traits, id: string): ExecutorSpec => {
  const { capacity, node } = seed.pick(nodes)
  const offered = seed.chance(0.15) ? { add: "f" } : tasks
  return executorOf(id, {
    node,
    ...(capacity !== undefined && { capacity }),
    slots: seed.pick([1, 1, 2, 3]),
    prefetch: seed.pick([0, 0, 1, 3]),
    libraries: [{ name: "maths", version: seed.chance(0.05) ? "2" : "1", tasks: offered }],
    services: traits.places ? some(seed, services, 0.4) : [],
    labels: traits.places ? some(seed, labels, 0.4) : [],
    heartbeat: seed.chance(0.7)
  })
}

/** An executor that can do everything, on that node. */
export const healer = (id: string, { capacity, node }: (typeof nodes)[number]): ExecutorSpec =>
  executorOf(id, {
    node,
    ...(capacity !== undefined && { capacity }),
    slots: 4,
    libraries: [{ name: "maths", version: "1", tasks }],
    services,
    labels
  })
