/**
 * What the cache has on disk, read back with suspicion: whatever does not look
 * as it was written is as if it were not there.
 *
 * @since 0.1.0
 */
import type { Outside } from "./Bundle.ts"
import type { Input, InstalledPackage, Manifest } from "./Ingredients.ts"

/** What lies in an artefact as `bundle.json`: all that can be said of it without the machine that made it. */
export interface Description {
  readonly key: string
  /** The file of each entry, in the folder of the artefact. */
  readonly entries: Readonly<Record<string, string>>
  /** The size in bytes of every other file. */
  readonly files: Readonly<Record<string, number>>
  readonly outside: ReadonlyArray<Outside>
  readonly isPortable: boolean
}

/** Where the description of an artefact is, in its folder. */
export const descriptionFile = "bundle.json"

type Fields = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isString = (value: unknown): value is string => typeof value === "string"

const isNumber = (value: unknown): value is number => typeof value === "number"

const every = <A>(value: unknown, is: (item: unknown) => item is A): value is ReadonlyArray<A> =>
  Array.isArray(value) && value.every(is)

const all = <A>(value: unknown, is: (item: unknown) => item is A): value is Readonly<Record<string, A>> =>
  isRecord(value) && Object.values(value).every(is)

const has = (value: Fields, strings: ReadonlyArray<string>, numbers: ReadonlyArray<string> = []): boolean =>
  strings.every((field) => isString(value[field])) && numbers.every((field) => isNumber(value[field]))

const isInput = (value: unknown): value is Input =>
  isRecord(value) && has(value, ["path", "hash"], ["size", "modified"])

const isPackage = (value: unknown): value is InstalledPackage =>
  isRecord(value) && has(value, ["path", "name", "version"], ["size", "modified"])

const isOutside = (value: unknown): value is Outside =>
  isRecord(value) && has(value, ["specifier", "importer", "reason"])

// One path segment and nothing that leads out of the cache.
const isName = (value: unknown): value is string => isString(value) && /^[\w@.-]+$/.test(value) && !/^\.+$/.test(value)

const isManifest = (value: unknown): value is Manifest =>
  isRecord(value) && has(value, ["request"], ["at"]) && isName(value["bundle"]) &&
  every(value["inputs"], isInput) && every(value["packages"], isPackage)

const isDescription = (value: unknown): value is Description =>
  isRecord(value) && has(value, ["key"]) && all(value["entries"], isName) && all(value["files"], isNumber) &&
  Object.keys(value["files"]).every(isName) && every(value["outside"], isOutside) &&
  typeof value["isPortable"] === "boolean"

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The manifest that a text is; undefined for any other text. */
export const parseManifest = (text: string): Manifest | undefined => {
  const value = parsed(text)
  return isManifest(value) ? value : undefined
}

/** The description that a text is; undefined for any other text. */
export const parseDescription = (text: string): Description | undefined => {
  const value = parsed(text)
  return isDescription(value) ? value : undefined
}

/** Whether every entry is one of the files. */
export const isWhole = ({ entries, files }: Description): boolean =>
  Object.values(entries).every((file) => Object.hasOwn(files, file))
