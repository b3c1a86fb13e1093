import { assert, describe, it } from "@effect/vitest"
import type { Commands } from "../../../src/dispatch/Command.ts"
import {
  asked,
  ended,
  type EntryOptions,
  failed,
  given,
  interrupted,
  outcomes,
  Play,
  revoked,
  told
} from "./Fixture.ts"

/** A server that is an executor of another: what it is assigned it hands over to its own executors. */
class Behind {
  readonly front = new Play()
  readonly back = new Play()
  /** Tasks of the one behind, by those of the one in front. */
  readonly tasks = new Map<number, number>()

  constructor(slots: number, prefetch = 0) {
    this.front.join("back", { slots, prefetch })
  }

  submit(entry: EntryOptions): Commands {
    return this.carry(this.front.submit(entry))
  }

  /** Carries what the one in front wants done to the one behind; answers what that wants done. */
  carry(commands: Commands): Commands {
    let last = this.back.wait(0)
    for (const { assignments, executorId } of commands.assign) {
      if (executorId !== "back") continue
      for (const { task } of assignments) {
        last = this.back.submit()
        this.tasks.set(task, told(last, "Accepted")[0]?.first[0] ?? -1)
      }
    }
    for (const { task } of commands.revoke) last = this.back.cancel({ task: this.tasks.get(task) ?? -1 })
    for (const { leases } of commands.recall) for (const { task } of leases) last = this.#recall(task)
    this.report(last)
    return last
  }

  /** Carries how tasks ended to the one in front. */
  report(commands: Commands): ReadonlyArray<string> {
    const ends = told(commands, "Ended").flatMap(({ endings }) => endings)
    return ends.flatMap(({ outcome, task }) =>
      [...this.tasks].filter(([, other]) => other === task)
        .flatMap(([task]) => ended(this.front.end("back", task, outcome)))
    )
  }

  /** What has not started behind comes back. */
  #recall(task: number): Commands {
    const other = this.tasks.get(task) ?? -1
    if (this.back.explain(other)._tag === "Running") return this.back.wait(0)
    this.tasks.delete(task)
    const commands = this.back.cancel({ task: other })
    this.front.recalled("back", task)
    return commands
  }
}

describe("a server behind a server", () => {
  it("runs what it is assigned, and reports how it ended", () => {
    const link = new Behind(2)
    link.back.join("a", { slots: 2 })
    assert.deepStrictEqual(given(link.submit({ count: 3 })), ["a: 1"])
    assert.deepStrictEqual(link.report(link.back.end("a", 1)), ["1 Succeeded"])
    assert.deepStrictEqual(link.report(link.back.end("a", 0, failed)), ["0 Failed"])
  })

  it("keeps to itself how often it tried", () => {
    const link = new Behind(1)
    link.back.join("a")
    link.submit({})
    link.back.start("a", 0)
    assert.deepStrictEqual(link.report(link.back.leave("a")), [])
    link.back.join("b")
    assert.deepStrictEqual(link.report(link.back.end("b", 0)), ["0 Succeeded"])
    assert.strictEqual(link.front.lease(0).epoch, 1)
  })

  it("has its executors told of what is cancelled in front", () => {
    const link = new Behind(1)
    link.back.join("a")
    link.submit({})
    link.back.start("a", 0)
    const commands = link.front.cancel({ task: 0 }, "carol")
    assert.deepStrictEqual(revoked(commands), ["back: 0 cancelled"])
    assert.deepStrictEqual(revoked(link.carry(commands)), ["a: 0 cancelled"])
    assert.deepStrictEqual(link.report(link.back.end("a", 0, interrupted)), ["0 Interrupted"])
  })

  it("gives back what it has not started", () => {
    const link = new Behind(1, 1)
    link.back.join("a")
    link.submit({ count: 2 })
    link.back.start("a", 0)
    link.front.start("back", 0)
    const commands = link.front.join("other")
    assert.deepStrictEqual(asked(commands), ["back: 1"])
    link.carry(commands)
    assert.deepStrictEqual(link.front.explain(1), { _tag: "Assigned", executorId: "other", epoch: 2 })
    assert.deepStrictEqual(link.report(link.back.end("a", 0)), ["0 Succeeded"])
  })

  it("that is lost loses what it held, whatever becomes of it there", () => {
    const link = new Behind(1)
    link.back.join("a")
    link.submit({})
    const lease = link.front.lease(0)
    link.front.leave("back")
    link.front.join("other")
    link.back.end("a", 0)
    assert.deepStrictEqual(ended(link.front.end("back", 0, failed, lease)), [])
    assert.deepStrictEqual(outcomes(link.front.end("other", 0)).map(({ _tag }) => _tag), ["Succeeded"])
  })
})

describe("two partitions", () => {
  const pair = () => {
    const [zero, one] = [new Play({ partition: 0 }), new Play({ partition: 1 })]
    for (const play of [zero, one]) play.submit()
    return { zero, one }
  }

  it("do not know each other's tasks", () => {
    const { one, zero } = pair()
    const id = zero.dispatcher.idOf(0)
    assert.strictEqual(String(id), "0.1.0")
    assert.strictEqual(String(one.dispatcher.idOf(0)), "1.1.0")
    assert.strictEqual(zero.dispatcher.positionOf(id), 0)
    assert.isUndefined(one.dispatcher.positionOf(id))
  })

  it("are both served by an executor that is attached to both", () => {
    const { one, zero } = pair()
    assert.deepStrictEqual(given(zero.join("a")), ["a: 0"])
    assert.deepStrictEqual(given(one.join("a")), ["a: 0"])
    assert.deepStrictEqual(ended(zero.end("a", 0)), ["0 Succeeded"])
    assert.deepStrictEqual(one.explain(0), { _tag: "Assigned", executorId: "a", epoch: 1 })
    assert.deepStrictEqual(ended(one.end("a", 0)), ["0 Succeeded"])
  })

  it("know nothing of a task that is to come or has been forgotten", () => {
    const { zero } = pair()
    const [known, next] = [zero.dispatcher.idOf(0), zero.dispatcher.idOf(1)]
    assert.isUndefined(zero.dispatcher.positionOf(next))
    zero.join("a")
    zero.work("a")
    assert.isUndefined(zero.dispatcher.positionOf(known))
  })
})
