/**
 * Where the server of this machine and user is, and where it keeps what
 * outlives it.
 *
 * @since 0.1.0
 */

/** What decides about folders. */
export interface Surroundings {
  /** `CADRE_RUNTIME_DIR` and `CADRE_DATA_DIR`. */
  readonly runtimeDir: string | undefined
  readonly dataDir: string | undefined
  readonly xdgRuntimeDir: string | undefined
  readonly xdgDataHome: string | undefined
  readonly home: string | undefined
  /** The folder for temporary files. */
  readonly tmp: string
  /** The user's number, or name where there are no numbers. */
  readonly user: string
  readonly platform: string
}

/** What lies in the runtime folder. */
export interface RuntimeFiles {
  readonly folder: string
  readonly socket: string
  /** Which server it is, for people and for who looks for it. */
  readonly record: string
  readonly log: string
  /** Held by whoever starts a server. */
  readonly startLock: string
  /** Held by the server while it lives. */
  readonly serverLock: string
}

const isAbsolute = (path: string): boolean => path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path)

const absolute = (path: string | undefined): string | undefined =>
  path !== undefined && isAbsolute(path) ? path.replace(/(?<=.)\/+$/, "") : undefined

/** The variables of Cadre's own that hold no absolute path. Others are ignored, as their specification says. */
export const relativeOf = ({ dataDir, runtimeDir }: Surroundings): ReadonlyArray<string> => [
  ...(runtimeDir !== undefined && absolute(runtimeDir) === undefined ? ["CADRE_RUNTIME_DIR"] : []),
  ...(dataDir !== undefined && absolute(dataDir) === undefined ? ["CADRE_DATA_DIR"] : [])
]

/** The folder of what lives as long as the server does. */
export const runtimeFolder = ({ runtimeDir, tmp, user, xdgRuntimeDir }: Surroundings): string => {
  const xdg = absolute(xdgRuntimeDir)
  return absolute(runtimeDir) ?? (xdg === undefined ? `${absolute(tmp) ?? "/tmp"}/cadre-${user}` : `${xdg}/cadre`)
}

/** The folder of the store, the keys and what else outlives the server; undefined for a user without a home. */
export const dataFolder = ({ dataDir, home, platform, xdgDataHome }: Surroundings): string | undefined => {
  const given = absolute(dataDir)
  if (given !== undefined) return given
  const xdg = absolute(xdgDataHome)
  if (xdg !== undefined) return `${xdg}/cadre`
  const own = absolute(home)
  if (own === undefined) return undefined
  return `${own}/${platform === "darwin" ? "Library/Application Support" : ".local/share"}/cadre`
}

/** What lies in a runtime folder. */
export const runtimeFiles = (folder: string): RuntimeFiles => ({
  folder,
  socket: `${folder}/server.sock`,
  record: `${folder}/server.json`,
  log: `${folder}/server.log`,
  startLock: `${folder}/start.lock`,
  serverLock: `${folder}/server.lock`
})

/** How many bytes a socket's path may have: the least that a system allows, with its end. */
const longest = 103

/** Why no socket can be there, in words. */
export const socketProblem = (path: string): string | undefined => {
  const length = new TextEncoder().encode(path).length
  return length <= longest ? undefined : `Its socket's path has ${length} bytes, and ${longest} is the most: ${path}`
}
