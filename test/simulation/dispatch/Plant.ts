import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { stripTypeScriptTypes } from "node:module"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"
import type { Make } from "../../dispatch/World.ts"

/** A deliberate defect: one place in one file of `src/dispatch`, and what is to stand there. */
export interface Bug {
  readonly name: string
  readonly file: string
  readonly find: string
  readonly replace: string
  /** It takes longer stories than most to show. */
  readonly isDeep?: boolean
}

const folder = "node_modules/.cache/cadre/planted"

/** How often the place occurs that is to be changed; exactly once, or it is not known which is meant. */
export const occurrences = ({ file, find }: Bug): number =>
  readFileSync(join("src/dispatch", file), "utf8").split(find).length - 1

/**
 * The dispatcher as it would be with that defect, or as it is. Node runs no
 * types below `node_modules`, where alone the copy finds its dependencies, so
 * they are taken out.
 */
export const plant = async (bug?: Bug): Promise<Make> => {
  const root = join(folder, bug?.name.replaceAll(/\W+/g, "-") ?? "unchanged")
  rmSync(root, { recursive: true, force: true })
  for (const file of globSync("src/{dispatch,task}/*.ts")) {
    let source = readFileSync(file, "utf8")
    if (bug !== undefined && file === join("src/dispatch", bug.file)) {
      source = source.replace(bug.find, () => bug.replace)
    }
    const target = join(root, file.replace(/\.ts$/, ".mjs"))
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, stripTypeScriptTypes(source).replaceAll(/(from "\.[^"]*)\.ts"/g, "$1.mjs\""))
  }
  cpSync("package.json", join(root, "package.json"))
  const { Dispatcher } = await import(/* @vite-ignore */ pathToFileURL(join(root, "src/dispatch/Dispatcher.mjs")).href)
  return (options) => new Dispatcher(options)
}
