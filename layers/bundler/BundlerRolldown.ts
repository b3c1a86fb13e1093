/**
 * Bundles with rolldown, and keeps what it made in the user's cache.
 *
 * @since 0.1.0
 */
import { Clock, Effect, FileSystem, Layer, Scope, Semaphore } from "effect"
import { realpathSync } from "node:fs"
import { dirname, join } from "node:path"
import { Bundler } from "../../services/Bundler.ts"
import type { Bundle } from "../../src/bundle/Bundle.ts"
import { BundleFailed, type Problem, problemOfCopies } from "../../src/bundle/BundleFailed.ts"
import { canonical, requestOf } from "../../src/bundle/Ingredients.ts"
import { copiesAmong } from "../../src/bundle/PackageFacts.ts"
import * as Artefacts from "./Artefacts.ts"
import { cacheFolder } from "./CacheFolder.ts"
import { artefactIn, hashOf, lookup, type LookupOptions, notice, ownConditions, pathsOf, sightOf } from "./Lookup.ts"
import { installedPackage, isModule, Making } from "./Making.ts"
import { Packages } from "./Packages.ts"
import * as Rolldown from "./Rolldown.ts"

/** How many packages at most are tried to be left outside, one after the other. */
const patience = 10

/** Why these cannot be asked for. */
const unusable = (paths: Readonly<Record<string, string>>): ReadonlyArray<Problem> => {
  if (Object.keys(paths).length === 0) return [{ what: "Nothing was asked for", mend: "Name at least one module" }]
  return Object.values(paths).flatMap((file) => {
    if (sightOf(file) === undefined) return [{ file, what: "There is no such file", mend: "Check its path and ending" }]
    if (isModule(file)) return []
    return [{
      file,
      what: "It is neither JavaScript nor TypeScript",
      mend: "Name a .ts, .mts, .js or .mjs file"
    }]
  })
}

/** Makes it, again and again while there are packages that are better left outside. */
const make = Effect.fnUntraced(function*(
  modules: ReadonlyArray<string>,
  packages: Packages,
  setting: Rolldown.Setting
) {
  const failed = new Map<string, string>()
  for (let attempt = 0; attempt < patience; attempt++) {
    const making = new Making(modules, packages, failed)
    const made = yield* Rolldown.make(making, setting)
    if (!("culprits" in made)) return { making, made }
    for (const [culprit, reason] of made.culprits) failed.set(culprit, reason)
  }
  return yield* new BundleFailed({
    problems: [{
      what: `More than ${patience} packages cannot be bundled, such as ${[...failed.keys()].slice(0, 3).join(", ")}`,
      mend: "To run it as it is, leave bundling out with --no-bundle"
    }]
  })
})

const unwritable = (folder: string, reason: string): BundleFailed =>
  new BundleFailed({
    problems: [{
      file: folder,
      what: `The bundle cannot be written: ${reason}`,
      mend: "Make room there and see that it can be written, or leave bundling out with --no-bundle"
    }]
  })

/** Bundles what is not in the cache, and keeps it there. */
const bundle = Effect.fnUntraced(function*(
  entries: Readonly<Record<string, string>>,
  folder: string,
  conditions: ReadonlyArray<string>
) {
  const paths = yield* Effect.try({
    try: () => pathsOf(entries),
    catch: (error) =>
      new BundleFailed({ problems: [{ what: String(error), mend: "Name modules by their paths or file URLs" }] })
  })
  const problems = unusable(paths)
  if (problems.length > 0) return yield* new BundleFailed({ problems })
  const at = yield* Clock.currentTimeMillis
  const modules = Object.entries(paths).map(([name, path]) => [name, realpathSync(path)] as const)
  const packages = new Packages()
  const first = modules[0]?.[1] ?? ""
  const root = packages.of(first)?.folder ?? dirname(first)
  const setting = { root, conditions, folder: join(folder, "bundle") }
  const { made, making } = yield* make(modules.map(([, id]) => id), packages, setting)
  const { installed, sources } = making.packagesOf(making.modules)
  const present = making.packagesOf(made.modules)
  const copies = copiesAmong([...present.installed, ...present.sources])
  if (copies.length > 0) return yield* new BundleFailed({ problems: copies.map(problemOfCopies) })

  const outside = making.outsideOf(made.modules)
  const isPortable = !outside.some(({ isPinned }) => isPinned)
  const key = hashOf(canonical({
    entries: Object.fromEntries(modules.map(([name, id]) => [name, packages.portableName(id)])),
    conditions,
    sources: making.sources(sources),
    packages: installed.map(({ name, version }) => `${name}@${version}`),
    root: isPortable ? undefined : root
  }))
  // The maps of a portable artefact name its sources too: each checkout has its own.
  const name = `${key}-${hashOf(root).slice(0, 8)}`
  const target = join(folder, name)
  const isCached = artefactIn(target) !== undefined
  if (isCached) {
    // Else it might be thrown away below, after a long time unused.
    yield* Effect.ignore(Effect.try({ try: () => notice(target, at), catch: String }))
  } else {
    const named = outside.map(({ importer, reason, specifier }) => ({ importer, reason, specifier }))
    const files = Object.fromEntries(modules.map(([name, id]) => [name, making.chunkName(id)]))
    const description = { key, entries: files, outside: named, isPortable }
    yield* Artefacts.keep(folder, { name, files: made.files, description })
  }
  yield* Artefacts.remember(folder, {
    request: requestOf(paths, conditions),
    at,
    bundle: name,
    inputs: [...making.inputs.values(), ...making.surroundings(sources, root)],
    packages: installed.map(installedPackage)
  })
  yield* Artefacts.prune(folder)
  const kept = artefactIn(target)
  if (kept !== undefined) return { ...kept, isCached } satisfies Bundle
  return yield* unwritable(target, "it was gone as soon as it was written")
})

const makeBundler = (options: LookupOptions) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const conditions = options.conditions ?? ownConditions()
    const wanted = options.folder ?? cacheFolder()
    const scope = yield* Effect.scope

    /** The cache, or a folder that only lives as long as this layer. */
    const folder = yield* Effect.cached(Effect.uninterruptible(
      (wanted === undefined ? Effect.fail("this user has no home folder") : Effect.as(Artefacts.claim(wanted), wanted))
        .pipe(
          Effect.provideService(FileSystem.FileSystem, fs),
          Effect.catch((reason) =>
            Effect.logWarning(
              `Bundles are not kept: ${wanted ?? "the cache folder"} cannot be used (${reason}). ` +
                "Set XDG_CACHE_HOME to a folder that is yours"
            ).pipe(
              Effect.andThen(fs.makeTempDirectory({ prefix: "cadre-bundles-" })),
              Effect.tap((temporary) =>
                Scope.addFinalizer(scope, Effect.ignore(fs.remove(temporary, { recursive: true, force: true })))
              ),
              Effect.mapError(({ message }) => unwritable("the folder for temporary files", message))
            )
          )
        )
    ))

    // One after the other: rolldown uses all cores, and who waits may find what the other made.
    const turns = yield* Semaphore.make(1)
    return Bundler.of({
      bundle: Effect.fnUntraced(function*(entries) {
        const found = lookup(entries, { folder: wanted, conditions })
        if (found !== undefined) return found
        const made = Effect.gen(function*() {
          const kept = yield* folder
          const found = lookup(entries, { folder: kept, conditions })
          if (found !== undefined) return found
          return yield* bundle(entries, kept, conditions).pipe(
            Effect.provideService(FileSystem.FileSystem, fs),
            Effect.catchTag("PlatformError", ({ message }) => Effect.fail(unwritable(kept, message)))
          )
        })
        return yield* turns.withPermit(made)
      })
    })
  })

/** A cache of one's own, and conditions other than those of this process. */
export const layerWith = (options: LookupOptions): Layer.Layer<Bundler, never, FileSystem.FileSystem> =>
  Layer.effect(Bundler, makeBundler(options))

/** The user's cache, and modules as this process would import them. */
export const layer: Layer.Layer<Bundler, never, FileSystem.FileSystem> = layerWith({})
