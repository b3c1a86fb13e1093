/**
 * The files that processes are started with: a server, and executors with a
 * module of the user.
 *
 * @since 0.1.0
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Context, Effect, Layer } from "effect"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import process from "node:process"
import { fileURLToPath, pathToFileURL } from "node:url"
import { Bundler } from "../../services/Bundler.ts"
import type { Bundle } from "../../src/bundle/Bundle.ts"
import { BundleFailed } from "../../src/bundle/BundleFailed.ts"
import { NoServer } from "../../src/host/HostError.ts"
import { artefactIn, lookup, type LookupOptions, ownConditions } from "../bundler/Lookup.ts"

/** Where Cadre itself is, for who knows better than its imports do: the URL of the folder of its entry points. */
export const Home = Context.Reference<string | undefined>("cadre/layers/host/Entries/Home", {
  defaultValue: () => undefined
})

/** Where bundles are kept, if not in the user's cache, and under which conditions modules are imported. */
export const Cache = Context.Reference<LookupOptions>("cadre/layers/host/Entries/Cache", { defaultValue: () => ({}) })

const isSource = (url: string): boolean => url.endsWith(".ts")

/** As a bundle that holds this very file does not find what is installed, the program's folder is asked as well. */
const resolved = (name: string): string | undefined => {
  const specifier = `cadre/${name}`
  try {
    return import.meta.resolve(specifier)
  } catch {
    try {
      const { resolve } = createRequire(pathToFileURL(join(process.cwd(), "program.js")))
      return pathToFileURL(resolve(specifier)).href
    } catch {
      return undefined
    }
  }
}

/** The URL of an entry of Cadre's own, next to `executor`. */
const beside = (executor: string, name: string): string =>
  new URL(`./${name}${isSource(executor) ? ".ts" : ".js"}`, executor).href

const entry = (name: "executor" | "server"): Effect.Effect<string | undefined> =>
  Effect.map(Home, (home) => {
    if (home === undefined) return resolved(name)
    const source = home.endsWith("src/main/") && !home.endsWith("dist/src/main/")
    return new URL(`./${source ? `${name}.ts` : name === "server" ? "shipped/server.js" : `${name}.js`}`, home).href
  })

/** Bundles, loading what that takes only now. */
const bundled = (entries: Readonly<Record<string, string>>): Effect.Effect<Bundle, BundleFailed> =>
  Effect.flatMap(Cache, (options) => {
    const found = lookup(entries, options)
    if (found !== undefined) return Effect.succeed(found)
    return Effect.promise(() => import("../bundler/BundlerRolldown.ts")).pipe(
      Effect.flatMap(({ layerWith }) => Layer.build(Layer.provide(layerWith(options), NodeFileSystem.layer))),
      Effect.flatMap((services) => Context.get(services, Bundler).bundle(entries)),
      Effect.scoped
    )
  })

const wordsFor = (url: string): ReadonlyArray<string> => [
  ...ownConditions().map((condition) => `--conditions=${condition}`),
  fileURLToPath(url)
]

/** Node's words for a server. A checkout's is bundled, once, as modules are: it starts in a third of the time. */
export const serverWords: Effect.Effect<ReadonlyArray<string>, NoServer> = Effect.gen(function*() {
  const url = yield* entry("server")
  if (url === undefined) {
    return yield* new NoServer({
      address: "this machine",
      reason: "cadre, which has the server, is not installed where this program can find it: install it, or start " +
        "a server with cadre server start"
    })
  }
  if (!isSource(url)) return wordsFor(url)
  const { entries } = yield* Effect.orElseSucceed(bundled({ server: url }), () => ({ entries: { server: url } }))
  return wordsFor(entries["server"] ?? url)
})

/** A module as processes can be started with it. */
export interface Startable {
  /** Of its contents. */
  readonly key: string
  readonly entries: { readonly module: string; readonly executor: string; readonly thread: string }
  readonly conditions: ReadonlyArray<string>
}

const noExecutor = new BundleFailed({
  problems: [{
    what: "cadre, which executors are started with, cannot be found from this program",
    mend: "Install it where the program is"
  }]
})

/** What can be started of an artefact. */
const partsOf = ({ entries, key }: Pick<Bundle, "entries" | "key">, module: string): Startable | undefined => {
  const { executor, thread } = entries
  return executor === undefined || thread === undefined
    ? undefined
    : { key, entries: { module, executor, thread }, conditions: [] }
}

/** The artefact that a module is in, if it has been bundled. */
const around = (module: string): Startable | undefined => {
  if (!module.startsWith("file:")) return undefined
  const artefact = artefactIn(dirname(fileURLToPath(module)))
  return artefact === undefined ? undefined : partsOf(artefact, module)
}

/** The module at an URL as a bundle with all that its executors need; it is the one that the command line makes. */
export const startable = Effect.fnUntraced(function*(module: string) {
  const known = around(module)
  if (known !== undefined) return known
  const executor = yield* entry("executor")
  if (executor === undefined) return yield* noExecutor
  const bundle = yield* bundled({
    cli: beside(executor, "commands/module"),
    module,
    thread: beside(executor, "thread"),
    executor
  })
  return partsOf(bundle, bundle.entries["module"] ?? module) ?? (yield* noExecutor)
})
