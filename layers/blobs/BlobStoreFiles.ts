/**
 * Blobs as files of one folder, each under its hash. A file that has its name
 * is whole: it is written under another one, checked, and then renamed.
 *
 * @since 0.1.0
 */
import { Clock, Duration, Effect, Layer } from "effect"
import { createHash, randomBytes } from "node:crypto"
import { mkdir, open, readdir, rename, rm, stat, utimes } from "node:fs/promises"
import { join } from "node:path"
import { BlobStore } from "../../services/BlobStore.ts"
import { isSound, pieceSize } from "../../src/blob/Blob.ts"
import { BlobInvalid, BlobMissing, BlobsFailed } from "../../src/blob/BlobFailed.ts"
import type { BlobRef } from "../../src/task/Payload.ts"

const failed = (error: unknown) => new BlobsFailed({ problem: error instanceof Error ? error.message : String(error) })

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code

/** What was written of a blob that is not whole. */
interface Unfinished {
  readonly path: string
  length: number
}

const make = Effect.fnUntraced(function*(folder: string) {
  const unfinished = new Map<string, Unfinished>()
  const attempt = <A>(run: () => Promise<A>) => Effect.tryPromise({ try: run, catch: failed })
  yield* attempt(() => mkdir(folder, { recursive: true, mode: 0o700 }))
  const pathOf = (hash: string) => join(folder, hash)

  const exists = async ({ hash, size }: BlobRef, now: number): Promise<boolean> => {
    try {
      const found = await stat(pathOf(hash))
      if (found.size !== size) return false
      await utimes(pathOf(hash), now / 1_000, now / 1_000)
      return true
    } catch (error) {
      if (isCode(error, "ENOENT")) return false
      throw error
    }
  }

  const hashOf = async (path: string): Promise<string> => {
    const file = await open(path)
    try {
      const hash = createHash("sha256")
      const buffer = Buffer.alloc(pieceSize)
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length)
        if (bytesRead === 0) return hash.digest("hex")
        hash.update(buffer.subarray(0, bytesRead))
      }
    } finally {
      await file.close()
    }
  }

  /** What is wrong with the piece, if anything. */
  const add = async (blob: BlobRef, offset: number, piece: Uint8Array, now: number): Promise<string | undefined> => {
    const { hash, size } = blob
    if (await exists(blob, now)) return undefined
    if (offset === 0) {
      const before = unfinished.get(hash)
      if (before !== undefined) await rm(before.path, { force: true })
      unfinished.set(hash, { path: `${pathOf(hash)}.${randomBytes(6).toString("hex")}.part`, length: 0 })
    }
    const current = unfinished.get(hash)
    if (current === undefined) return "its first piece is missing"
    const drop = async (problem: string) => {
      unfinished.delete(hash)
      await rm(current.path, { force: true })
      return problem
    }
    if (offset !== current.length) {
      return drop(`it has ${current.length} bytes, and the next piece is from ${offset} on`)
    }
    if (offset + piece.length > size) return drop("it has more bytes than it was to have")
    // Taken before it waits: the next piece may come meanwhile.
    current.length += piece.length
    const file = await open(current.path, offset === 0 ? "wx" : "r+", 0o600)
    try {
      await file.write(piece, 0, piece.length, offset)
      if (current.length === size) await file.sync()
    } finally {
      await file.close()
    }
    if (current.length < size) return undefined
    if (await hashOf(current.path) !== hash) return drop("they have another hash")
    unfinished.delete(hash)
    await rename(current.path, pathOf(hash))
    return undefined
  }

  const sweep = async (keep: ReadonlySet<string>, since: number): Promise<number> => {
    let count = 0
    const writing = new Set([...unfinished.values()].map(({ path }) => path))
    for (const name of await readdir(folder)) {
      const path = join(folder, name)
      if (keep.has(name) || writing.has(path)) continue
      try {
        if ((await stat(path)).mtimeMs > since) continue
        await rm(path, { force: true })
        count++
      } catch (error) {
        if (!isCode(error, "ENOENT")) throw error
      }
    }
    return count
  }

  return BlobStore.of({
    has: (blob) =>
      isSound(blob)
        ? Effect.flatMap(Clock.currentTimeMillis, (now) => attempt(() => exists(blob, now)))
        : Effect.succeed(false),
    put: (blob, offset, piece) => {
      const { hash } = blob
      if (!isSound(blob)) return Effect.fail(new BlobInvalid({ hash, problem: "that is no hash, or no size" }))
      return Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Effect.flatMap(
          attempt(() => add(blob, offset, piece, now)),
          (problem) => problem === undefined ? Effect.void : Effect.fail(new BlobInvalid({ hash, problem }))
        ))
    },
    get: (blob, offset, length) => {
      const { hash } = blob
      if (!isSound(blob)) return Effect.fail(new BlobMissing({ hash }))
      return Effect.tryPromise({
        try: async () => {
          const file = await open(pathOf(hash))
          try {
            const buffer = new Uint8Array(Math.max(0, Math.min(length, blob.size - offset)))
            const { bytesRead } = await file.read(buffer, 0, buffer.length, offset)
            return buffer.subarray(0, bytesRead)
          } finally {
            await file.close()
          }
        },
        catch: (error) => isCode(error, "ENOENT") ? new BlobMissing({ hash }) : failed(error)
      })
    },
    sweep: (keep, age) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => attempt(() => sweep(keep, now - Duration.toMillis(age))))
  })
})

/** Keeps them in that folder, which is made where it is missing. Processes may share it. */
export const layer = (folder: string): Layer.Layer<BlobStore, BlobsFailed> => Layer.effect(BlobStore, make(folder))
