import { assert, it } from "@effect/vitest"
import packageJson from "../../package.json" with { type: "json" }
import { conditionsOf, recipe } from "../../src/bundle/Recipe.ts"

it("names the version of rolldown that is installed", () => {
  assert.strictEqual(recipe.rolldown, packageJson.dependencies.rolldown)
})

const cases: ReadonlyArray<
  readonly [execArgv: ReadonlyArray<string>, options: string, conditions: ReadonlyArray<string>]
> = [
  [[], "", []],
  [["--conditions=cadre-source"], "", ["cadre-source"]],
  [["--conditions", "b", "-C", "a", "-C=c", "--conditions=a"], "", ["a", "b", "c"]],
  [["--enable-source-maps"], "--max-old-space-size=100 --conditions=x -C y", ["x", "y"]],
  [["--conditions"], "", []],
  [["-Cz", "--expose-gc"], "", ["z"]]
]
it.each(cases)("reads conditions from %j and %j", (execArgv, options, conditions) => {
  assert.deepStrictEqual(conditionsOf(execArgv, options), conditions)
})
