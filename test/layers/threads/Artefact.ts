/**
 * Task modules in one bundle with what starts threads: those are up several
 * times as fast as from source.
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Effect, Layer } from "effect"
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import * as BundlerRolldown from "../../../layers/bundler/BundlerRolldown.ts"
import { Bundler } from "../../../services/Bundler.ts"
import { TaskModule } from "../../../services/TaskModule.ts"

const source = fileURLToPath(new URL("../../../src/main/thread.ts", import.meta.url))

/** A bundle in a folder of its own. */
export interface Artefact {
  readonly entry: URL
  /** The module as the bundle has it. */
  readonly module: <M extends TaskModule.Any>(module: M) => M
  /** A module that was given as text. */
  readonly written: (name: string) => TaskModule.Any
  readonly remove: () => void
}

/** Bundles modules, some of which are given as text, by name; those find `effect` and `cadre`. */
export const make = async (
  modules: ReadonlyArray<TaskModule.Any>,
  texts: Readonly<Record<string, string>> = {}
): Promise<Artefact> => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "cadre-threads-")))
  const project = join(folder, "project")
  mkdirSync(join(project, "node_modules"), { recursive: true })
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "project", version: "1.0.0", type: "module" }))
  symlinkSync(resolve("node_modules/effect"), join(project, "node_modules/effect"))
  symlinkSync(resolve("."), join(project, "node_modules/cadre"))
  const paths: Record<string, string> = { thread: source }
  for (const [index, { url }] of modules.entries()) paths[`tasks${index}`] = fileURLToPath(url)
  for (const [name, text] of Object.entries(texts)) writeFileSync(paths[name] = join(project, `${name}.ts`), text)
  const bundler = Layer.provide(BundlerRolldown.layerWith({ folder: join(folder, "cache") }), NodeFileSystem.layer)
  const bundling = Effect.flatMap(Bundler, ({ bundle }) => bundle(paths))
  const { entries } = await Effect.runPromise(Effect.provide(bundling, bundler))
  return {
    entry: new URL(entries["thread"] ?? ""),
    module: (module) => ({ ...module, url: entries[`tasks${modules.indexOf(module)}`] ?? module.url }),
    written: (name) => TaskModule.make(entries[name] ?? "", Layer.empty as Layer.Layer<never>),
    remove: () => rmSync(folder, { recursive: true, force: true })
  }
}
