import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { Link, type Run } from "../../../src/protocol/session/Link.ts"

/** What happens, step by step: the number says to which frame, or of what size. */
const Step = Schema.Struct({
  what: Schema.Literals(["say", "say", "write", "deliver", "repeat", "lose", "acknowledge", "reconnect", "open"]),
  isLeft: Schema.Boolean,
  number: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 7 }))
})
const Steps = Schema.Array(Step).check(Schema.isMaxLength(120))

interface Frame {
  readonly run: Run<number>
  readonly ack: number
}

/** Two ends, and what is between them: a connection that loses, repeats and is made again, by the left end. */
class World {
  readonly ends = [new Link<number, number>(), new Link<number, number>()] as const
  readonly said: readonly [Array<number>, Array<number>] = [[], []]
  readonly heard: readonly [Array<number>, Array<number>] = [[], []]
  /** Under way from each end. */
  flying: [Array<Frame>, Array<Frame>] = [[], []]
  /** The left end has begun a new connection, which the right one does not know yet. */
  isHalfOpen = false

  say(from: 0 | 1, size: number): void {
    const message = this.said[from].length
    this.said[from].push(message)
    this.ends[from].send(message, size)
  }

  write(from: 0 | 1, most: number): void {
    // It waits for the answer, and what the other says meanwhile goes nowhere.
    if (this.isHalfOpen) {
      if (from === 1) this.ends[1].next(most)
      return
    }
    const run = this.ends[from].next(most)
    if (run !== undefined) this.flying[from].push({ run, ack: this.ends[from].received })
  }

  deliver(from: 0 | 1, at: number, isKept = false): void {
    const frame = this.flying[from][at % Math.max(1, this.flying[from].length)]
    if (frame === undefined) return
    if (!isKept) this.flying[from].splice(this.flying[from].indexOf(frame), 1)
    const to = from === 0 ? 1 : 0
    assert.isTrue(this.ends[to].acknowledge(frame.ack))
    const fresh = this.ends[to].receive(frame.run)
    // A connection that has lost something is cut.
    if (fresh === "gap") return this.reconnect()
    this.heard[from].push(...fresh)
  }

  reconnect(): void {
    this.isHalfOpen = true
    this.flying[1] = []
  }

  open(): void {
    if (!this.isHalfOpen) return
    this.isHalfOpen = false
    this.flying = [[], []]
    const [left, right] = this.ends
    assert.isTrue(right.resume(left.received))
    assert.isTrue(left.resume(right.received))
  }

  step({ isLeft, number, what }: typeof Step.Type): void {
    const from = isLeft ? 0 : 1
    switch (what) {
      case "say":
        return this.say(from, number)
      case "write":
        return this.write(from, number)
      case "deliver":
        return this.deliver(from, number)
      case "repeat":
        return this.deliver(from, number, true)
      case "lose":
        return void this.flying[from].splice(number, 1)
      case "acknowledge":
        if (!this.isHalfOpen) assert.isTrue(this.ends[1 - from]!.acknowledge(this.ends[from].received))
        return
      case "reconnect":
        return this.reconnect()
      case "open":
        return this.open()
    }
  }

  /** No more faults: all is said that has to be. */
  heal(): void {
    this.reconnect()
    this.open()
    for (const from of [0, 1] as const) {
      while (this.ends[from].hasMore) this.write(from, 3)
      while (this.flying[from].length > 0) this.deliver(from, 0)
    }
    for (const from of [0, 1] as const) assert.isTrue(this.ends[from].acknowledge(this.ends[1 - from]!.received))
  }
}

describe("links", () => {
  it.prop("pass on everything once and in order, whatever connections do", [Steps], ([steps]) => {
    const world = new World()
    for (const step of steps) world.step(step)
    world.heal()
    assert.deepStrictEqual(world.heard, world.said)
    for (const { count, size } of world.ends) assert.deepStrictEqual({ count, size }, { count: 0, size: 0 })
  }, { arbitrary: { runs: 300, size: 100 } })

  it.prop("never have heard what was not said", [Steps], ([steps]) => {
    const world = new World()
    for (const step of steps) {
      world.step(step)
      for (const from of [0, 1] as const) {
        assert.deepStrictEqual(world.heard[from], world.said[from].slice(0, world.heard[from].length))
      }
    }
  }, { arbitrary: { runs: 100, size: 100 } })

  it("say no more than a window has room for", () => {
    const link = new Link<string, never>()
    for (const message of ["a", "b", "c", "d"]) link.send(message, 10)
    assert.deepStrictEqual(link.next(20, 30)?.messages, ["a", "b"])
    assert.deepStrictEqual(link.next(20, 30)?.messages, ["c", "d"])
    link.send("e", 10)
    assert.isUndefined(link.next(20, 30))
    assert.isTrue(link.acknowledge(2))
    assert.deepStrictEqual(link.next(20, 30), { first: 5, messages: ["e"] })
    assert.isTrue(link.resume(2))
    assert.deepStrictEqual(link.next(20, 30), { first: 3, messages: ["c", "d"] })
  })

  it("pass on the rest of what they know in part", () => {
    const link = new Link<never, string>()
    assert.deepStrictEqual(link.receive({ first: 1, messages: ["a", "b"] }), ["a", "b"])
    assert.deepStrictEqual(link.receive({ first: 2, messages: ["b", "c"] }), ["c"])
    assert.deepStrictEqual(link.receive({ first: 1, messages: ["a", "b", "c"] }), [])
    assert.strictEqual(link.received, 3)
  })

  it("refuse acknowledgements of what they have not said", () => {
    const link = new Link<string, string>()
    link.send("a")
    for (const through of [2, -1, 0.5, Number.NaN, Infinity]) {
      if (through > 0 || Number.isNaN(through)) assert.isFalse(link.acknowledge(through), `${through}`)
    }
    assert.isTrue(link.acknowledge(1))
    assert.isFalse(link.resume(0))
    assert.strictEqual(link.receive({ first: 2, messages: ["b"] }), "gap")
  })
})
