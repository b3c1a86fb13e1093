/**
 * What a package.json and the files beside it say about bundling a package.
 *
 * @since 0.1.0
 */

/** An installed package, as far as it matters here. */
export interface PackageFacts {
  /** Its folder, as an absolute path. */
  readonly folder: string
  readonly name: string
  readonly version: string
  readonly packageJson: Readonly<Record<string, unknown>>
  /** The names of the files and folders in its folder. */
  readonly files: ReadonlyArray<string>
}

/** Packages whose only use is to find or build a native addon. */
const loaders = [
  "bindings",
  "node-gyp-build",
  "node-gyp-build-optional-packages",
  "prebuild-install",
  "node-pre-gyp",
  "@mapbox/node-pre-gyp",
  "node-addon-api",
  "nan"
]

const keysOf = (value: unknown): ReadonlyArray<string> =>
  typeof value === "object" && value !== null ? Object.keys(value) : []

/** Why a package has native code, which no bundle can hold; undefined if it has none. */
export const nativeBecause = ({ files, packageJson }: PackageFacts): string | undefined => {
  if (files.includes("binding.gyp") || packageJson["gypfile"] === true) return "it is built with node-gyp"
  if (files.includes("prebuilds")) return "it comes with prebuilt binaries"
  if (packageJson["napi"] !== undefined) return "it is a napi-rs addon"
  const addon = files.find((file) => file.endsWith(".node"))
  if (addon !== undefined) return `it holds ${addon}`
  const dependencies = keysOf(packageJson["dependencies"])
  const loader = loaders.find((name) => dependencies.includes(name))
  return loader === undefined ? undefined : `it depends on ${loader}`
}

/** Packages of which a process may have only one copy. */
const single = new Set(["effect", "cadre"])

/** Two copies of a package that there must be one of. */
export interface Copies {
  readonly name: string
  /** Where they are and which versions they have. */
  readonly copies: ReadonlyArray<Pick<PackageFacts, "folder" | "version">>
}

/** The packages of which there are several copies, although there must be one. */
export const copiesAmong = (
  packages: Iterable<Pick<PackageFacts, "folder" | "name" | "version">>
): ReadonlyArray<Copies> => {
  const found = new Map<string, Map<string, string>>()
  for (const { folder, name, version } of packages) {
    if (!single.has(name)) continue
    const folders = found.get(name) ?? new Map<string, string>()
    found.set(name, folders.set(folder, version))
  }
  return [...found].flatMap(([name, folders]) =>
    folders.size < 2
      ? []
      : [{ name, copies: [...folders].map(([folder, version]) => ({ folder, version })).toSorted(byFolder) }]
  )
}

const byFolder = (one: { readonly folder: string }, other: { readonly folder: string }): number =>
  one.folder < other.folder ? -1 : 1
