/**
 * What is learned while one bundle is made: what went in, what stays outside,
 * which modules get a chunk of their own.
 *
 * @since 0.1.0
 */
import { readFileSync, statSync } from "node:fs"
import { basename, dirname, extname, join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Outside } from "../../src/bundle/Bundle.ts"
import { type Input, type InstalledPackage, shortName } from "../../src/bundle/Ingredients.ts"
import type { PackageFacts } from "../../src/bundle/PackageFacts.ts"
import { hashOf, sightOf } from "./Lookup.ts"
import { isInstalled, type Packages } from "./Packages.ts"

/** Something outside, and whether the artefact names a path of this machine because of it. */
interface Noted extends Outside {
  readonly isPinned: boolean
}

/** The fields of a package.json that change what a bundler makes of the package. */
const decisive = ["name", "type", "sideEffects", "imports", "exports"]

/** Where package managers write down what they installed: it changes with every change to node_modules. */
const installRecords = [".package-lock.json", ".modules.yaml", ".yarn-state.yml"]

/** Whether a file is a module, as Node sees it: other files are assets. */
export const isModule = (path: string): boolean => /\.[cm]?[jt]sx?$/.test(path)

/** A part of the name of a file, whatever the source is called. */
const tame = (name: string): string => name.replaceAll(/[^\w-]/g, "_").slice(0, 40) || "module"

/** The state of one attempt at making one bundle. */
export class Making {
  readonly packages: Packages
  /** The modules that were asked for. */
  readonly entries: ReadonlySet<string>
  /** Packages to leave outside, by folder, because bundling them failed; and why. */
  readonly failed: ReadonlyMap<string, string>
  readonly inputs = new Map<string, Input>()
  /** All modules that were read, whether or not anything of them came out. */
  readonly modules = new Set<string>()
  readonly #outside = new Map<string, Noted>()
  readonly #emitted = new Map<string, string>()

  constructor(entries: Iterable<string>, packages: Packages, failed: ReadonlyMap<string, string>) {
    this.entries = new Set(entries)
    this.packages = packages
    this.failed = failed
  }

  /** Reads a file that goes in, and remembers what was read. */
  read(path: string): Buffer {
    // The time first: if the file changes while it is read, a look-up sees another time.
    const { mtimeMs, size } = statSync(path)
    const content = readFileSync(path)
    if (!isInstalled(path)) this.inputs.set(path, { path, size, modified: mtimeMs, hash: hashOf(content) })
    return content
  }

  /** The file of the chunk that a module has for itself: the same on every machine. */
  chunkName(id: string): string {
    const name = tame(basename(id, extname(id)))
    return `${name}-${shortName(this.packages.portableName(id)).slice(0, 8)}.js`
  }

  /** Gives a module or an asset a file of its own, once. */
  emit(id: string, emit: () => string): string {
    const file = this.#emitted.get(id) ?? emit()
    this.#emitted.set(id, file)
    return file
  }

  /** Names something that stays outside. Pinned is what puts a path of this machine into the artefact. */
  leaveOutside(outside: Outside, isPinned: boolean): void {
    this.#outside.set(JSON.stringify([outside.importer, outside.specifier]), { ...outside, isPinned })
  }

  /** What stays outside because of these modules. */
  outsideOf(modules: ReadonlySet<string>): ReadonlyArray<Noted> {
    return [...this.#outside.values()]
      .filter(({ importer }) => modules.has(importer))
      .toSorted((one, other) =>
        one.importer < other.importer || (one.importer === other.importer && one.specifier < other.specifier) ? -1 : 1
      )
  }

  /** The packages of these modules: the installed ones, and those that are somebody's source. */
  packagesOf(modules: Iterable<string>) {
    const found = new Set<PackageFacts & { readonly isInstalled: boolean }>()
    for (const id of modules) {
      const owner = this.packages.of(id)
      if (owner !== undefined) found.add(owner)
    }
    return {
      installed: [...found].filter(({ isInstalled }) => isInstalled),
      sources: [...found].filter(({ isInstalled }) => !isInstalled)
    }
  }

  /** The hash of each source by its portable name, and of what its package.json decides. */
  sources(packages: ReadonlyArray<PackageFacts>): ReadonlyMap<string, string> {
    const hashes = new Map<string, string>()
    for (const { folder, packageJson } of packages) {
      const path = join(folder, "package.json")
      hashes.set(
        this.packages.portableName(path),
        hashOf(JSON.stringify(decisive.map((field) => packageJson[field] ?? null)))
      )
    }
    for (const { hash, path } of this.inputs.values()) hashes.set(this.packages.portableName(path), hash)
    return hashes
  }

  /** What a look-up has to see unchanged beside the sources: package.json files, and what was installed. */
  surroundings(packages: ReadonlyArray<PackageFacts>, root: string): ReadonlyArray<Input> {
    const paths = packages.map(({ folder }) => join(folder, "package.json"))
    for (let folder = root;; folder = dirname(folder)) {
      paths.push(...installRecords.map((file) => join(folder, "node_modules", file)))
      if (dirname(folder) === folder) break
    }
    return paths.flatMap((path) => {
      const sight = sightOf(path)
      return sight === undefined ? [] : [{ path, ...sight, hash: hashOf(readFileSync(path)) }]
    })
  }
}

/** What a look-up has to see unchanged of an installed package. */
export const installedPackage = ({ folder, name, version }: PackageFacts): InstalledPackage => {
  const path = join(folder, "package.json")
  return { path, name, version, ...(sightOf(path) ?? { size: 0, modified: 0 }) }
}

/** The path in a module id, which may be an URL or have a query. */
export const pathOf = (id: string): string => id.startsWith("file:") ? fileURLToPath(id) : id.replace(/\?.*$/, "")
