/**
 * The keys of secrets that go from a program to an executor of the same user:
 * in a file that nobody else can read, made when it is first needed.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { closeSync, constants, fstatSync, linkSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import process from "node:process"
import { SettingInvalid } from "../../src/host/HostError.ts"
import { type Keys, makeKeys } from "../SealerNode.ts"
import * as RuntimeFolder from "./RuntimeFolder.ts"

/** Bytes of each of the two keys. */
const length = 32

const isMissing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT"

/** Reads a file of this user; it throws in words. */
const read = (path: string): Keys | undefined => {
  let descriptor: number
  try {
    // Not through a link, which anybody could have put there.
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  try {
    const { mode, uid } = fstatSync(descriptor)
    if (process.getuid !== undefined && uid !== process.getuid()) throw new Error("It belongs to somebody else")
    if (process.getuid !== undefined && (mode & 0o077) !== 0) throw new Error("Others can read it: chmod 600")
    const bytes = readFileSync(descriptor)
    if (bytes.length !== 2 * length) throw new Error(`It has ${bytes.length} bytes rather than ${2 * length}`)
    return [new Uint8Array(bytes.subarray(0, length)), new Uint8Array(bytes.subarray(length))]
  } finally {
    closeSync(descriptor)
  }
}

/** Makes the file, unless somebody else has just done so. */
const make = (path: string): Keys => {
  const keys = makeKeys()
  const unfinished = join(dirname(path), `.sealing-${process.pid}-${process.hrtime.bigint()}`)
  writeFileSync(unfinished, Buffer.concat(keys), { mode: 0o600, flag: "wx" })
  try {
    linkSync(unfinished, path)
    return keys
  } catch (error) {
    const there = read(path)
    if (there === undefined) throw error
    return there
  } finally {
    rmSync(unfinished, { force: true })
  }
}

const invalid = (path: string) => (error: unknown) =>
  new SettingInvalid({
    what: path,
    problem: `It cannot be used to seal secrets: ${error instanceof Error ? error.message : String(error)}`,
    mend: "Both who submits and who executes need the same file, as cadre has made it"
  })

/** The keys in a file that must be there. */
export const of = (path: string): Effect.Effect<Keys, SettingInvalid> =>
  Effect.try({
    try: () => {
      const found = read(path)
      if (found === undefined) throw new Error("There is no such file")
      return found
    },
    catch: invalid(path)
  })

/** The keys of this user, made if there are none. */
export const own: Effect.Effect<Keys, SettingInvalid> = Effect.gen(function*() {
  const folder = yield* RuntimeFolder.data
  yield* RuntimeFolder.own(folder, "CADRE_DATA_DIR")
  const path = join(folder, "sealing.key")
  return yield* Effect.try({ try: () => read(path) ?? make(path), catch: invalid(path) })
})

/** The keys of this user, which throw in words where there can be none: most programs have no secrets. */
export const late: Effect.Effect<() => Keys> = Effect.map(Effect.result(own), (found) => () => {
  if (found._tag === "Failure") throw new Error(found.failure.message)
  return found.success
})
