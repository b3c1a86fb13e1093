/**
 * Reads and digests files.
 *
 * @since 0.1.0
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Effect, FileSystem, Stream } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { createHash, getHashes } from "node:crypto"
import {
  AlgorithmUnknown,
  FileForbidden,
  FileNotFound,
  FileUnreadable,
  HashFile,
  NotAFile
} from "../../services/standard/HashFile.ts"
import type { TaskDefinition } from "../../src/task/TaskDefinition.ts"

const pieceSize = 256 * 1024

/** Progress is reported after so many bytes. */
const reportSize = 16 * 1024 * 1024

/** Names of signatures, which are others for what they hash with. */
const isAlias = /RSA|rsa|^ssl3/

const hashOf = (algorithm: string) =>
  Effect.try({
    try: () => createHash(algorithm),
    catch: () => new AlgorithmUnknown({ algorithm, known: getHashes().filter((name) => !isAlias.test(name)) })
  })

/** What the trouble with a file is. */
export const fileError = (path: string, { reason }: PlatformError): FileNotFound | FileForbidden | FileUnreadable => {
  switch (reason._tag) {
    case "NotFound":
      return new FileNotFound({ path })
    case "PermissionDenied":
      return new FileForbidden({ path })
    default:
      return new FileUnreadable({ path, reason: reason.cause instanceof Error ? reason.cause.message : reason.message })
  }
}

/** Digests a file piece by piece. */
export const hashFile = Effect.fnUntraced(
  function*({ algorithm, path }: TaskDefinition.Payload<typeof HashFile>) {
    const { stat, stream } = yield* FileSystem.FileSystem
    const hash = yield* hashOf(algorithm)
    const { size, type } = yield* stat(path)
    // To open a pipe is to wait for who writes to it, and a device may have no end.
    if (type !== "File") return yield* new NotAFile({ path, type })
    const total = Number(size)
    let bytes = 0
    let reported = 0
    yield* Stream.runForEach(stream(path, { chunkSize: pieceSize }), (piece) => {
      hash.update(piece)
      bytes += piece.length
      if (bytes - reported < reportSize) return Effect.void
      reported = bytes
      return HashFile.report({ bytes, total })
    })
    yield* HashFile.report({ bytes, total })
    return { hex: hash.digest("hex"), bytes }
  },
  (effect, { path }) => Effect.catchTag(effect, "PlatformError", (error) => Effect.fail(fileError(path, error))),
  Effect.provide(NodeFileSystem.layer)
)
