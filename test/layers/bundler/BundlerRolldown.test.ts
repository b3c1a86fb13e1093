import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"
import * as BundlerRolldown from "../../../layers/bundler/BundlerRolldown.ts"
import { lookup } from "../../../layers/bundler/Lookup.ts"
import { Bundler } from "../../../services/Bundler.ts"
import type { Bundle } from "../../../src/bundle/Bundle.ts"
import { bundle, installed, load, makeProject, project, write } from "./Projects.ts"

describe("the cache", () => {
  const files = { "main.ts": `export { a } from "./a.ts"\n`, "a.ts": "export const a: number = 1\n" }

  it.live("finds what was made before, with or without Effect", () =>
    Effect.gen(function*() {
      const made = project(files)
      assert.isUndefined(made.lookup())
      const first = yield* made.bundle
      assert.isFalse(first.isCached)
      assert.deepStrictEqual(yield* made.bundle, { ...first, isCached: true })
      assert.deepStrictEqual(made.lookup(), { ...first, isCached: true })
      assert.strictEqual((yield* load(first))["a"], 1)
      assert.strictEqual(statSync(made.cache).mode & 0o777, 0o700)
      // Without it Node would parse each chunk twice.
      assert.strictEqual(readFileSync(join(first.folder, "package.json"), "utf8"), `{"type":"module"}`)
    }))

  it.live("asks for the same by an URL, and for something else by another name or condition", () =>
    Effect.gen(function*() {
      const made = project(files)
      const { key } = yield* made.bundle
      const url = new URL(`file://${made.main}`).href
      assert.strictEqual(lookup({ main: url }, { folder: made.cache, conditions: [] })?.key, key)
      assert.isUndefined(lookup({ other: made.main }, { folder: made.cache, conditions: [] }))
      assert.isUndefined(lookup({ main: made.main }, { folder: made.cache, conditions: ["x"] }))
      assert.notStrictEqual((yield* bundle(made.cache, { main: made.main }, ["x"])).key, key)
    }))

  it.live("notices a changed source, and knows the old one again", () =>
    Effect.gen(function*() {
      const made = project(files)
      const first = yield* made.bundle
      write(made.folder, { "a.ts": "export const a: number = 2\n" })
      assert.isUndefined(made.lookup())
      const second = yield* made.bundle
      assert.notStrictEqual(second.key, first.key)
      assert.strictEqual((yield* load(second))["a"], 2)
      write(made.folder, { "a.ts": files["a.ts"] })
      assert.deepStrictEqual(yield* made.bundle, { ...first, isCached: true })
    }))

  it.live("finds it in a checkout whose times are new, and compares only once", () =>
    Effect.gen(function*() {
      const made = project(files)
      const { key } = yield* made.bundle
      utimesSync(join(made.folder, "a.ts"), 1_000, 1_000)
      assert.strictEqual(made.lookup()?.key, key)
      const manifest = () =>
        readdirSync(made.cache).filter((name) => name.endsWith(".json"))
          .map((name) => readFileSync(join(made.cache, name), "utf8"))
      assert.include(manifest().join(), `"modified":1000000`)
    }))

  it.live("notices another version of a package, and not another time of it", () =>
    Effect.gen(function*() {
      const packageOf = (version: string) => installed("p", { "index.js": "export const p = 1" }, { version })
      const made = project({ "main.ts": `export { p } from "p"`, ...packageOf("1.0.0") })
      const first = yield* made.bundle
      utimesSync(join(made.folder, "node_modules/p/package.json"), 1_000, 1_000)
      assert.strictEqual(made.lookup()?.key, first.key)
      write(made.folder, packageOf("1.0.1"))
      assert.isUndefined(made.lookup())
      assert.notStrictEqual((yield* made.bundle).key, first.key)
    }))

  it.live("gives the same key in another folder, and an artefact of its own", () =>
    Effect.gen(function*() {
      const [one, other] = [project(files), project(files)]
      const [first, second] = [yield* one.bundle, yield* other.bundle]
      assert.strictEqual(first.key, second.key)
      assert.isTrue(first.isPortable)
      assert.notStrictEqual(basename(first.folder), basename(second.folder))
    }))

  const damages: ReadonlyArray<readonly [what: string, damage: (bundle: Bundle) => void]> = [
    ["a missing chunk", ({ entries }) => rmSync(fileURLToPath(entries["main"] ?? ""))],
    ["a truncated chunk", ({ entries }) => truncateSync(fileURLToPath(entries["main"] ?? ""), 3)],
    ["a missing description", ({ folder }) => rmSync(join(folder, "bundle.json"))],
    ["a description that is none", ({ folder }) => writeFileSync(join(folder, "bundle.json"), "{")],
    ["a missing folder", ({ folder }) => rmSync(folder, { recursive: true })],
    ["a manifest that is none", ({ folder }) => {
      const cache = join(folder, "..")
      for (const name of readdirSync(cache)) if (name.endsWith(".json")) truncateSync(join(cache, name), 20)
    }]
  ]
  it.live.each(damages)("mends %s", ([, damage]) =>
    Effect.gen(function*() {
      const made = project(files)
      const first = yield* made.bundle
      damage(first)
      assert.isUndefined(made.lookup())
      const second = yield* made.bundle
      assert.strictEqual(second.key, first.key)
      assert.isDefined(made.lookup())
      assert.isTrue(statSync(fileURLToPath(second.entries["main"] ?? "")).size > 3)
      assert.deepStrictEqual(readdirSync(made.cache).filter((name) => name.startsWith("tmp-")), [])
    }))

  it.live("is trusted only if nobody else can write there", () =>
    Effect.gen(function*() {
      const made = project(files)
      yield* made.bundle
      chmodSync(made.cache, 0o777)
      assert.isUndefined(made.lookup())
      yield* made.bundle
      assert.strictEqual(statSync(made.cache).mode & 0o777, 0o700)
    }))

  it.live("prunes what was not used for long, with what led to it", () =>
    Effect.gen(function*() {
      const made = project(files)
      const old = yield* made.bundle
      const before = new Date(Date.now() - 31 * 86_400_000)
      utimesSync(join(old.folder, "bundle.json"), before, before)
      utimesSync(join(made.cache, "pruned"), before, before)
      write(made.folder, { "other.ts": "export {}" })
      write(made.cache, { "0123456789abcdef.json": "{" })
      yield* bundle(made.cache, { other: join(made.folder, "other.ts") })
      assert.isFalse(readdirSync(made.cache).includes(basename(old.folder)))
      assert.lengthOf(readdirSync(made.cache).filter((name) => name.endsWith(".json")), 1)
    }))

  it.live("keeps what it makes again just now", () =>
    Effect.gen(function*() {
      const made = project(files)
      const old = yield* made.bundle
      const before = new Date(Date.now() - 31 * 86_400_000)
      for (const name of readdirSync(made.cache)) if (name.endsWith(".json")) rmSync(join(made.cache, name))
      utimesSync(join(old.folder, "bundle.json"), before, before)
      utimesSync(join(made.cache, "pruned"), before, before)
      assert.deepStrictEqual(yield* made.bundle, { ...old, isCached: true })
      assert.isDefined(made.lookup())
    }))

  it.live("keeps what was looked up a moment ago", () =>
    Effect.gen(function*() {
      const made = project(files)
      const old = yield* made.bundle
      const before = new Date(Date.now() - 31 * 86_400_000)
      utimesSync(join(old.folder, "bundle.json"), before, before)
      assert.isDefined(made.lookup())
      utimesSync(join(made.cache, "pruned"), before, before)
      write(made.folder, { "other.ts": "export {}" })
      yield* bundle(made.cache, { other: join(made.folder, "other.ts") })
      assert.isTrue(readdirSync(made.cache).includes(basename(old.folder)))
    }))

  const refusals: ReadonlyArray<readonly [where: string, makeFolder: (project: string) => string]> = [
    ["it cannot write", (project) => join(project, "a.ts/cache")],
    ["a folder is not its own", (project) => {
      const folder = join(project, "cache")
      mkdirSync(folder)
      chownSync(folder, 4_321, 4_321)
      return folder
    }]
  ]
  // Only root can give a folder away.
  const possible = refusals.slice(0, process.getuid?.() === 0 ? 2 : 1)
  it.live.each(possible)("does without, and says so, where %s", ([, makeFolder]) =>
    Effect.gen(function*() {
      const folder = makeProject(files)
      const impossible = makeFolder(folder)
      const said: Array<unknown> = []
      const logger = Logger.make(({ message }) => said.push(message))
      const made = yield* Effect.gen(function*() {
        const bundler = yield* Bundler
        const made = yield* bundler.bundle({ main: join(folder, "main.ts") })
        assert.strictEqual((yield* load(made))["a"], 1)
        assert.isTrue((yield* bundler.bundle({ main: join(folder, "main.ts") })).isCached)
        return made
      }).pipe(
        Effect.provide(
          BundlerRolldown.layerWith({ folder: impossible, conditions: [] }).pipe(
            Layer.provide(NodeFileSystem.layer),
            Layer.merge(Logger.layer([logger]))
          )
        )
      )
      assert.lengthOf(said, 1)
      assert.match(String(said[0]), /Bundles are not kept: .*cache cannot be used \(.+\).*XDG_CACHE_HOME/s)
      assert.isUndefined(statSync(made.folder, { throwIfNoEntry: false }))
    }))

  it.live("makes it once for all who ask at the same time", () =>
    Effect.gen(function*() {
      const made = project(files)
      const bundler = yield* Bundler.pipe(
        Effect.provide(
          BundlerRolldown.layerWith({ folder: made.cache, conditions: [] }).pipe(Layer.provide(NodeFileSystem.layer))
        )
      )
      const all = yield* Effect.all([1, 2, 3].map(() => bundler.bundle({ main: made.main })), { concurrency: 3 })
      assert.deepStrictEqual(all.map(({ isCached }) => isCached), [false, true, true])
    }))
})
