import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { type Hand, pauseAfter, plan, type Wanted } from "../../src/host/PoolPlan.ts"

const wanted = (id: string, more: Partial<Wanted> = {}): Wanted => ({
  id,
  family: id,
  order: 1,
  threads: 2,
  clients: 1,
  hasTasks: false,
  notBefore: 0,
  ...more
})

const hand = (id: string, wanted: string, more: Partial<Hand> = {}): Hand => ({
  id,
  wanted,
  threads: 2,
  isLeaving: false,
  idleSince: undefined,
  ...more
})

const means = { cores: 2, idle: 1_000, now: 10_000 }

describe("PoolPlan", () => {
  it("starts what a client needs with all cores, and nothing for what nobody needs", () => {
    assert.deepStrictEqual(plan([wanted("a"), wanted("b", { clients: 0 })], [], means).steps, [
      { _tag: "Start", wanted: "a", threads: 2 }
    ])
  })

  it("starts what tasks wait for, though nobody is connected", () => {
    assert.deepStrictEqual(plan([wanted("a", { clients: 0, hasTasks: true })], [], means).steps, [
      { _tag: "Start", wanted: "a", threads: 2 }
    ])
  })

  it("divides the cores between those that come together", () => {
    assert.deepStrictEqual(plan([wanted("a"), wanted("b")], [], { ...means, cores: 4 }).steps, [
      { _tag: "Start", wanted: "a", threads: 2 },
      { _tag: "Start", wanted: "b", threads: 2 }
    ])
  })

  it("gives one thread at least, also where no core is left", () => {
    assert.deepStrictEqual(plan([wanted("a"), wanted("b")], [hand("1", "a")], means).steps, [
      { _tag: "Start", wanted: "b", threads: 1 }
    ])
  })

  it("does not start twice what is there", () => {
    assert.deepStrictEqual(plan([wanted("a")], [hand("1", "a")], means).steps, [])
  })

  it("gives more threads to who has too few, once there are free ones", () => {
    assert.deepStrictEqual(plan([wanted("a")], [hand("1", "a", { threads: 1 })], means).steps, [
      { _tag: "Start", wanted: "a", threads: 1 }
    ])
  })

  it("keeps what is idle for a while, and says when to look again", () => {
    const all = [wanted("a", { clients: 0 })]
    assert.deepStrictEqual(plan(all, [hand("1", "a", { idleSince: 9_500 })], means), { steps: [], wake: 10_500 })
    assert.deepStrictEqual(plan(all, [hand("1", "a", { idleSince: 9_000 })], means).steps, [{
      _tag: "Drain",
      hand: "1"
    }])
    assert.deepStrictEqual(plan(all, [hand("1", "a")], means), { steps: [], wake: undefined })
  })

  it("keeps what a client needs, however idle it is", () => {
    assert.deepStrictEqual(plan([wanted("a")], [hand("1", "a", { idleSince: 0 })], means), {
      steps: [],
      wake: undefined
    })
  })

  it("sends away at once what is idle and in the way of others", () => {
    const all = [wanted("a", { clients: 0 }), wanted("b")]
    assert.deepStrictEqual(plan(all, [hand("1", "a", { idleSince: 9_999 })], means).steps, [
      { _tag: "Drain", hand: "1" },
      { _tag: "Start", wanted: "b", threads: 2 }
    ])
  })

  it("replaces a module that has changed, once nobody needs the old one", () => {
    const old = wanted("old", { family: "m", clients: 0, hasTasks: true })
    const all = [old, wanted("new", { family: "m", order: 2 })]
    assert.deepStrictEqual(plan(all, [hand("1", "old")], means).steps, [
      { _tag: "Drain", hand: "1" },
      { _tag: "Start", wanted: "new", threads: 2 }
    ])
    assert.deepStrictEqual(plan([{ ...old, clients: 1 }, all[1]!], [hand("1", "old")], means).steps, [
      { _tag: "Start", wanted: "new", threads: 1 }
    ])
  })

  it("waits after failures, and starts what cannot be used no more", () => {
    assert.deepStrictEqual(plan([wanted("a", { notBefore: 10_200 })], [], means), { steps: [], wake: 10_200 })
    assert.deepStrictEqual(plan([wanted("a", { notBefore: Infinity })], [], means), { steps: [], wake: undefined })
    assert.deepStrictEqual([1, 2, 3, 50].map(pauseAfter), [200, 400, 800, 30_000])
  })

  const Some = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 8 }))
  const Modules = Schema.Array(Schema.Struct({
    threads: Some,
    clients: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 })),
    hasTasks: Schema.Boolean
  })).check(Schema.isMaxLength(6))

  it.prop(
    "never has more threads than cores, but for one a module, nor leaves one without",
    [Modules, Some],
    ([modules, cores]) => {
      const all = modules.map((more, index) => wanted(`${index}`, { ...more, order: index }))
      let hands: Array<Hand> = []
      // Until it has nothing more to do: it must come to an end.
      for (let round = 0;; round++) {
        assert.isBelow(round, 10)
        const { steps } = plan(all, hands, { ...means, cores })
        if (steps.length === 0) break
        for (const step of steps) {
          if (step._tag === "Drain") hands = hands.filter(({ id }) => id !== step.hand)
          else hands.push(hand(`${round}-${hands.length}`, step.wanted, { threads: step.threads }))
        }
      }
      const needed = all.filter(({ clients, hasTasks }) => clients > 0 || hasTasks)
      const total = hands.reduce((sum, { threads }) => sum + threads, 0)
      assert.isAtMost(total, Math.max(cores, needed.length))
      for (const { id, threads } of needed) {
        const has = hands.filter(({ wanted }) => wanted === id).reduce((sum, { threads }) => sum + threads, 0)
        assert.isAtLeast(has, 1)
        assert.isAtMost(has, threads)
      }
    }
  )
})
