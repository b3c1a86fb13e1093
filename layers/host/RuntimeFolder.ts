/**
 * The folder in which a server and who looks for it meet: nobody else may have
 * put it there, or write to it.
 *
 * @since 0.1.0
 */
import { Config, Effect, Option } from "effect"
import { chmodSync, lstatSync, mkdirSync } from "node:fs"
import { homedir, tmpdir, userInfo } from "node:os"
import { dirname } from "node:path"
import process from "node:process"
import {
  dataFolder,
  relativeOf,
  type RuntimeFiles,
  runtimeFiles,
  runtimeFolder,
  socketProblem,
  type Surroundings
} from "../../src/host/Folders.ts"
import { SettingInvalid } from "../../src/host/HostError.ts"

const optional = (name: string): Config.Config<string | undefined> =>
  Config.map(Config.option(Config.NonEmptyString(name)), Option.getOrUndefined)

const variables = Config.all({
  runtimeDir: optional("CADRE_RUNTIME_DIR"),
  dataDir: optional("CADRE_DATA_DIR"),
  xdgRuntimeDir: optional("XDG_RUNTIME_DIR"),
  xdgDataHome: optional("XDG_DATA_HOME")
})

const homeOf = (): string | undefined => {
  try {
    return homedir()
  } catch {
    return undefined
  }
}

/** What decides about folders, here and now. */
const surroundings: Effect.Effect<Surroundings, SettingInvalid> = Effect.gen(function*() {
  const given = yield* variables.pipe(
    Effect.mapError((error) => new SettingInvalid({ what: "The folders", problem: error.message, mend: "Mend that" }))
  )
  const all: Surroundings = {
    ...given,
    home: homeOf(),
    tmp: tmpdir(),
    user: process.getuid === undefined ? userInfo().username : String(process.getuid()),
    platform: process.platform
  }
  const [relative] = relativeOf(all)
  if (relative !== undefined) {
    return yield* new SettingInvalid({
      what: relative,
      problem: "It holds a relative path",
      mend: "Write an absolute one, so that it is the same from everywhere"
    })
  }
  return all
})

/** The paths of what is in the runtime folder, which need not exist. */
export const files: Effect.Effect<RuntimeFiles, SettingInvalid> = Effect.flatMap(surroundings, (surroundings) => {
  const found = runtimeFiles(runtimeFolder(surroundings))
  const problem = socketProblem(found.socket)
  return problem === undefined ? Effect.succeed(found) : Effect.fail(
    new SettingInvalid({ what: found.folder, problem, mend: "Name a shorter folder in CADRE_RUNTIME_DIR" })
  )
})

/** The folder for what outlives a server, which need not exist. */
export const data: Effect.Effect<string, SettingInvalid> = Effect.flatMap(surroundings, (surroundings) => {
  const folder = dataFolder(surroundings)
  return folder === undefined
    ? Effect.fail(
      new SettingInvalid({
        what: "The data folder",
        problem: "This user has no home folder to keep it in",
        mend: "Name a folder in CADRE_DATA_DIR"
      })
    )
    : Effect.succeed(folder)
})

/** Why a folder that is there cannot be used, in words. */
const unsafe = (folder: string): string | undefined => {
  const found = lstatSync(folder)
  if (found.isSymbolicLink()) return "It is a symbolic link, which somebody else may have put there"
  if (!found.isDirectory()) return "It is not a folder"
  // Windows has neither owners by number nor modes: there it is in the user's profile.
  if (process.getuid === undefined) return undefined
  if (found.uid !== process.getuid()) return `It belongs to somebody else (user ${found.uid})`
  if ((found.mode & 0o077) !== 0) {
    // It is ours: nobody can have had a reason.
    chmodSync(folder, 0o700)
  }
  return undefined
}

/** With those that it is in. Node's own way to do so never comes back where a system refuses in an unusual manner. */
const make = (folder: string): void => {
  if (lstatSync(folder, { throwIfNoEntry: false }) !== undefined) return
  const parent = dirname(folder)
  if (parent !== folder) make(parent)
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    // Somebody else may have been as quick.
    if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) throw error
  }
}

/** Makes a folder that only this user can look into, or sees that it is one. */
export const own = (folder: string, variable: string): Effect.Effect<void, SettingInvalid> =>
  Effect.try({
    try: () => {
      make(folder)
      const problem = unsafe(folder)
      // Told apart from what the system refuses by its shape.
      if (problem !== undefined) throw Object.assign(new Error(problem), { isOurs: true })
    },
    catch: (error) =>
      new SettingInvalid({
        what: folder,
        problem: error instanceof Error ? error.message : String(error),
        mend: `Remove it, or name another folder in ${variable}`
      })
  })
