import { assert, describe, it } from "@effect/vitest"
import { find } from "./Campaign.ts"
import { type Bug, occurrences, plant } from "./Plant.ts"

const bugs: ReadonlyArray<Bug> = [
  {
    name: "a report counts whatever attempt it is of",
    file: "Attempts.ts",
    find: "if (page.epoch[at] !== lease.epoch || page",
    replace: "if (page"
  },
  {
    name: "a lease of the server before counts as one of this",
    file: "Attempts.ts",
    find: "return generation === page.generation[at] ||",
    replace: "return generation > 0 ||",
    isDeep: true
  },
  {
    name: "what was cancelled while it waited runs all the same",
    file: "Placing.ts",
    find: "if (task !== undefined && state.tasks.status(task) === Status.Queued) return task",
    replace: "if (task !== undefined) return task"
  },
  {
    name: "a success counts though it comes too late",
    file: "Attempts.ts",
    find: "if (intended._tag !== \"Interrupted\") return intended",
    replace: "",
    isDeep: true
  },
  {
    name: "an attempt that ended keeps its share of the node",
    file: "DispatchState.ts",
    find: "if (isPicky || executor.node.isBounded) executor.node.release(demand)",
    replace: ""
  },
  {
    name: "what was killed frees its room before it is dead",
    file: "Stopping.ts",
    find: "state.abandon(task, executor, source)",
    replace: "state.release(task, executor, source)"
  },
  {
    name: "ends are told before they are durable",
    file: "Dispatcher.ts",
    find: "isImmediate ? Infinity : state.committed",
    replace: "Infinity"
  },
  {
    name: "attempts are counted from one again after a restart",
    file: "Submitting.ts",
    find: "page.epoch[at] = epoch",
    replace: "page.epoch[at] = 0"
  },
  {
    name: "what follows a failure runs",
    file: "Ending.ts",
    find: "if (hasSucceeded || source.entry",
    replace: "if (task >= 0 || source.entry"
  },
  {
    name: "one more is prefetched than may be",
    file: "ExecutorState.ts",
    find: "this.load < this.slots + this.spec.prefetch",
    replace: "this.load <= this.slots + this.spec.prefetch"
  },
  {
    name: "an at-most-once start does not wait for its record",
    file: "DispatchState.ts",
    find: "if (source.batch.spec.delivery === \"atLeastOnce\") {",
    replace: "if (task >= 0) {"
  },
  {
    name: "an at-most-once task runs again when its executor is lost",
    file: "Attempts.ts",
    find: "if (delivery === \"atMostOnce\" && (status",
    replace: "if (task < 0 && (status"
  },
  {
    name: "quarantine comes one death too late",
    file: "Attempts.ts",
    find: "deaths >= state.settings.deathLimit",
    replace: "deaths > state.settings.deathLimit",
    isDeep: true
  },
  {
    name: "the death of an executor counts against what it had not started",
    file: "Attempts.ts",
    find: "if (isDeath && isStarted)",
    replace: "if (isDeath)"
  },
  {
    name: "a limit is not given back",
    file: "DispatchState.ts",
    find: "    limit.release()\n",
    replace: ""
  },
  {
    name: "who waits for a limit is not woken by time",
    file: "Alarms.ts",
    find: "state.lanes.wake(due.limit)",
    replace: ""
  },
  {
    name: "who found no room is not told of any",
    file: "DispatchState.ts",
    find: "if (this.starved.length > 0) this.freed.add(executor.node)",
    replace: ""
  },
  {
    name: "only messages about tasks count as heartbeats",
    file: "Dispatcher.ts",
    find: "executor.seenAt = state.now\n    if (event._tag === \"beat\") beat(state, executor, event.slots)",
    replace:
      "if (event._tag === \"beat\") return\n    executor.seenAt = state.now\n    if (event._tag === \"beat\") beat(state, executor, event.slots)"
  },
  {
    name: "a duplicate forgets whom it follows",
    file: "Submitting.ts",
    find: "    others.push({ source, index: at })\n",
    replace: ""
  },
  {
    name: "a session stays with an executor that is gone",
    file: "Membership.ts",
    find: "  state.lanes.unbind(executor)\n  // In the order",
    replace: "  // In the order"
  },
  {
    name: "results are kept for those who have had them",
    file: "Ending.ts",
    find: "for (const task of source.refs) letGo(state, task)",
    replace: ""
  }
]

/** So many scenarios are enough for each. */
const budget = 150
const plain = { count: budget, steps: 60 }
const deep = { count: budget / 3, steps: 250 }

describe("a dispatcher with a planted bug", () => {
  it.each(bugs)("is found out: $name", async (bug) => {
    assert.strictEqual(occurrences(bug), 1, "there must be one place that is meant")
    const breach = find(bug.isDeep === true ? deep : plain, await plant(bug))
    assert.isDefined(breach, "nobody noticed")
  })

  it("is not imagined where there is none", async () => {
    assert.isUndefined(find({ ...plain, count: 30 }, await plant())?.error)
  })
})
