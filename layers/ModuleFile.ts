/**
 * Finds the file of a module that somebody named. Imports nothing but Node: it
 * runs before anything else is loaded.
 *
 * @since 0.1.0
 */
import { statSync } from "node:fs"
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { candidates } from "../src/cli/Specifier.ts"

/** What a name stands for: an URL to import, or where it was looked for in vain. */
export type Located = { readonly url: string } | { readonly lookedFor: ReadonlyArray<string> }

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true

/** Looks for it in a folder. */
export const locate = (specifier: string, folder: string): Located => {
  if (specifier.startsWith("file:")) return { url: specifier }
  const paths = candidates(specifier).map((candidate) => resolve(folder, candidate))
  const found = paths.find(isFile)
  return found === undefined ? { lookedFor: paths } : { url: pathToFileURL(found).href }
}
