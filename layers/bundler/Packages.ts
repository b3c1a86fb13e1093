/**
 * The packages that files belong to.
 *
 * @since 0.1.0
 */
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, sep } from "node:path"
import type { PackageFacts } from "../../src/bundle/PackageFacts.ts"
import { sightOf } from "./Lookup.ts"

/** A package on this machine. */
export interface Package extends PackageFacts {
  /** Whether it is below a `node_modules`; otherwise it is somebody's own source. */
  readonly isInstalled: boolean
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null

const parsed = (path: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"))
    return isRecord(value) ? value : {}
  } catch {
    return {}
  }
}

const textOr = (value: unknown, otherwise: string): string => typeof value === "string" ? value : otherwise

/** Whether a folder is where npm puts a package: `node_modules/name` or `node_modules/@scope/name`. */
const isInstallation = (folder: string): boolean => /[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/@]+$/.test(folder)

/** Whether a file is part of an installed package. */
export const isInstalled = (path: string): boolean => path.includes(`${sep}node_modules${sep}`)

/** Finds packages, and remembers them for as long as one bundle is made. */
export class Packages {
  readonly #found = new Map<string, Package | undefined>()

  /** The package of a file: the nearest package.json with a name, or without one if there is no other. */
  of(file: string): Package | undefined {
    return this.#in(dirname(file))
  }

  /** The name of a file that is the same on every machine: its package and the path in it. */
  portableName(file: string): string {
    const found = this.of(file)
    if (found === undefined) return file
    const path = relative(found.folder, file).replaceAll(sep, "/")
    return `${found.isInstalled ? `${found.name}@${found.version}` : found.name}/${path}`
  }

  #in(folder: string): Package | undefined {
    if (this.#found.has(folder)) return this.#found.get(folder)
    const found = this.#read(folder)
    this.#found.set(folder, found)
    return found
  }

  #read(folder: string): Package | undefined {
    const parent = dirname(folder)
    const above = parent === folder || isInstallation(folder) ? undefined : () => this.#in(parent)
    const path = join(folder, "package.json")
    if (sightOf(path) === undefined) return above?.()
    const packageJson = parsed(path)
    if (packageJson["name"] === undefined) {
      const named = above?.()
      if (named !== undefined) return named
    }
    return {
      folder,
      name: textOr(packageJson["name"], ""),
      version: textOr(packageJson["version"], ""),
      packageJson,
      files: readdirSync(folder),
      isInstalled: isInstalled(folder)
    }
  }
}
