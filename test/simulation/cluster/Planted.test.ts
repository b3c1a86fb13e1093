import { afterAll, assert, describe, it } from "@effect/vitest"
import { bugs } from "./Bugs.ts"
import { occurrences, Plants } from "./Plant.ts"

/** So many seeds, from that of the bug on, are enough for each. */
const budget = process.env["CADRE_SOAK"] === undefined ? 16 : 100

describe("a cluster with a planted bug", () => {
  const plants = new Plants()
  afterAll(() => plants.dispose())

  it.each(bugs)("is found out: $name", async (bug) => {
    assert.strictEqual(occurrences(bug), 1, "there must be one place that is meant")
    const { find } = await plants.plant(bug)
    assert.isDefined(await find(bug.seed, budget, bug.theme), "nobody noticed")
  })

  it("is not imagined where there is none", async () => {
    const { find } = await plants.plant({
      name: "none",
      file: "layers/server/Shell.ts",
      find: "",
      replace: "",
      seed: 1
    })
    assert.isUndefined(await find(1, 5))
  })
})
