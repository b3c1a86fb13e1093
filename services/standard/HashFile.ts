/**
 * Digests of files.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { Task } from "../Task.ts"
import { withDefault } from "./Default.ts"

const path = Schema.String
const at = "cadre/services/standard/HashFile"

/** There is nothing at that path on the executor's machine. */
export class FileNotFound extends Schema.TaggedError<FileNotFound>(`${at}/FileNotFound`)("FileNotFound", { path }) {
  override get message(): string {
    return `There is no file ${this.path} on the executor's machine`
  }
}

/** At that path is something that has no end or no content, such as a folder or a device. */
export class NotAFile extends Schema.TaggedError<NotAFile>(`${at}/NotAFile`)("NotAFile", {
  path,
  type: Schema.String
}) {
  override get message(): string {
    return `${this.path} is no file that could be read to its end but of type ${this.type}: name a regular file`
  }
}

/** The executor's user may not read the file. */
export class FileForbidden extends Schema.TaggedError<FileForbidden>(`${at}/FileForbidden`)("FileForbidden", { path }) {
  override get message(): string {
    return `The executor may not read ${this.path}: give its user permission`
  }
}

/** Reading failed for another reason. */
export class FileUnreadable extends Schema.TaggedError<FileUnreadable>(`${at}/FileUnreadable`)("FileUnreadable", {
  path,
  reason: Schema.String
}) {
  override get message(): string {
    return `${this.path} cannot be read: ${this.reason}`
  }
}

/** The executor has no such algorithm; `known` are those that it has. */
export class AlgorithmUnknown
  extends Schema.TaggedError<AlgorithmUnknown>(`${at}/AlgorithmUnknown`)("AlgorithmUnknown", {
    algorithm: Schema.String,
    known: Schema.Array(Schema.String)
  })
{
  override get message(): string {
    return `There is no algorithm "${this.algorithm}". Known are ${this.known.join(", ")}`
  }
}

/** Bytes that have been read, of all. */
export const ByteProgress = Schema.Struct({ bytes: Schema.Int, total: Schema.Int })
export type ByteProgress = typeof ByteProgress.Type

/** The digest of a file of any size, which is read piece by piece. */
export const HashFile = Task.make("HashFile", {
  payload: {
    path: Schema.NonEmptyString.annotate({ description: "a file on the executor's machine" }),
    algorithm: withDefault(
      Schema.NonEmptyString.annotate({ description: "such as sha256, sha512 or md5; sha256 where absent" }),
      "sha256"
    )
  },
  success: Schema.Struct({
    hex: Schema.String.annotate({ description: "the digest in hexadecimal digits" }),
    bytes: Schema.Int.annotate({ description: "how many bytes the file has" })
  }),
  error: Schema.Union([FileNotFound, NotAFile, FileForbidden, FileUnreadable, AlgorithmUnknown]),
  progress: ByteProgress
})
