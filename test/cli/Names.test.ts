import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { asksForHelp, candidates, modulesOf } from "../../src/cli/Specifier.ts"
import { didYouMean, distance, suggestions } from "../../src/cli/Suggestion.ts"

const word = Schema.Array(Schema.Literals(["a", "b", "c"])).check(Schema.isMaxLength(12))

describe("suggestions", () => {
  it("find what was meant, nearest first", () => {
    const known = ["Factor", "Factors", "Echo", "Sleep"]
    assert.deepStrictEqual(suggestions("factr", known), ["Factor"])
    assert.deepStrictEqual(suggestions("Fact", known), ["Factor", "Factors"])
    assert.deepStrictEqual(suggestions("ehco", known), ["Echo"])
    assert.deepStrictEqual(suggestions("Zebra", known), [])
  })

  it("name all that there is where nothing is near", () => {
    assert.strictEqual(didYouMean("x", ["a1", "b2"]), "There are a1, b2")
    assert.strictEqual(didYouMean("x", []), "There are none")
    assert.match(didYouMean("zzz", Array.from({ length: 30 }, (_, index) => `task${index}`)), /and 10 more$/)
  })

  it.prop(
    "distance is a metric but for swaps: 0 for the same alone, the same both ways, no more than the longer word",
    [word, word],
    ([first, second]) => {
      const [a, b] = [first.join(""), second.join("")]
      assert.strictEqual(distance(a, b) === 0, a === b)
      assert.strictEqual(distance(a, b), distance(b, a))
      assert.isAtMost(distance(a, b), Math.max(a.length, b.length))
      assert.isAtLeast(distance(a, b), Math.abs(a.length - b.length))
    }
  )
})

describe("modules on a command line", () => {
  const of = (line: string) => modulesOf(line.split(" "))

  it("are the first word after a verb that takes one", () => {
    assert.deepStrictEqual(of("submit tasks.ts Factor --payload {}"), ["tasks.ts"])
    assert.deepStrictEqual(of("submit --threads 2 --results tasks.ts Factor"), ["tasks.ts"])
    assert.deepStrictEqual(of("--output json submit --from a.ts tasks.ts Factor"), ["tasks.ts"])
    assert.deepStrictEqual(of("bundle standard"), ["standard"])
    assert.deepStrictEqual(of("library inspect tasks.ts"), ["tasks.ts"])
  })

  it("are two where one is compared with another, unless that is a saved one", () => {
    assert.deepStrictEqual(of("library inspect a.ts --against b.ts"), ["a.ts", "b.ts"])
    assert.deepStrictEqual(of("library inspect --against=b.ts a.ts"), ["a.ts", "b.ts"])
    assert.deepStrictEqual(of("library inspect a.ts --against b.json"), ["a.ts"])
  })

  it("are none for other commands", () => {
    for (
      const line of ["", "doctor", "completions bash", "library", "submit", "submit --payload a.ts", "submit -- a.ts"]
    ) {
      assert.deepStrictEqual(of(line), [], line)
    }
  })

  it("are looked for as they are written, then with each ending", () => {
    assert.deepStrictEqual(candidates("./a.ts"), ["./a.ts"])
    assert.deepStrictEqual(candidates("a"), ["a", "a.ts", "a.mts", "a.js", "a.mjs"])
  })
})

describe("a command line", () => {
  const asks = (line: string) => asksForHelp(line === "" ? [] : line.split(" "))

  it("asks for help with its last word, or with none at all", () => {
    for (const line of ["", "--help", "submit --help", "task list -h"]) assert.isTrue(asks(line), line)
    for (const line of ["submit", "submit x --payload --help", "submit --help x", "submit x -- -h"]) {
      assert.isFalse(asks(line), line)
    }
  })

  it("has values that are no modules", () => {
    const line =
      "submit --connect tcp://h:1 --cron * --time-zone UTC --name n --label l --after 0.1.2 --memory 1GB tasks.ts"
    assert.deepStrictEqual(modulesOf(line.split(" ")), ["tasks.ts"])
    assert.deepStrictEqual(modulesOf("task show last".split(" ")), [])
    assert.deepStrictEqual(modulesOf("task show last --module tasks.ts".split(" ")), ["tasks.ts"])
  })
})
