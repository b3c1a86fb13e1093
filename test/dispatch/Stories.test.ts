import { assert, describe, it } from "@effect/vitest"
import { Dispatcher } from "../../src/dispatch/Dispatcher.ts"
import type { Event, LeaseRef } from "../../src/dispatch/Event.ts"
import { ExecutorId } from "../../src/task/Attempt.ts"
import { entryOf, executorOf, failed, succeeded } from "./Specs.ts"
import { World } from "./World.ts"

/** Reports the end of all that an executor was given in the last turn. */
const endAll = (world: World, id: string): void => {
  world.end(id, world.assigned(id))
}

const joined = (id: string, slots = 1): Event => ({ _tag: "joined", executor: executorOf(id, { slots }) })

const submitted = (entry: Parameters<typeof entryOf>[0]): Event => ({
  _tag: "submitted",
  request: 0,
  submitter: "ada",
  submission: "set",
  entries: [entryOf(entry)],
  whenUnmet: "wait",
  isOpen: false,
  isWatched: false
})

/** Runs so many tasks to their ends, with nobody looking; each must run once. */
const runAll = (dispatcher: Dispatcher, count: number): Dispatcher => {
  const executorId = ExecutorId.make("a")
  const ran = new Set<number>()
  let { assign } = dispatcher.handle([joined("a", 64), submitted({ count, spec: { timeout: 3_600_000 } })], 0)
  while (assign.length > 0) {
    const leases = assign.flatMap(({ assignments }) => assignments)
    for (const { task } of leases) ran.add(task)
    const reports = leases.map(({ epoch, task }) => ({ task, epoch, outcome: succeeded }))
    assign =
      dispatcher.handle([{ _tag: "started", executorId, leases }, { _tag: "ended", executorId, reports }], 0).assign
  }
  assert.strictEqual(ran.size, count)
  return dispatcher
}

const first = (leases: ReadonlyArray<LeaseRef>): LeaseRef => leases[0] ?? assert.fail("nothing was given out")

describe("nobody waits for ever", () => {
  it("for a node that is reserved, when smaller work is first in line", () => {
    const world = new World({ passLimit: 3 })
    world.join("a", { slots: 2, capacity: { cpu: 2 } })
    world.submit({ entries: [entryOf({ count: 20, spec: { demand: { cpu: 1 } } })] })
    const running = [...world.assigned("a")]
    world.submit({
      entries: [entryOf({ spec: { demand: { cpu: 2, slots: 2 } } })],
      submitter: "bob",
      submission: "of bob"
    })
    world.submit({ entries: [entryOf({ count: 3 })], submitter: "eve", submission: "of eve" })
    for (let left = 40; left > 0 && running.length > 0; left--) {
      const lease = running.shift()
      if (lease !== undefined) world.end("a", [lease])
      running.push(...world.assigned("a"))
    }
    assert.strictEqual(world.outcome(20), "Succeeded")
    assert.strictEqual(world.judge.told.size, 24)
  })

  it("for a limit, behind somebody whose executor is missing", () => {
    const world = new World()
    const limits = [{ name: "licence", concurrency: 1 }]
    world.join("a")
    world.submit({ entries: [entryOf({ count: 2, spec: { limits } })] })
    const lease = first(world.assigned())
    world.submit({
      entries: [entryOf({ priority: 9, spec: { limits, labels: ["gpu"] } })],
      submitter: "bob",
      submission: "of bob"
    })
    world.end("a", [lease])
    assert.deepStrictEqual(world.given, ["a: 1"])
  })

  it("for a limit, behind tasks that were cancelled meanwhile", () => {
    const world = new World()
    const limits = [{ name: "licence", concurrency: 1 }, { name: "calls", rate: 1, per: 100 }]
    world.join("a", { slots: 9 })
    world.submit({ entries: [entryOf({ count: 3, keep: true, spec: { limits } })], submission: "high" })
    const lease = first(world.assigned())
    world.submit({
      entries: [entryOf({ priority: -1, spec: { limits } })],
      submission: "low",
      submitter: "bob"
    })
    world.cancel({ submission: "high" })
    world.end("a", [lease], { _tag: "Interrupted", by: "a", cleanly: true })
    world.wait(100)
    assert.deepStrictEqual(world.given, ["a: 3"])
  })

  it("for an executor of its own session, once that is gone", () => {
    const world = new World()
    world.join("a")
    world.submit({ entries: [entryOf({ count: 2, session: "s", spec: { demand: { cpu: 1 } } })] })
    assert.deepStrictEqual(world.given, ["a: 0"])
    world.join("b")
    assert.deepStrictEqual(world.given, [])
    world.leave("a")
    assert.deepStrictEqual(world.given, ["b: 0"])
    endAll(world, "b")
    assert.deepStrictEqual(world.given, ["b: 1"])
  })

  it("for who takes what it idles for, be it of another kind", () => {
    const world = new World()
    world.join("a", { prefetch: 3 })
    world.submit({ entries: [entryOf({ count: 4 })] })
    const [running] = world.assigned("a")
    assert.deepStrictEqual(world.given, ["a: 0, 1, 2, 3"])
    world.start("a", first([running ?? assert.fail()]))
    const { recall } = world.join("b", { labels: ["gpu"] })
    assert.deepStrictEqual(recall.map(({ executorId, leases }) => [executorId, leases.map(({ task }) => task)]), [[
      "a",
      [3]
    ]])
    world.recalled("a", ...recall.flatMap(({ leases }) => leases))
    assert.deepStrictEqual(world.given, ["b: 3"])
  })
})

describe("sessions", () => {
  it("run elsewhere what their executor cannot run", () => {
    const world = new World()
    world.join("a", { slots: 2 })
    world.join("b", { labels: ["gpu"] })
    world.submit({ entries: [entryOf({ session: "s" })] })
    assert.deepStrictEqual(world.given, ["a: 0"])
    world.submit({ entries: [entryOf({ session: "s", spec: { labels: ["gpu"] } })] })
    assert.deepStrictEqual(world.given, ["b: 1"])
    world.submit({ entries: [entryOf({ session: "s" })] })
    assert.deepStrictEqual(world.given, ["a: 2"])
  })

  it("do not take more of a node than there is", () => {
    const world = new World()
    world.join("a", { slots: 9, capacity: { cpu: 1 } })
    world.submit({ entries: [entryOf({ count: 5, session: "s", spec: { demand: { cpu: 1 } } })] })
    assert.deepStrictEqual(world.given, ["a: 0"])
  })

  it("cost nothing for what waits, however much that is", () => {
    const dispatcher = new Dispatcher({ partition: 0, generation: 1, commits: "immediate" })
    dispatcher.handle([joined("a"), submitted({ count: 100_000, session: "s" }), joined("b")], 0)
    assert.strictEqual(dispatcher.statistics.pages, 1)
  })

  it("have their turn beside others", () => {
    const world = new World()
    world.join("a")
    world.submit({ entries: [entryOf({ count: 4, session: "s" })], submission: "one" })
    const order = [0]
    let lease = first(world.assigned("a"))
    world.submit({ entries: [entryOf({ count: 4 })], submitter: "bob", submission: "two" })
    for (let left = 7; left > 0; left--) {
      world.end("a", [lease])
      lease = first(world.assigned("a"))
      order.push(lease.task)
    }
    assert.deepStrictEqual(order.map((task) => task < 4), [true, false, true, false, true, false, true, false])
  })
})

describe("accounts", () => {
  it("of cores are kept for tasks that take nothing else", () => {
    const world = new World()
    world.join("a", { slots: 9, capacity: { cpu: 2 } })
    world.submit({ entries: [entryOf({ count: 3, spec: { demand: { cpu: 1, slots: 0 } } })] })
    const [one] = world.assigned("a")
    world.end("a", [one ?? assert.fail()])
    assert.deepStrictEqual(world.given, ["a: 2"])
    assert.deepStrictEqual(world.dispatcher.nodes.map(({ allocated }) => allocated.cpu), [2])
  })

  it("of limits are kept apart, whatever they are called", () => {
    const world = new World()
    world.join("a", { slots: 9 })
    world.submit({ entries: [entryOf({ spec: { limits: [{ name: "a b", concurrency: 1 }] } })] })
    const limits = [{ name: "a", concurrency: 1 }, { name: "b", concurrency: 1 }]
    world.submit({ entries: [entryOf({ count: 2, spec: { limits } })] })
    assert.deepStrictEqual(world.given, ["a: 1"])
  })

  it("of what is asked back do not count it twice", () => {
    const world = new World()
    world.join("a", { prefetch: 3 })
    world.submit({ entries: [entryOf({ count: 4 })] })
    world.join("b")
    assert.strictEqual(world.commands.recall.length, 1)
    assert.deepStrictEqual(world.wait(1).recall, [])
  })

  it("of attempts leave out those that came back unstarted", () => {
    const world = new World()
    world.join("a")
    world.submit({ entries: [entryOf({ spec: { attempts: 2 } })] })
    for (let left = 3; left > 0; left--) world.recalled("a", ...world.assigned("a"))
    world.leave("a")
    assert.strictEqual(world.outcome(0), undefined)
    world.join("b")
    world.leave("b")
    assert.strictEqual(world.outcome(0), "Lost")
  })
})

describe("what is over", () => {
  it("does not run again, though a whole page of it was cancelled ahead of time", () => {
    const dispatcher = new Dispatcher({ partition: 0, generation: 1, commits: "immediate" })
    dispatcher.handle([submitted({ kind: "range", count: 1_100 })], 0)
    for (let task = 0; task < 1_050; task++) {
      dispatcher.handle([{ _tag: "cancelled", target: { task }, by: "ada" }], 0)
    }
    const { assign } = dispatcher.handle([joined("a")], 0)
    assert.deepStrictEqual(assign.flatMap(({ assignments }) => assignments.map(({ task }) => task)), [1_050])
  })

  it("holds nothing up: an entry without tasks ends when what it follows has ended", () => {
    const world = new World()
    world.join("a")
    world.submit({
      entries: [entryOf(), entryOf({ count: 0, after: [{ entry: 0 }] }), entryOf({ after: [{ entry: 1 }] })]
    })
    assert.deepStrictEqual(world.given, ["a: 0"])
    endAll(world, "a")
    assert.deepStrictEqual(world.given, ["a: 1"])
  })

  it("fails what follows an entry without tasks that was to follow it", () => {
    const world = new World()
    world.join("a")
    world.submit({
      entries: [entryOf(), entryOf({ count: 0, after: [{ entry: 0 }] }), entryOf({ after: [{ entry: 1 }] })]
    })
    world.end("a", world.assigned("a"), failed)
    assert.strictEqual(world.outcome(1), "DependencyFailed")
  })

  it("is not remembered by timers", () => {
    const { statistics } = runAll(new Dispatcher({ partition: 0, generation: 1, commits: "immediate" }), 10_000)
    assert.isAtMost(statistics.timers, 2_048)
  })

  it("leaves no page behind, however many tasks there were before", () => {
    const past = [{ generation: 1, count: 2 ** 33 + 1 }]
    const { statistics } = runAll(new Dispatcher({ partition: 0, generation: 2, past, commits: "immediate" }), 10_000)
    assert.isAtMost(statistics.pages, 2)
  })

  it("leaves no submission behind once it was fetched", () => {
    const world = new World()
    world.join("a")
    world.submit({ entries: [entryOf({ keep: true })] })
    endAll(world, "a")
    assert.strictEqual(world.dispatcher.statistics.submissions, 1)
    world.fetch(0)
    assert.strictEqual(world.dispatcher.statistics.submissions, 0)
  })

  it("keeps what is needed twice only until it is not needed any more", () => {
    const world = new World()
    world.join("a")
    world.submit({ entries: [entryOf(), entryOf({ after: [{ entry: 0 }], refs: [{ entry: 0 }, { entry: 0 }] })] })
    endAll(world, "a")
    assert.deepStrictEqual(world.assigned("a").map(({ refs }) => refs), [[succeeded]])
    endAll(world, "a")
    assert.strictEqual(world.dispatcher.statistics.results, 0)
  })
})
