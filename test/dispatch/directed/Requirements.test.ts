import { assert, describe, it } from "@effect/vitest"
import { type EntryOptions, given, Play, refusal, told } from "./Fixture.ts"

const isMissed = (spec: EntryOptions["spec"] & {}): unknown => {
  const play = new Play()
  play.join("a", { capacity: { cpu: 4, bytes: 1_000, slots: 8 }, node: "one", services: ["mail"], labels: ["eu"] })
  return refusal(play.submit({ spec }, { whenUnmet: "fail" }))
}

describe("what is missing", () => {
  const cases: ReadonlyArray<readonly [name: string, spec: EntryOptions["spec"] & {}, words: string]> = [
    ["a library", { library: "physics" }, "library \"physics\" 1"],
    ["a task", { taskName: "multiply" }, "an implementation of \"multiply\" in library \"maths\" 1"],
    ["a version", { version: "2" }, "version 2 of library \"maths\" (there is 1)"],
    [
      "a fingerprint",
      { fingerprint: "g" },
      "the same schemas of \"add\" (maths 1 here, 1 there, fingerprints differ)"
    ],
    ["a service", { services: ["gpu"] }, "service \"gpu\""],
    ["a label", { labels: ["us"] }, "label \"us\""],
    ["a node", { node: "two" }, "node \"two\""],
    [
      "cores",
      { demand: { cpu: 8 } },
      "a node with 8 cpu, 0 bytes and 1 slots (there are: 4 cpu, 1000 bytes, 8 slots)"
    ],
    [
      "memory",
      { demand: { bytes: 2_000 } },
      "a node with 0 cpu, 2000 bytes and 1 slots (there are: 4 cpu, 1000 bytes, 8 slots)"
    ],
    [
      "slots",
      { demand: { slots: 9 } },
      "a node with 0 cpu, 0 bytes and 9 slots (there are: 4 cpu, 1000 bytes, 8 slots)"
    ]
  ]
  it.each(cases)("is said in words: %s", (_, spec, words) => {
    assert.deepStrictEqual(isMissed(spec), { _tag: "Unmet", entry: 0, missing: [words] })
  })

  it("is all of it", () => {
    assert.deepStrictEqual(isMissed({ services: ["gpu", "mail"], labels: ["us"] }), {
      _tag: "Unmet",
      entry: 0,
      missing: ["service \"gpu\"", "label \"us\""]
    })
  })

  it("is everything where there is no executor", () => {
    const commands = new Play().submit({}, { whenUnmet: "fail" })
    assert.deepStrictEqual(refusal(commands), { _tag: "Unmet", entry: 0, missing: ["there is no executor"] })
  })

  it("is what the executor lacks that comes closest", () => {
    const play = new Play()
    play.join("far", { libraries: [] })
    play.join("close", { services: ["mail"] })
    const commands = play.submit({ spec: { services: ["mail"], labels: ["us"] } }, { whenUnmet: "fail" })
    assert.deepStrictEqual(refusal(commands), { _tag: "Unmet", entry: 0, missing: ["label \"us\""] })
  })
})

describe("a request that cannot be met", () => {
  it("changes nothing when it is to fail", () => {
    const play = new Play()
    play.submit([{}, { spec: { library: "physics" } }], { whenUnmet: "fail" })
    assert.strictEqual(play.statistics.sources, 0)
    assert.deepStrictEqual(given(play.join("a")), [])
  })

  it("waits when it is to wait, and is told so", () => {
    const play = new Play()
    assert.deepStrictEqual(told(play.submit(), "Unmet"), [{
      _tag: "Unmet",
      submission: "submission 0",
      taskName: "add",
      missing: ["there is no executor"]
    }])
    const commands = play.join("a")
    assert.deepStrictEqual(told(commands, "Unmet").map(({ missing }) => missing), [[]])
    assert.deepStrictEqual(given(commands), ["a: 0"])
  })

  it("is told when the last fitting executor leaves and when the next joins", () => {
    const play = new Play()
    play.join("a")
    play.join("b", { libraries: [] })
    assert.deepStrictEqual(told(play.submit({ count: 2 }), "Unmet"), [])
    assert.deepStrictEqual(told(play.leave("a"), "Unmet").map(({ missing }) => missing), [["library \"maths\" 1"]])
    assert.deepStrictEqual(told(play.join("c"), "Unmet").map(({ missing }) => missing), [[]])
  })

  it("is not told when another fitting executor is left", () => {
    const play = new Play()
    play.join("a")
    play.join("b")
    play.submit({ count: 3 })
    assert.deepStrictEqual(told(play.leave("a"), "Unmet"), [])
  })

  it("is not told once all of it has ended", () => {
    const play = new Play()
    play.join("a")
    play.submit()
    play.work("a")
    assert.deepStrictEqual(told(play.leave("a"), "Unmet"), [])
  })
})
