/**
 * Whether a file may hold a secret: nobody but its owner may read or change it.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/** What the file system says of a file or folder. */
export interface FileFacts {
  readonly kind: "file" | "folder" | "link" | "other"
  /** Permissions as POSIX has them; undefined where there are none. */
  readonly mode: number | undefined
  readonly owner: number
}

/** A file that should hold keys cannot be used, or written: what is wrong with it, and what to do. */
export class KeyFileUnusable extends Schema.TaggedError<KeyFileUnusable>("cadre/security/FileSafety/KeyFileUnusable")(
  "KeyFileUnusable",
  { path: Schema.String, problem: Schema.String, mend: Schema.String }
) {
  override get message(): string {
    return `${this.path}: ${this.problem}. ${this.mend}`
  }
}

const inOctal = (mode: number): string => (mode & 0o777).toString(8).padStart(4, "0")

/** Why a secret must not be read from a file; undefined if it may. `user` is who runs this. */
export const judgeSecret = (path: string, facts: FileFacts, user: number | undefined): KeyFileUnusable | undefined => {
  const refuse = (problem: string, mend: string) => new KeyFileUnusable({ path, problem, mend })
  if (facts.kind === "link") return refuse("It is a link, and could lead elsewhere tomorrow", "Name the file itself")
  if (facts.kind !== "file") return refuse("It is no file", "Name a file")
  const { mode } = facts
  if (mode === undefined || user === undefined) return undefined
  if (facts.owner !== user && facts.owner !== 0) {
    return refuse(
      `It belongs to user ${facts.owner}, and this is user ${user}`,
      "Let who runs this own it: chown it, or make a new one with `cadre key`"
    )
  }
  // A file of root that its group may read is how secrets are handed to a service; others never may.
  const allowed = facts.owner === user ? 0o700 : 0o740
  return (mode & 0o777 & ~allowed) === 0
    ? undefined
    : refuse(`Others may read or change it (mode ${inOctal(mode)})`, `chmod 600 ${path}`)
}

/** Why the files of a folder could be swapped by others; undefined if they cannot. */
export const judgeFolder = (path: string, facts: FileFacts, user: number | undefined): KeyFileUnusable | undefined => {
  const refuse = (problem: string, mend: string) => new KeyFileUnusable({ path, problem, mend })
  if (facts.kind !== "folder") return refuse("It is no folder", "Name a folder")
  const { mode } = facts
  if (mode === undefined || user === undefined) return undefined
  if (facts.owner !== user && facts.owner !== 0) {
    return refuse(
      `The folder belongs to user ${facts.owner}, and this is user ${user}`,
      "Use a folder of your own"
    )
  }
  // In a sticky folder nobody can rename or remove what belongs to others.
  const isSticky = (mode & 0o1000) !== 0
  return (mode & 0o022) === 0 || isSticky
    ? undefined
    : refuse(`Others may put files into the folder (mode ${inOctal(mode)})`, `chmod go-w ${path}`)
}
