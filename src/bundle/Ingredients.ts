/**
 * What went into a bundle: the text that its key is the hash of, and whether
 * what is there now is still the same.
 *
 * @since 0.1.0
 */
import { recipe } from "./Recipe.ts"

/** A file as it was when it was read. */
export interface Input {
  readonly path: string
  /** In bytes. */
  readonly size: number
  /** In milliseconds since 1970, with fractions. */
  readonly modified: number
  /** SHA-256 of its content, in hexadecimal. */
  readonly hash: string
}

/** An installed package of which something went in: its version stands for its content. */
export interface InstalledPackage {
  /** Its package.json. */
  readonly path: string
  readonly size: number
  readonly modified: number
  readonly name: string
  readonly version: string
}

/** What a file shows without being read; undefined if there is none. */
export interface Sight {
  readonly size: number
  readonly modified: number
}

/** What a bundle was made from, kept beside it to tell whether it is still good. */
export interface Manifest {
  /** What was asked for, as `requestOf` writes it. */
  readonly request: string
  /** When the inputs were read, in milliseconds since 1970. */
  readonly at: number
  /** The folder of the artefact, by its name. */
  readonly bundle: string
  readonly inputs: ReadonlyArray<Input>
  readonly packages: ReadonlyArray<InstalledPackage>
}

/** Whether a file is as it was; `compare` if only its content can tell. */
export type Verdict = "same" | "changed" | "compare"

/**
 * Milliseconds within which two changes of a file may bear the same time: what
 * was changed this shortly before it was read may have changed again unseen.
 */
export const grain = 2_000

/** Judges a file of known content by what it shows now. A fresh checkout has other times and the same content. */
export const judge = (
  before: { readonly size: number; readonly modified: number },
  now: Sight | undefined,
  at: number
): Verdict => {
  if (now === undefined || now.size !== before.size) return "changed"
  return now.modified === before.modified && before.modified < at - grain ? "same" : "compare"
}

/** A package.json is only asked for its version, so its size says nothing. */
export const judgePackage = (before: InstalledPackage, now: Sight | undefined): Verdict => {
  if (now === undefined) return "changed"
  return now.modified === before.modified && now.size === before.size ? "same" : "compare"
}

/** All that decides what a bundle contains. Files have names that are the same on every machine. */
export interface Ingredients {
  /** What was asked for: the file of each name. */
  readonly entries: Readonly<Record<string, string>>
  readonly conditions: ReadonlyArray<string>
  /** The hash of each source, by its file. */
  readonly sources: ReadonlyMap<string, string>
  /** `name@version` of each installed package. */
  readonly packages: Iterable<string>
  /** The folder of the project, if paths of this machine are in the artefact. */
  readonly root: string | undefined
}

const byCode = (one: string, other: string): number => one < other ? -1 : one > other ? 1 : 0

/** The text whose hash is the key: whatever order the ingredients come in, it is the same. */
export const canonical = ({ conditions, entries, packages, root, sources }: Ingredients): string =>
  JSON.stringify([
    recipe.revision,
    recipe.rolldown,
    Object.entries(entries).toSorted(([one], [other]) => byCode(one, other)),
    [...new Set(conditions)].toSorted(byCode),
    [...sources].toSorted(([one], [other]) => byCode(one, other)),
    [...new Set(packages)].toSorted(byCode),
    root ?? null
  ])

/** What a look-up knows: what is asked for, and how. As text, it tells one request from another. */
export const requestOf = (entries: Readonly<Record<string, string>>, conditions: ReadonlyArray<string>): string =>
  canonical({ entries, conditions, sources: new Map(), packages: [], root: undefined })

/**
 * A short name for a request, as the name of a file: not a cryptographic hash,
 * which would take a start longer to load than all else of a look-up. Two
 * requests may share it, so a manifest holds its request too.
 */
export const shortName = (text: string): string => {
  let [one, other] = [0xdeadbeef, 0x41c6ce57]
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    one = Math.imul(one ^ unit, 2_654_435_761)
    other = Math.imul(other ^ unit, 1_597_334_677)
  }
  one = Math.imul(one ^ (one >>> 16), 2_246_822_507) ^ Math.imul(other ^ (other >>> 13), 3_266_489_909)
  other = Math.imul(other ^ (other >>> 16), 2_246_822_507) ^ Math.imul(one ^ (one >>> 13), 3_266_489_909)
  return [one, other].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("")
}
