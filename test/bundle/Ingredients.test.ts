import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import {
  canonical,
  grain,
  type Ingredients,
  judge,
  judgePackage,
  requestOf,
  shortName
} from "../../src/bundle/Ingredients.ts"

const Names = Schema.Array(Schema.String).check(Schema.isMaxLength(20))
const Pairs = Schema.Array(Schema.Tuple([Schema.String, Schema.String])).check(Schema.isMaxLength(20))

const ingredients = (over: Partial<Ingredients> = {}): Ingredients => ({
  entries: { main: "a/main.ts" },
  conditions: ["x"],
  sources: new Map([["a/main.ts", "1"], ["a/other.ts", "2"]]),
  packages: ["effect@4.1.0"],
  root: undefined,
  ...over
})

describe("the key", () => {
  it.prop(
    "does not depend on the order of anything",
    [Names, Names, Pairs, Pairs],
    ([conditions, packages, one, two]) => {
      const [sources, entries] = [new Map(one), new Map(two.map(([name, file]) => [`_${name}`, file]))]
      const reversed = <A>(items: Iterable<A>): Array<A> => [...items].toReversed()
      assert.strictEqual(
        canonical({ conditions, packages, sources, entries: Object.fromEntries(entries), root: undefined }),
        canonical({
          conditions: reversed(conditions),
          packages: reversed([...packages, ...packages]),
          sources: new Map(reversed(sources)),
          entries: Object.fromEntries(reversed(entries)),
          root: undefined
        })
      )
    }
  )

  const others: ReadonlyArray<readonly [what: string, over: Partial<Ingredients>]> = [
    ["the name of an entry", { entries: { other: "a/main.ts" } }],
    ["an entry", { entries: { main: "a/other.ts" } }],
    ["one entry more", { entries: { main: "a/main.ts", other: "a/main.ts" } }],
    ["a condition", { conditions: [] }],
    ["the content of a source", { sources: new Map([["a/main.ts", "1"], ["a/other.ts", "3"]]) }],
    ["the name of a source", { sources: new Map([["a/main.ts", "1"], ["a/another.ts", "2"]]) }],
    ["the version of a package", { packages: ["effect@4.1.1"] }],
    ["where it is, if that is in it", { root: "/home/ann/project" }]
  ]
  it.each(others)("depends on %s", (_, over) => {
    assert.notStrictEqual(canonical(ingredients(over)), canonical(ingredients()))
  })
})

describe("a request", () => {
  it.prop("is told from others by its short name", [Pairs, Pairs], ([one, other]) => {
    const [first, second] = [one, other].map((pairs) => requestOf(Object.fromEntries(pairs), []))
    assert.match(shortName(first ?? ""), /^[0-9a-f]{16}$/)
    assert.strictEqual(shortName(first ?? "") === shortName(second ?? ""), first === second)
  })
})

describe("a file", () => {
  const at = 1_000_000
  const file = { size: 10, modified: at - grain - 1 }

  it("is the same if it shows the same", () => {
    assert.strictEqual(judge(file, { ...file }, at), "same")
  })
  it("is changed if it is gone or has another size", () => {
    assert.strictEqual(judge(file, undefined, at), "changed")
    assert.strictEqual(judge(file, { ...file, size: 11 }, at), "changed")
  })
  it("is compared if only its time differs, as after a fresh checkout", () => {
    assert.strictEqual(judge(file, { ...file, modified: 1 }, at), "compare")
  })
  it("is compared if it was changed so shortly before that it may have changed again at the same time", () => {
    const young = { size: 10, modified: at - grain }
    assert.strictEqual(judge(young, young, at), "compare")
  })
  it("of a package is compared whenever it differs, for only its version counts", () => {
    const installed = { ...file, path: "/p/package.json", name: "p", version: "1.0.0" }
    assert.strictEqual(judgePackage(installed, file), "same")
    assert.strictEqual(judgePackage(installed, { ...file, size: 11 }), "compare")
    assert.strictEqual(judgePackage(installed, { ...file, modified: 1 }), "compare")
    assert.strictEqual(judgePackage(installed, undefined), "changed")
  })
})
