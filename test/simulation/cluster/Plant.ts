/**
 * Runs the drills against code with a defect in it: whatever imports the changed
 * file is loaded once more, with everything else as it is.
 */
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { registerHooks } from "node:module"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import type * as Drills from "./Drill.ts"

/** A deliberate defect: one place in one file, and what is to stand there. */
export interface Bug {
  readonly name: string
  readonly file: string
  readonly find: string
  readonly replace: string
  /** A seed that finds it; the search begins there. */
  readonly seed: number
  /** What it takes to show, if not the usual. */
  readonly theme?: Drills.Theme
}

/** What is loaded anew. */
type Drill = typeof Drills

const drill = resolve("test/simulation/cluster/Drill.ts")
const folder = "node_modules/.cache/cadre/planted-cluster"

/** By file, those that import it. */
const importers = (): ReadonlyMap<string, ReadonlySet<string>> => {
  const all = new Map<string, Set<string>>()
  for (const file of globSync(["{src,services,layers}/**/*.ts", "test/simulation/cluster/*.ts"])) {
    for (const [, path = ""] of readFileSync(file, "utf8").matchAll(/(?:from|import\()\s*"(\.[^"]+\.ts)"/g)) {
      const target = resolve(dirname(file), path)
      const others = all.get(target)
      if (others === undefined) all.set(target, new Set([resolve(file)]))
      else others.add(resolve(file))
    }
  }
  return all
}

/** The file, and whatever imports it, at however many removes. */
const touched = (file: string, by: ReadonlyMap<string, ReadonlySet<string>>): ReadonlySet<string> => {
  const all = new Set([file])
  for (const each of all) for (const importer of by.get(each) ?? []) all.add(importer)
  return all
}

/** How often the place occurs that is to be changed; exactly once, or it is not known which is meant. */
export const occurrences = ({ file, find }: Bug): number => readFileSync(file, "utf8").split(find).length - 1

/** One for all tests of a file. */
export class Plants {
  readonly #importers = importers()
  readonly #plants: Array<{ readonly bug: Bug; readonly touched: ReadonlySet<string> }> = []
  readonly #hooks = registerHooks({
    resolve: (specifier, context, next) => {
      const resolved = next(specifier, context)
      const plant = this.#plantOf(context.parentURL)
      if (plant === undefined || !resolved.url.startsWith("file:") || resolved.url.includes("?")) return resolved
      if (!plant.touched.has(fileURLToPath(resolved.url))) return resolved
      return { ...resolved, url: `${resolved.url}?planted=${this.#plants.indexOf(plant)}` }
    },
    load: (url, context, next) => {
      const bug = this.#plantOf(url)?.bug
      if (bug === undefined || fileURLToPath(url.replace(/\?.*$/, "")) !== resolve(bug.file)) return next(url, context)
      const source = readFileSync(bug.file, "utf8").replace(bug.find, () => bug.replace)
      return { format: "module-typescript", source, shortCircuit: true }
    }
  })

  #plantOf(url: string | undefined) {
    const index = /\?planted=(\d+)$/.exec(url ?? "")?.[1]
    return index === undefined ? undefined : this.#plants[Number(index)]
  }

  /** The drill as it goes with that defect. */
  async plant(bug: Bug): Promise<Drill> {
    const index = this.#plants.push({ bug, touched: touched(resolve(bug.file), this.#importers) }) - 1
    mkdirSync(folder, { recursive: true })
    // What lies there is loaded by Node itself.
    const entry = join(folder, `${process.pid}-${index}.mjs`)
    writeFileSync(entry, `export * from "${pathToFileURL(drill).href}?planted=${index}"\n`)
    return import(/* @vite-ignore */ pathToFileURL(resolve(entry)).href)
  }

  /** From now on everything is loaded as it is. */
  dispose(): void {
    this.#hooks.deregister()
  }
}
