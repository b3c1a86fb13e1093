import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import type { Bundle } from "../../../src/bundle/Bundle.ts"
import type { BundleFailed } from "../../../src/bundle/BundleFailed.ts"
import { bundle, type Files, installed, load, project, write } from "./Projects.ts"

const failure = (effect: Effect.Effect<Bundle, BundleFailed>) =>
  Effect.map(Effect.flip(effect), ({ message }) => message)

const outsideOf = ({ outside }: Bundle): ReadonlyArray<string> =>
  outside.map(({ importer, reason, specifier }) => `${basename(importer)}: ${specifier}: ${reason}`)

describe("what cannot be bundled", () => {
  const failures: ReadonlyArray<readonly [what: string, files: Files, message: RegExp]> = [
    ["no such file", {}, /main\.ts: There is no such file\. Check/],
    ["a module that is not there", { "main.ts": `\nimport "./a.ts"` }, /main\.ts:2:8: There is no \.\/a\.ts\. Name/],
    [
      "a package that is not there",
      { "main.ts": `import a from "nowhere"\na()` },
      /main\.ts:1:15: The package of nowhere/
    ],
    [
      "a syntax error",
      { "main.ts": `import "./a.ts"`, "a.ts": "const a =\n  1 +\n;" },
      /a\.ts:3:1: It cannot be parsed/
    ],
    [
      "a missing export",
      { "main.ts": `import { b } from "./a.ts"\nb()`, "a.ts": "" },
      /main\.ts:1:10: "b" is not exported/
    ]
  ]
  it.live.each(failures)("is named: %s", ([, files, message]) =>
    Effect.gen(function*() {
      const made = project(files)
      const said = yield* failure(made.bundle)
      assert.match(said, message)
      assert.notInclude(said, "\n    at ")
      assert.isUndefined(made.lookup())
    }))

  it.live("is named: what is no module, and nothing", () =>
    Effect.gen(function*() {
      const { folder } = project({ "data.json": "{}" })
      const cache = join(folder, "cache")
      assert.match(
        yield* failure(bundle(cache, { main: join(folder, "data.json") })),
        /neither JavaScript nor TypeScript/
      )
      assert.match(yield* failure(bundle(cache, { main: folder })), /There is no such file/)
      assert.match(yield* failure(bundle(cache, { main: "file://elsewhere/x" })), /Name modules by/)
      assert.match(yield* failure(bundle(cache, {})), /Nothing was asked for/)
    }))

  it.live("is named: two copies of effect", () =>
    Effect.gen(function*() {
      const copy = installed("effect", { "index.js": "export const effect = console.log(2)" }, { version: "4.0.0" })
      const nested = Object.fromEntries(Object.entries(copy).map(([path, text]) => [`node_modules/old/${path}`, text]))
      const made = project({
        "main.ts": `import { Effect } from "effect"\nexport { effect } from "old"\nexport const a = Effect.succeed(1)`,
        ...installed("old", { "index.js": `export { effect } from "effect"` }),
        ...nested
      })
      const said = yield* failure(made.bundle)
      assert.match(said, /^There are 2 copies of effect: /)
      assert.include(said, `4.0.0 in ${made.folder}/node_modules/old/node_modules/effect`)
      assert.match(said, /npm ls effect .* npm dedupe/)
    }))
})

describe("what stays outside", () => {
  it.live("native packages, by the place where they are", () =>
    Effect.gen(function*() {
      const made = project({
        "main.ts":
          `import { native } from "native"\nimport cjs from "cjs"\nexport const all = [native, cjs.native, import.meta.resolve("native")]`,
        ...installed("native", { "index.js": "exports.native = __filename", "binding.gyp": "{}" }, {
          type: "commonjs"
        }),
        ...installed("cjs", { "index.js": `exports.native = require("native").native` }, { type: "commonjs" })
      })
      const done = yield* made.bundle
      const reason = "It has native code (it is built with node-gyp). It is imported from where it is installed"
      assert.deepStrictEqual(outsideOf(done), [`main.ts: native: ${reason}`, `index.js: native: ${reason}`])
      assert.isFalse(done.isPortable)
      const file = join(made.folder, "node_modules/native/index.js")
      assert.deepStrictEqual((yield* load(done))["all"], [file, file, pathToFileURL(file).href])
    }))

  it.live("and not what Cadre itself imports by its URL", () =>
    Effect.gen(function*() {
      const files = { "main.ts": "export const load = (url: string): Promise<unknown> => import(url)" }
      assert.lengthOf((yield* project(files).bundle).outside, 1)
      const cadre = { ...files, "package.json": JSON.stringify({ name: "cadre", type: "module" }) }
      assert.lengthOf((yield* project(cadre).bundle).outside, 0)
    }))

  it.live("packages that cannot be bundled", () =>
    Effect.gen(function*() {
      const made = project({
        "main.ts": `export const broken = (): Promise<unknown> => import("broken")`,
        ...installed("broken", { "index.js": "const = 1" })
      })
      const [said, ...others] = outsideOf(yield* made.bundle)
      assert.match(said ?? "", /^main\.ts: broken: It cannot be bundled: It cannot be parsed: /)
      assert.lengthOf(others, 0)
    }))

  it.live("what is computed, not installed, or next to its source", () =>
    Effect.gen(function*() {
      const made = project({
        "main.ts": `
          export const some = (name: string): Promise<unknown> => import(name)
          export const optional = (): Promise<unknown> => import("nowhere")
          export const found = () => import.meta.resolve("nowhere/else")
          export const place = [import.meta.dirname, import.meta.filename, import.meta.url]
          export const { url } = import.meta
          export const folder = new URL("./folder/", import.meta.url).href
          export { at } from "cjs"`,
        ...installed("cjs", { "index.js": "\"use strict\"\nexports.at = [__dirname, __filename]" }, {
          type: "commonjs"
        })
      })
      const done = yield* made.bundle
      const reasons = new Map(done.outside.map(({ reason, specifier }) => [specifier, reason.slice(0, 15)]))
      assert.deepStrictEqual(
        reasons,
        new Map([
          ["\"./folder/\"", "It is not porta"],
          ["__dirname", "It is not porta"],
          ["__filename", "It is not porta"],
          ["import(name)", "It is computed "],
          ["import.meta", "It is not porta"],
          ["import.meta.dirname", "It is not porta"],
          ["import.meta.filename", "It is not porta"],
          ["import.meta.url", "It is not porta"],
          ["nowhere", "It is not insta"],
          ["nowhere/else", "It is not insta"]
        ])
      )
      const { at, folder, place, url } = yield* load(done)
      const source = new URL(`file://${made.main}`).href
      assert.deepStrictEqual(place, [made.folder, made.main, source])
      assert.deepStrictEqual([url, folder], [source, new URL("./folder/", source).href])
      const cjs = join(made.folder, "node_modules/cjs")
      assert.deepStrictEqual(at, [cjs, join(cjs, "index.js")])
    }))
})

describe("what is inside", () => {
  it.live("TypeScript as Node runs it, whatever a tsconfig.json says", () =>
    Effect.gen(function*() {
      const made = project({
        "tsconfig.json": JSON.stringify({ compilerOptions: { target: "ES2015", useDefineForClassFields: false } }),
        "main.ts":
          `import "./effects.mts"\nclass A { declared: unknown }\nexport const keys: Array<string> = Object.keys(new A())`,
        "effects.mts": "type T = string\nglobalThis.bundlerTest = \"ran\" as T"
      })
      const { keys } = yield* load(yield* made.bundle)
      assert.deepStrictEqual(keys, ["declared"])
      assert.strictEqual(Reflect.get(globalThis, "bundlerTest"), "ran")
      Reflect.deleteProperty(globalThis, "bundlerTest")
    }))

  it.live("packages by their conditions, those of Node and those that were asked for", () =>
    Effect.gen(function*() {
      const exports = { special: "./special.js", require: "./required.cjs", import: "./imported.js" }
      const made = project({
        "main.ts": `export { c } from "p"`,
        ...installed("p", {
          "special.js": "export const c = 'special'",
          "imported.js": "export const c = 'imported'",
          "required.cjs": "exports.c = 'required'"
        }, { exports })
      })
      assert.strictEqual((yield* load(yield* made.bundle))["c"], "imported")
      assert.strictEqual((yield* load(yield* bundle(made.cache, { main: made.main }, ["special"])))["c"], "special")
    }))

  it.live("assets and modules that are named by their place", () =>
    Effect.gen(function*() {
      const made = project({
        "main.ts": `
          export const asset = new URL("./logo.txt", import.meta.url)
          export const resolved = import.meta.resolve("./logo.txt")
          export const module = new URL("./worker.ts", import.meta.url)
          export const thread = import.meta.resolve("p/thread")
          export const node = import.meta.resolve("node:fs")`,
        "logo.txt": "logo",
        "worker.ts": `import { shared } from "p"\nexport const worker: unknown = shared`,
        ...installed("p", {
          "index.js": `export { shared } from "./shared.js"`,
          "thread.js": `export { shared as thread } from "./shared.js"`,
          "shared.js": "export const shared = {}"
        }, { exports: { ".": "./index.js", "./thread": "./thread.js" } })
      })
      const done = yield* made.bundle
      assert.deepStrictEqual([done.outside, done.isPortable], [[], true])
      const { asset, module, node, resolved, thread } = yield* load(done)
      assert.strictEqual(String(asset), resolved)
      assert.strictEqual(node, "node:fs")
      for (const url of [asset, module, thread]) assert.strictEqual(join(fileURLToPath(String(url)), ".."), done.folder)
      assert.strictEqual(readFileSync(fileURLToPath(String(asset)), "utf8"), "logo")
      const modules = yield* Effect.promise(() => Promise.all([import(String(module)), import(String(thread))]))
      assert.strictEqual(modules[0].worker, modules[1].thread)
      write(made.folder, { "logo.txt": "LOGO" })
      assert.isUndefined(made.lookup())
    }))

  it.live("one copy of what several entries share", () =>
    Effect.gen(function*() {
      const made = project({
        "main.ts": `export { shared } from "./shared.ts"\nexport { other } from "./other.ts"`,
        "shared.ts": "export const shared = {}"
      })
      const url = pathToFileURL(join(made.folder, "shared.ts")).href
      write(made.folder, { "other.ts": `import { shared } from ${JSON.stringify(url)}\nexport const other = shared` })
      const done = yield* bundle(made.cache, { main: made.main, other: join(made.folder, "other.ts") })
      const [main, other] = [yield* load(done), yield* load(done, "other")]
      assert.strictEqual(main["shared"], other["other"])
      assert.strictEqual(main["other"], other["other"])
    }))
})
