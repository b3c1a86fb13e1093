import { assert, describe, it } from "@effect/vitest"
import { copiesAmong, nativeBecause, type PackageFacts } from "../../src/bundle/PackageFacts.ts"

const facts = (over: Partial<PackageFacts> = {}): PackageFacts => ({
  folder: "/p/node_modules/a",
  name: "a",
  version: "1.0.0",
  packageJson: {},
  files: ["index.js", "package.json"],
  ...over
})

describe("native code", () => {
  const natives: ReadonlyArray<readonly [reason: string, over: Partial<PackageFacts>]> = [
    ["it is built with node-gyp", { files: ["binding.gyp"] }],
    ["it is built with node-gyp", { packageJson: { gypfile: true } }],
    ["it comes with prebuilt binaries", { files: ["prebuilds"] }],
    ["it is a napi-rs addon", { packageJson: { napi: { binaryName: "a" } } }],
    ["it holds a.linux-x64-gnu.node", { files: ["a.linux-x64-gnu.node"] }],
    ["it depends on bindings", { packageJson: { dependencies: { bindings: "^1.5.0" } } }],
    ["it depends on node-gyp-build", { packageJson: { dependencies: { "node-gyp-build": "^4" } } }]
  ]
  it.each(natives)("is known because %s", (reason, over) => {
    assert.strictEqual(nativeBecause(facts(over)), reason)
  })

  it("is not suspected of other packages", () => {
    assert.isUndefined(nativeBecause(facts()))
    assert.isUndefined(nativeBecause(facts({ packageJson: { dependencies: { effect: "4" }, gypfile: false } })))
    assert.isUndefined(nativeBecause(facts({ packageJson: { dependencies: "bindings" }, files: ["node.js"] })))
  })
})

describe("copies", () => {
  const effect = (folder: string, version: string) => facts({ name: "effect", folder, version })

  it("are named with their folders and versions", () => {
    assert.deepStrictEqual(
      copiesAmong([effect("/b", "4.1.0"), facts(), effect("/a", "4.0.0"), effect("/b", "4.1.0")]),
      [{
        name: "effect",
        copies: [{ folder: "/a", version: "4.0.0" }, { folder: "/b", version: "4.1.0" }]
      }]
    )
  })

  it("of the same version are two all the same", () => {
    assert.lengthOf(copiesAmong([effect("/a", "4.1.0"), effect("/b", "4.1.0")]), 1)
  })

  it("of other packages do no harm", () => {
    assert.deepStrictEqual(copiesAmong([facts({ folder: "/a" }), facts({ folder: "/b" }), effect("/c", "4.1.0")]), [])
  })
})
