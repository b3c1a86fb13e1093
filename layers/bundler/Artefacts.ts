/**
 * The artefacts of a cache: put there in one step, and thrown away when nobody
 * has used them for long.
 *
 * @since 0.1.0
 */
import { Array, Clock, Effect, FileSystem, Option, Order } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { join } from "node:path"
import process from "node:process"
import type { Manifest } from "../../src/bundle/Ingredients.ts"
import { isDue, type Kept, prunable, unfinishedPrefix } from "../../src/bundle/Pruning.ts"
import { type Description, descriptionFile, parseManifest } from "../../src/bundle/Record.ts"
import { isTrusted } from "./CacheFolder.ts"
import { artefactIn, manifestOf, sightOf, writeWhole } from "./Lookup.ts"

/** What is to be kept as an artefact. */
export interface Artefact {
  /** The name of its folder. */
  readonly name: string
  readonly files: ReadonlyMap<string, string | Uint8Array>
  readonly description: Omit<Description, "files">
}

/** When the cache was last looked through. */
const prunedFile = "pruned"

const unfinished = (folder: string): string =>
  join(folder, `${unfinishedPrefix}${process.pid}-${process.hrtime.bigint()}`)

const sizeOf = (content: string | Uint8Array): number =>
  typeof content === "string" ? Buffer.byteLength(content) : content.byteLength

/** Makes a folder that nobody else can write to, and shows that this process can; it fails with the reason in words. */
export const claim = Effect.fnUntraced(function*(folder: string) {
  const fs = yield* FileSystem.FileSystem
  yield* fs.makeDirectory(folder, { recursive: true, mode: 0o700 })
  if (!isTrusted(folder)) yield* fs.chmod(folder, 0o700)
  const probe = unfinished(folder)
  yield* fs.makeDirectory(probe, { mode: 0o700 })
  yield* fs.remove(probe, { recursive: true })
  if (!isTrusted(folder)) return yield* Effect.fail("it belongs to somebody else")
}, Effect.mapError((error) => typeof error === "string" ? error : error.message))

const write = Effect.fnUntraced(function*(path: string, { description, files }: Artefact) {
  const fs = yield* FileSystem.FileSystem
  yield* fs.makeDirectory(path, { mode: 0o700 })
  for (const [file, content] of files) {
    const target = join(path, file)
    yield* typeof content === "string" ? fs.writeFileString(target, content) : fs.writeFile(target, content)
  }
  const sizes = Object.fromEntries([...files].map(([file, content]) => [file, sizeOf(content)]))
  const whole: Description = { ...description, files: sizes }
  yield* fs.writeFileString(join(path, descriptionFile), JSON.stringify(whole))
})

/**
 * Keeps an artefact: it is there wholly, or not at all. Another process may do
 * the same at the same time; what it puts there first is as good. A damaged one
 * makes way.
 */
export const keep = Effect.fnUntraced(function*(folder: string, artefact: Artefact) {
  const fs = yield* FileSystem.FileSystem
  const target = join(folder, artefact.name)
  const path = unfinished(folder)
  const isThere = Effect.sync(() => artefactIn(target) !== undefined)
  const place: Effect.Effect<void, PlatformError> = fs.rename(path, target).pipe(
    Effect.catch((error) =>
      Effect.gen(function*() {
        if (yield* isThere) return
        if (!(yield* fs.exists(target))) return yield* error
        const damaged = unfinished(folder)
        yield* Effect.ignore(fs.rename(target, damaged))
        yield* Effect.ignore(fs.remove(damaged, { recursive: true, force: true }))
        yield* fs.rename(path, target).pipe(Effect.catchIf(() => artefactIn(target) !== undefined, () => Effect.void))
      })
    )
  )
  yield* Effect.andThen(write(path, artefact), place).pipe(
    Effect.ensuring(Effect.ignore(fs.remove(path, { recursive: true, force: true })))
  )
})

/** Writes down what an artefact was made from, for look-ups. */
export const remember = (folder: string, manifest: Manifest): Effect.Effect<void> =>
  Effect.ignore(Effect.try({
    try: () => writeWhole(manifestOf(folder, manifest.request), JSON.stringify(manifest)),
    catch: String
  }))

const usedAt = (folder: string, name: string): Effect.Effect<Option.Option<Kept>, never, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const used = yield* fs.stat(join(folder, name, descriptionFile)).pipe(
      Effect.catch(() => fs.stat(join(folder, name))),
      Effect.map(({ mtime }) => Option.map(mtime, (at) => at.getTime())),
      Effect.orElseSucceed(() => Option.none<number>())
    )
    return Option.map(used, (used) => ({ name, used }))
  })

/** Throws away what was not used for long, if nobody looked for a day. What another process holds open stays readable. */
export const prune = Effect.fnUntraced(function*(folder: string) {
  const fs = yield* FileSystem.FileSystem
  const now = yield* Clock.currentTimeMillis
  const marker = join(folder, prunedFile)
  if (!isDue(sightOf(marker)?.modified, now)) return []
  yield* fs.writeFileString(marker, "")
  yield* fs.utimes(marker, new Date(now), new Date(now))
  const names = yield* fs.readDirectory(folder)
  const isManifest = (name: string): boolean => name.endsWith(".json")
  const others = names.filter((name) => name !== prunedFile && !isManifest(name))
  const old = prunable(Array.getSomes(yield* Effect.forEach(others, (name) => usedAt(folder, name))), now)
  const gone: Array<string> = []
  for (const name of old) {
    // Somebody may have begun to use it since.
    const seen = yield* usedAt(folder, name)
    if (Option.isNone(seen) || prunable([seen.value], now).length === 0) continue
    const path = unfinished(folder)
    yield* fs.rename(join(folder, name), path)
    yield* fs.remove(path, { recursive: true, force: true })
    gone.push(name)
  }
  for (const name of names.filter(isManifest)) {
    const path = join(folder, name)
    const manifest = parseManifest(yield* fs.readFileString(path))
    if (manifest === undefined || !(yield* fs.exists(join(folder, manifest.bundle)))) yield* fs.remove(path)
  }
  return Array.sort(gone, Order.String)
}, Effect.orElseSucceed((): ReadonlyArray<string> => []))
