/**
 * Files that hold secrets: written so that nobody else can read them, read only
 * if nobody else could have.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import fs from "node:fs"
import { dirname, join, resolve } from "node:path"
import process from "node:process"
import { type FileFacts, judgeFolder, judgeSecret, KeyFileUnusable } from "../../src/security/FileSafety.ts"

/** More than any key, chain of certificates or list of tokens needs. */
const largest = 256 * 1024

const factsOf = (stat: fs.Stats): FileFacts => ({
  kind: stat.isFile() ? "file" : stat.isDirectory() ? "folder" : stat.isSymbolicLink() ? "link" : "other",
  mode: process.getuid === undefined ? undefined : stat.mode & 0o7777,
  owner: stat.uid
})

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown error"

const problems: Readonly<Record<string, readonly [problem: string, mend: string]>> = {
  ENOENT: ["It is not there", "`cadre key` makes keys, certificates and tokens"],
  EACCES: ["It may not be opened", "Let who runs this own it"],
  EEXIST: ["It is there already", "Name another, or remove it if nobody needs it any more"],
  ENOSPC: ["The disk is full", "Make room"],
  EROFS: ["The disk cannot be written", "Name another folder"],
  ENOTDIR: ["Its folder is a file", "Name another folder"],
  // What opening a link without following it says.
  ELOOP: ["It is a link, and could lead elsewhere tomorrow", "Name the file itself"]
}

/** What happened to a file, in words. */
export const unusable = (path: string, error: unknown): KeyFileUnusable => {
  if (error instanceof KeyFileUnusable) return error
  const code = codeOf(error)
  const [problem, mend] = problems[code] ?? [`It cannot be used (${code})`, "Look at the file and its folder"]
  return new KeyFileUnusable({ path, problem, mend })
}

/** What a file system call gives, at once. */
const attempt = <A>(path: string, act: () => A): Effect.Effect<A, KeyFileUnusable> =>
  Effect.try({ try: act, catch: (error) => unusable(path, error) })

const refuseUnless = (refused: KeyFileUnusable | undefined): void => {
  if (refused !== undefined) throw refused
}

/** What a file holds; who could change it besides its owner is not asked. `isSecret` asks, and who could read it. */
const readAt = (path: string, isSecret: boolean): string => {
  const { O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDONLY } = fs.constants
  // A link in place of the file is found as it is opened, so that nothing is swapped between a look and the use.
  const file = fs.openSync(path, O_RDONLY | O_NONBLOCK | (isSecret ? O_NOFOLLOW : 0))
  try {
    const stat = fs.fstatSync(file)
    const user = process.getuid?.()
    if (isSecret) {
      refuseUnless(judgeSecret(path, factsOf(stat), user))
      const folder = dirname(resolve(path))
      refuseUnless(judgeFolder(folder, factsOf(fs.statSync(folder)), user))
    } else if (!stat.isFile()) {
      throw new KeyFileUnusable({ path, problem: "It is no file", mend: "Name a file" })
    }
    if (stat.size > largest) {
      throw new KeyFileUnusable({ path, problem: "It is too large to be one", mend: "Name another file" })
    }
    return fs.readFileSync(file, "utf8")
  } finally {
    fs.closeSync(file)
  }
}

/** Reads a secret at once; throws {@link KeyFileUnusable}. */
export const readUnsafe = (path: string): string => {
  try {
    return readAt(path, true)
  } catch (error) {
    throw unusable(path, error)
  }
}

/** Reads a secret, if nobody but its owner could have read or changed it. */
export const read = (path: string): Effect.Effect<string, KeyFileUnusable> => attempt(path, () => readAt(path, true))

/** Reads what is no secret, such as a certificate. */
export const readPublic = (path: string): Effect.Effect<string, KeyFileUnusable> =>
  attempt(path, () => readAt(path, false))

/** Makes a folder that is the user's alone, if it is not there; one that others can write is refused. */
export const makeFolder = (path: string): Effect.Effect<void, KeyFileUnusable> =>
  attempt(path, () => {
    fs.mkdirSync(path, { recursive: true, mode: 0o700 })
    refuseUnless(judgeFolder(path, factsOf(fs.statSync(path)), process.getuid?.()))
  })

/**
 * Writes a file that only its owner can read, whole or not at all. One that is
 * there is replaced if `replaces` says so, and refused otherwise: `ifThere` is
 * what to do then.
 */
export const write = (
  path: string,
  text: string,
  { ifThere, replaces = false }: { readonly replaces?: boolean; readonly ifThere?: string } = {}
): Effect.Effect<void, KeyFileUnusable> =>
  Effect.suspend(() => {
    const draft = join(dirname(path), `.${process.pid}-${process.hrtime.bigint()}.draft`)
    return attempt(path, () => {
      try {
        const file = fs.openSync(draft, "wx", 0o600)
        try {
          fs.writeFileSync(file, text)
          fs.fsyncSync(file)
        } finally {
          fs.closeSync(file)
        }
        // A link is made only if there is nothing of that name; a rename asks nobody.
        if (replaces) fs.renameSync(draft, path)
        else fs.linkSync(draft, path)
      } catch (error) {
        const failed = unusable(path, error)
        throw codeOf(error) !== "EEXIST" || ifThere === undefined
          ? failed
          : new KeyFileUnusable({ path, problem: failed.problem, mend: ifThere })
      } finally {
        fs.rmSync(draft, { force: true })
      }
    })
  })
