import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type { Manifest } from "../../src/bundle/Ingredients.ts"
import { type Description, isWhole, parseDescription, parseManifest } from "../../src/bundle/Record.ts"

const manifest: Manifest = {
  request: "r",
  at: 3,
  bundle: "abc-1",
  inputs: [{ path: "/p/a.ts", size: 1, modified: 2.5, hash: "h" }],
  packages: [{ path: "/p/package.json", size: 1, modified: 2, name: "p", version: "1.0.0" }]
}
const description: Description = {
  key: "k",
  entries: { main: "main-1.js" },
  files: { "main-1.js": 10, "main-1.js.map": 20, "logo-1.png": 3 },
  outside: [{ specifier: "a", importer: "/p/a.ts", reason: "native" }],
  isPortable: true
}

describe("a record", () => {
  it("is read as it was written", () => {
    assert.deepStrictEqual(parseManifest(JSON.stringify(manifest)), manifest)
    assert.deepStrictEqual(parseDescription(JSON.stringify(description)), description)
  })

  it("is nothing without one of its fields", () => {
    const without = (value: object, field: string): string =>
      JSON.stringify(Object.fromEntries(Object.entries(value).filter(([name]) => name !== field)))
    for (const field of Object.keys(manifest)) assert.isUndefined(parseManifest(without(manifest, field)))
    for (const field of Object.keys(description)) assert.isUndefined(parseDescription(without(description, field)))
    const [input] = manifest.inputs
    for (const field of Object.keys(input ?? {})) {
      const damaged = { ...manifest, inputs: [JSON.parse(without(input ?? {}, field))] }
      assert.isUndefined(parseManifest(JSON.stringify(damaged)))
    }
  })

  it("leads nowhere out of its folder", () => {
    for (const name of ["../x", "a/b", "..", ".", "", "/etc/passwd", "a\\b"]) {
      assert.isUndefined(parseManifest(JSON.stringify({ ...manifest, bundle: name })), name)
      assert.isUndefined(parseDescription(JSON.stringify({ ...description, entries: { main: name } })), name)
      assert.isUndefined(parseDescription(JSON.stringify({ ...description, files: { [name]: 1 } })), name)
    }
  })

  it.prop(
    "is nothing if it was cut short",
    [Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 400 }))],
    ([length]) => {
      const [one, other] = [JSON.stringify(manifest), JSON.stringify(description)]
      assert.isUndefined(parseManifest(one.slice(0, Math.min(length, one.length - 1))))
      assert.isUndefined(parseDescription(other.slice(0, Math.min(length, other.length - 1))))
    }
  )

  it.prop("is nothing if it is anything else", [Schema.Json], ([value]) => {
    assert.isUndefined(parseManifest(JSON.stringify(value)))
    assert.isUndefined(parseDescription(JSON.stringify(value)))
  })

  it("is whole if its entries are among its files", () => {
    assert.isTrue(isWhole(description))
    assert.isFalse(isWhole({ ...description, entries: { main: "gone.js" } }))
  })
})
