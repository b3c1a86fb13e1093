/**
 * Finds bundles that were made before. It imports nothing but Node and plain
 * functions: a start that finds its bundle imports that and has its `effect`
 * from there, so loading another copy only to look would cost what the bundle
 * saves, and give the process two. For the same reason it is synchronous.
 *
 * @since 0.1.0
 */
import {
  type BigIntStats,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { join, resolve } from "node:path"
import process from "node:process"
import { fileURLToPath, pathToFileURL } from "node:url"
import type { Bundle } from "../../src/bundle/Bundle.ts"
import {
  type Input,
  judge,
  judgePackage,
  type Manifest,
  requestOf,
  shortName,
  type Sight
} from "../../src/bundle/Ingredients.ts"
import { unfinishedPrefix } from "../../src/bundle/Pruning.ts"
import { conditionsOf } from "../../src/bundle/Recipe.ts"
import { descriptionFile, isWhole, parseDescription, parseManifest } from "../../src/bundle/Record.ts"
import { cacheFolder, isTrusted } from "./CacheFolder.ts"

/** Where to look, and for whom. */
export interface LookupOptions {
  /** The cache; the user's if not given. */
  readonly folder?: string | undefined
  /** Conditions of imports; those that this process was started with if not given. */
  readonly conditions?: ReadonlyArray<string> | undefined
}

/** Milliseconds after which a use is written down again. */
const noticedEvery = 3_600_000

/** What a file shows of itself; undefined if there is none. */
export const sightOf = (path: string): Sight | undefined => {
  const found: Stats | BigIntStats | undefined = statSync(path, { throwIfNoEntry: false })
  return found?.isFile() === true ? { size: Number(found.size), modified: Number(found.mtimeMs) } : undefined
}

/** SHA-256, in hexadecimal. */
export const hashOf = (content: string | Uint8Array): string =>
  // Loading it takes longer than all else of a look-up, and most look-ups compare no content.
  process.getBuiltinModule("node:crypto").createHash("sha256").update(content).digest("hex")

/** The conditions of imports that this process was started with. */
export const ownConditions = (): ReadonlyArray<string> => conditionsOf(process.execArgv, process.env["NODE_OPTIONS"])

/** The absolute paths of entries that are paths or file URLs. */
export const pathsOf = (entries: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(entries).map((
      [name, entry]
    ) => [name, entry.startsWith("file:") ? fileURLToPath(entry) : resolve(entry)])
  )

/** Where the manifest of a request is. */
export const manifestOf = (folder: string, request: string): string => join(folder, `${shortName(request)}.json`)

/** Writes a file in one step, for all to see or nobody. */
export const writeWhole = (path: string, text: string): void => {
  const unfinished = join(path, "..", `${unfinishedPrefix}${process.pid}-${process.hrtime.bigint()}`)
  try {
    writeFileSync(unfinished, text, { mode: 0o600, flag: "wx" })
    renameSync(unfinished, path)
  } finally {
    rmSync(unfinished, { force: true })
  }
}

/** The inputs as they are now, if they are as they were; the very same ones if no content had to be compared. */
const unchanged = ({ at, inputs }: Manifest): ReadonlyArray<Input> | undefined => {
  let isSame = true
  const now: Array<Input> = []
  for (const input of inputs) {
    const sight = sightOf(input.path)
    const verdict = judge(input, sight, at)
    if (verdict === "changed" || sight === undefined) return undefined
    if (verdict === "compare") {
      if (hashOf(readFileSync(input.path)) !== input.hash) return undefined
      isSame = false
    }
    now.push({ ...input, ...sight })
  }
  return isSame ? inputs : now
}

const hasVersion = (path: string, name: string, version: string): boolean => {
  const packageJson: unknown = JSON.parse(readFileSync(path, "utf8"))
  return typeof packageJson === "object" && packageJson !== null && "name" in packageJson &&
    packageJson.name === name && "version" in packageJson && packageJson.version === version
}

const hasSamePackages = ({ packages }: Manifest): boolean =>
  packages.every((installed) => {
    const verdict = judgePackage(installed, sightOf(installed.path))
    return verdict === "same" ||
      (verdict === "compare" && hasVersion(installed.path, installed.name, installed.version))
  })

/** The artefact in a folder; undefined if it is damaged or there is none. */
export const artefactIn = (folder: string): Omit<Bundle, "isCached"> | undefined => {
  const path = join(folder, descriptionFile)
  if (sightOf(path) === undefined) return undefined
  const description = parseDescription(readFileSync(path, "utf8"))
  if (description === undefined || !isWhole(description)) return undefined
  const { entries, files, isPortable, key, outside } = description
  if (!Object.entries(files).every(([file, size]) => sightOf(join(folder, file))?.size === size)) return undefined
  const url = (file: string): string => pathToFileURL(join(folder, file)).href
  return {
    folder,
    entries: Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, url(file)])),
    key,
    outside,
    isPortable
  }
}

/** Lets whoever prunes know that the bundle in a folder is in use; `now` in milliseconds since 1970. */
export const notice = (folder: string, now: number): void => {
  const path = join(folder, descriptionFile)
  if (now - (sightOf(path)?.modified ?? now) > noticedEvery) utimesSync(path, now / 1_000, now / 1_000)
}

const find = (folder: string, request: string): Bundle | undefined => {
  const path = manifestOf(folder, request)
  if (!isTrusted(folder) || sightOf(path) === undefined) return undefined
  const manifest = parseManifest(readFileSync(path, "utf8"))
  if (manifest?.request !== request || !hasSamePackages(manifest)) return undefined
  // Before the files are read, so that what changes meanwhile is compared the next time.
  const at = Date.now()
  const inputs = unchanged(manifest)
  if (inputs === undefined) return undefined
  const bundleFolder = join(folder, manifest.bundle)
  const found = artefactIn(bundleFolder)
  if (found === undefined) return undefined
  try {
    notice(bundleFolder, at)
    if (inputs !== manifest.inputs) writeWhole(path, JSON.stringify({ ...manifest, at, inputs } satisfies Manifest))
  } catch {
    // A cache that can only be read is as good; the next look-up compares again.
  }
  return { ...found, isCached: true }
}

/**
 * The bundle of these modules, if it was made before and nothing of what went
 * in has changed; each entry is a path or a file URL. It takes a few
 * milliseconds and throws nothing: whatever is wrong with the cache, the answer
 * is undefined, and the `Bundler` makes the bundle anew.
 */
export const lookup = (entries: Readonly<Record<string, string>>, options: LookupOptions = {}): Bundle | undefined => {
  const folder = options.folder ?? cacheFolder()
  if (folder === undefined) return undefined
  try {
    return find(folder, requestOf(pathsOf(entries), options.conditions ?? ownConditions()))
  } catch {
    return undefined
  }
}
