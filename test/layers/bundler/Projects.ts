/**
 * Folders with modules and packages for bundles to be made of, gone after the
 * tests of a file.
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Effect, Layer } from "effect"
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { onTestFinished } from "vitest"
import * as BundlerRolldown from "../../../layers/bundler/BundlerRolldown.ts"
import { lookup } from "../../../layers/bundler/Lookup.ts"
import { Bundler } from "../../../services/Bundler.ts"
import type { Bundle } from "../../../src/bundle/Bundle.ts"

/** The files of a project, by their paths. */
export type Files = Readonly<Record<string, string>>

/** Writes files, and makes the folders they need. */
export const write = (folder: string, files: Files): void => {
  for (const [path, content] of Object.entries(files)) {
    const file = join(folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
  }
}

/** The files of an installed package. */
export const installed = (name: string, files: Files, packageJson: object = {}): Files =>
  Object.fromEntries([
    [
      `node_modules/${name}/package.json`,
      JSON.stringify({ name, version: "1.0.0", type: "module", exports: "./index.js", ...packageJson })
    ],
    ...Object.entries(files).map(([path, content]) => [`node_modules/${name}/${path}`, content])
  ])

/** A folder that is gone after the test that is running. */
export const temporaryFolder = (): string => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "cadre-bundler-")))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A project in which `effect` and `cadre` are those of this repository. */
export const makeProject = (files: Files): string => {
  const folder = temporaryFolder()
  write(folder, { "package.json": JSON.stringify({ name: "project", version: "1.0.0", type: "module" }), ...files })
  mkdirSync(join(folder, "node_modules"), { recursive: true })
  for (const [name, target] of [["effect", "node_modules/effect"], ["cadre", "."]] as const) {
    symlinkSync(resolve(target), join(folder, "node_modules", name))
  }
  return folder
}

/** Bundles modules into a cache. */
export const bundle = (
  cache: string,
  entries: Readonly<Record<string, string>>,
  conditions: ReadonlyArray<string> | undefined = []
) =>
  Effect.flatMap(Bundler, (bundler) => bundler.bundle(entries)).pipe(
    Effect.provide(
      BundlerRolldown.layerWith({ folder: cache, conditions }).pipe(Layer.provide(NodeFileSystem.layer))
    )
  )

/** A project of these files, whose `main.ts` is bundled into a cache of its own. */
export const project = (files: Files) => {
  const folder = makeProject(files)
  const cache = join(temporaryFolder(), "cache")
  const main = join(folder, "main.ts")
  return {
    folder,
    cache,
    main,
    bundle: bundle(cache, { main }),
    lookup: () => lookup({ main }, { folder: cache, conditions: [] })
  }
}

/** What a bundled module exports: it runs in this process. */
export const load = (bundle: Bundle, name = "main") =>
  Effect.promise((): Promise<Readonly<Record<string, unknown>>> => import(bundle.entries[name] ?? ""))
