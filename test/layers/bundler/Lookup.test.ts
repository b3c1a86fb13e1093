import { assert, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { cacheFolder } from "../../../layers/bundler/CacheFolder.ts"

const valueImport = /^(?:import|export) (?!type )(?:[^"]*? from )?"([^"]+)"/gm

/** Whatever a module imports, and what that imports, except types. */
const importsOf = (file: string, found = new Set<string>()): ReadonlySet<string> => {
  for (const [, specifier = ""] of readFileSync(file, "utf8").matchAll(valueImport)) {
    const target = specifier.startsWith(".") ? join(file, "..", specifier) : specifier
    if (found.has(target)) continue
    found.add(target)
    if (specifier.startsWith(".")) importsOf(target, found)
  }
  return found
}

it("loads nothing but Node, for a start that finds its bundle has its `effect` from there", () => {
  const imports = [...importsOf("layers/bundler/Lookup.ts")]
  assert.includeMembers(imports, ["node:fs", "src/bundle/Ingredients.ts", "layers/bundler/CacheFolder.ts"])
  assert.deepStrictEqual(imports.filter((name) => !/^(?:node:|src\/bundle\/|layers\/bundler\/)/.test(name)), [])
})

it("looks where the user's caches are", () => {
  assert.strictEqual(cacheFolder({ XDG_CACHE_HOME: "/x", HOME: "/h" }, "linux"), "/x/cadre/bundles")
  assert.strictEqual(cacheFolder({ XDG_CACHE_HOME: "x", HOME: "/h" }, "linux"), "/h/.cache/cadre/bundles")
  assert.strictEqual(cacheFolder({ HOME: "/h" }, "darwin"), "/h/Library/Caches/cadre/bundles")
  assert.strictEqual(cacheFolder({ LOCALAPPDATA: "/l" }, "win32"), "/l/cadre/Cache/bundles")
  assert.strictEqual(cacheFolder({ USERPROFILE: "/u" }, "win32"), "/u/AppData/Local/cadre/Cache/bundles")
  assert.isUndefined(cacheFolder({}, "linux"))
})
