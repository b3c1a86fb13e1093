/**
 * Where bundles are kept. It imports nothing but Node: see `Lookup.ts`.
 *
 * @since 0.1.0
 */
import { statSync } from "node:fs"
import { isAbsolute, join } from "node:path"
import process from "node:process"

type Environment = Readonly<Record<string, string | undefined>>

const absolute = (path: string | undefined): string | undefined =>
  path !== undefined && isAbsolute(path) ? path : undefined

/** The user's folder for caches, as `UserDirectories` of Effect has it; undefined for a user without a home. */
const userCache = (env: Environment, platform: NodeJS.Platform): string | undefined => {
  const { HOME, LOCALAPPDATA, USERPROFILE, XDG_CACHE_HOME } = env
  const given = absolute(XDG_CACHE_HOME)
  if (given !== undefined) return join(given, "cadre")
  if (platform === "win32") {
    const local = absolute(LOCALAPPDATA) ?? (USERPROFILE === undefined ? undefined : join(USERPROFILE, "AppData/Local"))
    return local === undefined ? undefined : join(local, "cadre/Cache")
  }
  if (HOME === undefined) return undefined
  return join(HOME, platform === "darwin" ? "Library/Caches/cadre" : ".cache/cadre")
}

/** The folder in which bundles are kept; undefined for a user without a home. It need not exist. */
export const cacheFolder = (
  env: Environment = process.env,
  platform: NodeJS.Platform = process.platform
): string | undefined => {
  const folder = userCache(env, platform)
  return folder === undefined ? undefined : join(folder, "bundles")
}

/**
 * Whether what lies in a folder may be run: it belongs to this user and nobody
 * else can write there. A folder that is not there cannot be trusted either.
 */
export const isTrusted = (folder: string): boolean => {
  const found = statSync(folder, { throwIfNoEntry: false })
  if (found === undefined || !found.isDirectory()) return false
  // Windows has neither: there the folder is in the user's profile.
  if (process.getuid === undefined) return true
  return found.uid === process.getuid() && (found.mode & 0o022) === 0
}
