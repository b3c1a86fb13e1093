import { assert, describe, it } from "@effect/vitest"
import { asked, ended, given, outcomes, Play, refusal, told } from "./Fixture.ts"

const four = { slots: 100, node: "n", capacity: { cpu: 4 } }
const cores = (cpu: number) => ({ spec: { demand: { cpu } } })

describe("a node's capacity", () => {
  const cases = [
    ["cores", { cpu: 4 }, { cpu: 2 }],
    ["memory", { bytes: 1_000 }, { bytes: 500 }],
    ["slots", { slots: 2 }, { slots: 1 }]
  ] as const
  it.each(cases)("is never exceeded: %s", (_, capacity, demand) => {
    const play = new Play()
    play.join("a", { slots: 9, capacity })
    assert.deepStrictEqual(given(play.submit({ count: 3, spec: { demand } })), ["a: 0", "a: 1"])
    assert.deepStrictEqual(given(play.end("a", 0)), ["a: 2"])
  })

  it("is shared by the executors on it", () => {
    const play = new Play()
    play.join("a", four)
    play.join("b", four)
    assert.strictEqual(given(play.submit({ count: 5, ...cores(1) })).length, 4)
  })

  it("is given back once", () => {
    const play = new Play()
    play.join("a", four)
    play.submit({ count: 3, keep: true, ...cores(2) })
    play.end("a", 0)
    assert.deepStrictEqual(given(play.end("a", 0)), [])
    play.end("a", 1)
    play.end("a", 2)
    assert.deepStrictEqual(play.dispatcher.nodes[0]?.allocated, { cpu: 0, bytes: 0, slots: 0 })
  })

  it("is given back with an executor that dies", () => {
    const play = new Play()
    play.join("a", four)
    play.join("b", four)
    play.submit({ ...cores(4) })
    assert.deepStrictEqual(given(play.leave("a")), ["b: 0"])
    assert.strictEqual(play.dispatcher.nodes[0]?.allocated.cpu, 4)
  })

  it("is kept by an abandoned attempt until it is acknowledged", () => {
    const play = new Play()
    play.join("a", four)
    play.submit({ count: 2, spec: { demand: { cpu: 4 }, grace: 10 } })
    play.cancel({ task: 0 })
    assert.deepStrictEqual(given(play.wait(10)), [])
    assert.deepStrictEqual(given(play.end("a", 0)), ["a: 1"])
  })

  it("adds up in fractions", () => {
    const play = new Play()
    play.join("a", { ...four, capacity: { cpu: 0.3 } })
    assert.strictEqual(given(play.submit({ count: 4, ...cores(0.1) })).length, 3)
    for (const task of [0, 1, 2]) play.end("a", task)
    play.end("a", 3)
    assert.strictEqual(play.dispatcher.nodes[0]?.allocated.cpu, 0)
  })

  it("is not held in advance", () => {
    const play = new Play()
    play.join("a", { ...four, slots: 1, prefetch: 5 })
    assert.deepStrictEqual(given(play.submit({ count: 2, ...cores(1) })), ["a: 0"])
  })
})

describe("a large request", () => {
  /** Four small tasks run, a large one waits, and many small ones are behind it. */
  const crowded = (): Play => {
    const play = new Play()
    play.join("a", four)
    play.submit({ count: 4, ...cores(1) })
    play.submit(cores(4))
    play.submit({ count: 500, ...cores(1) })
    return play
  }
  /** Ends the task that runs the longest; answers who is given what. */
  const turn = (play: Play, running: Array<string>): ReadonlyArray<string> => {
    const task = Number(running.shift()?.slice(3))
    const next = given(play.end("a", task))
    running.push(...next)
    return next
  }

  it("is passed by smaller ones 64 times, and then has a node to itself", () => {
    const play = crowded()
    const running = ["a: 0", "a: 1", "a: 2", "a: 3"]
    for (let passed = 0; passed < 64; passed++) {
      assert.deepStrictEqual(play.explain(4), { _tag: "WaitsForCapacity", passedOver: passed })
      assert.deepStrictEqual(turn(play, running), [`a: ${passed + 5}`])
    }
    assert.isTrue(play.dispatcher.nodes[0]?.isReserved)
    for (let left = 0; left < 3; left++) assert.deepStrictEqual(turn(play, running), [])
    assert.deepStrictEqual(turn(play, running), ["a: 4"])
    assert.isFalse(play.dispatcher.nodes[0]?.isReserved)
    assert.strictEqual(given(play.end("a", 4)).length, 4)
  })

  it("that is cancelled lets the others go on", () => {
    const play = crowded()
    const running = ["a: 0", "a: 1", "a: 2", "a: 3"]
    for (let passed = 0; passed < 64; passed++) turn(play, running)
    turn(play, running)
    assert.strictEqual(given(play.cancel({ task: 4 })).length, 1)
    assert.isFalse(play.dispatcher.nodes[0]?.isReserved)
  })

  it("keeps one node and leaves the others", () => {
    const play = new Play({ passLimit: 2 })
    play.join("a", four)
    play.join("b", { ...four, node: "m" })
    play.submit({ count: 8, ...cores(1) })
    play.submit(cores(4))
    play.submit({ count: 50, ...cores(1) })
    play.end("a", 0)
    play.end("b", 1)
    assert.strictEqual(play.dispatcher.nodes.filter(({ isReserved }) => isReserved).length, 1)
    const reserved = play.dispatcher.nodes.find(({ isReserved }) => isReserved)
    assert.deepStrictEqual(given(reserved?.nodeId === "n" ? play.end("b", 3) : play.end("a", 2)).length, 1)
  })
})

describe("a request for a process", () => {
  const process = (cpu: number) => ({ spec: { delivery: "atMostOnce", demand: { cpu } } }) as const

  it("waits for room, and has it until the process exits", () => {
    const play = new Play()
    play.join("a", four)
    assert.deepStrictEqual(given(play.submit(process(3))), ["a: 0"])
    assert.deepStrictEqual(given(play.submit(process(2))), [])
    assert.strictEqual(play.explain(1)._tag, "WaitsForCapacity")
    play.start("a", 0)
    assert.deepStrictEqual(given(play.end("a", 0)), ["a: 1"])
    play.end("a", 1)
    assert.deepStrictEqual(play.dispatcher.nodes[0]?.allocated, { cpu: 0, bytes: 0, slots: 0 })
  })

  it("has its room while its start is not durable yet", () => {
    const play = new Play({ commits: "awaited" })
    play.join("a", four)
    play.submit(process(3))
    assert.strictEqual(play.dispatcher.nodes[0]?.allocated.cpu, 3)
    play.cancel({ task: 0 })
    assert.strictEqual(play.dispatcher.nodes[0]?.allocated.cpu, 0)
  })

  it("that no node can ever hold is reported", () => {
    const play = new Play()
    play.join("a", four)
    const words = "a node with 8 cpu, 0 bytes and 1 slots (there are: 4 cpu, Infinity bytes, Infinity slots)"
    assert.deepStrictEqual(refusal(play.submit(process(8), { whenUnmet: "fail" })), {
      _tag: "Unmet",
      entry: 0,
      missing: [words]
    })
    assert.deepStrictEqual(told(play.submit(process(8)), "Unmet").map(({ missing }) => missing), [[words]])
    const commands = play.join("b", { node: "large", capacity: { cpu: 8 } })
    assert.deepStrictEqual(given(commands), ["b: 0"])
    assert.deepStrictEqual(told(commands, "Unmet").map(({ missing }) => missing), [[]])
  })

  it("is not started again when its node is lost", () => {
    const play = new Play()
    play.join("a", four)
    play.submit(process(3))
    play.start("a", 0)
    assert.deepStrictEqual(outcomes(play.leave("a")).map(({ _tag }) => _tag), ["MaybeExecuted"])
    assert.deepStrictEqual(given(play.join("b", four)), [])
  })

  it("is not asked back", () => {
    const play = new Play()
    play.join("a", four)
    play.submit(process(3))
    assert.deepStrictEqual(asked(play.join("b", { ...four, node: "m" })), [])
    assert.deepStrictEqual(ended(play.end("a", 0)), ["0 Succeeded"])
  })
})
