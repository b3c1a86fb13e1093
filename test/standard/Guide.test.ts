import { assert, describe, it } from "@effect/vitest"
import * as Library from "cadre/standard"
import { Console, Effect, Predicate } from "effect"
import { readFileSync } from "node:fs"
import { program } from "../../examples/standard.ts"

const text = readFileSync("docs/guide/standard.md", "utf8")
const rows = text.split("\n").filter((line) => line.startsWith("| `"))

describe("the guide", () => {
  it.live("shows an example that runs", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const log = (...values: ReadonlyArray<unknown>) => void lines.push(values.map(String).join(" "))
      yield* Effect.provideService(program, Console.Console, { ...console, log })
      assert.deepStrictEqual(lines, [
        "hello",
        "64 bytes for many",
        "Ada\nLovelace",
        "code 3: no space left",
        "55",
        "Failed",
        "354224848179261915075"
      ])
    }))

  it("has a row for each task, with all that its payload has", () => {
    assert.strictEqual(rows.length, Library.Standard.tasks.size)
    for (const { name, payload } of Library.Standard.tasks.values()) {
      const row = rows.find((row) => row.startsWith(`| \`${name}\` |`)) ?? assert.fail(`There is no row for ${name}`)
      const fields = Predicate.hasProperty(payload, "fields") && Predicate.isObject(payload.fields)
        ? payload.fields
        : {}
      for (const field of Object.keys(fields)) assert.match(row, new RegExp(`\`${field}[\` ]`))
    }
  })

  it("names every error", () => {
    const errors = Object.entries(Library).filter(([, value]) =>
      typeof value === "function" && value.prototype instanceof Error
    )
    assert.isAbove(errors.length, 10)
    for (const [name] of errors) assert.include(text, `\`${name}\``)
  })
})
