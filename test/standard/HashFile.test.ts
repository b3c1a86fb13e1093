import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { InProcess } from "cadre"
import { HashFile, StandardLive } from "cadre/standard"
import { Effect, Fiber, Stream } from "effect"
import * as PlatformError from "effect/PlatformError"
import { createHash } from "node:crypto"
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileError } from "../../layers/standard/HashFileNode.ts"

describe("HashFile", () => {
  let folder = ""
  const path = (name: string): string => join(folder, name)

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "cadre-hash-file-"))
    await Promise.all(["empty", "abc", "large"].map((name) => writeFile(path(name), name === "abc" ? "abc" : "")))
    await truncate(path("large"), 40 * 1024 * 1024)
  })

  afterAll(() => rm(folder, { recursive: true, force: true }))

  it.effect("digests files, with SHA-256 unless told otherwise", () =>
    Effect.gen(function*() {
      const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")
      assert.deepStrictEqual(yield* HashFile.run({ path: path("abc") }), { hex: sha256("abc"), bytes: 3 })
      assert.deepStrictEqual(yield* HashFile.run({ path: path("empty") }), { hex: sha256(""), bytes: 0 })
      const { hex } = yield* HashFile.run({ path: path("abc"), algorithm: "md5" })
      assert.strictEqual(hex, "900150983cd24fb0d6963f7d28e17f72")
    }).pipe(Effect.provide(InProcess.layer(StandardLive))))

  it.effect("reports how many bytes it has read", () =>
    Effect.gen(function*() {
      const total = 40 * 1024 * 1024
      const handle = yield* HashFile.submit({ path: path("large") })
      const reading = yield* Effect.forkChild(Stream.runCollect(handle.progress))
      const { bytes, hex } = yield* handle.await
      assert.strictEqual(bytes, total)
      assert.strictEqual(hex, createHash("sha256").update(new Uint8Array(total)).digest("hex"))
      const reports = yield* Fiber.join(reading)
      assert.deepStrictEqual(reports.at(-1), { bytes: total, total })
      assert.isTrue(
        reports.every((report, index) => report.total === total && report.bytes > (reports[index - 1]?.bytes ?? 0))
      )
    }).pipe(Effect.scoped, Effect.provide(InProcess.layer(StandardLive))))

  it.effect("says what is wrong with a path", () =>
    Effect.gen(function*() {
      const wrong = (payload: Parameters<typeof HashFile.run>[0]) => Effect.flip(HashFile.run(payload))
      const missing = yield* wrong({ path: path("missing") })
      assert.strictEqual(missing._tag, "FileNotFound")
      assert.strictEqual(missing.message, `There is no file ${path("missing")} on the executor's machine`)
      const type = Effect.map(wrong({ path: folder }), (error) => error._tag === "NotAFile" && error.type)
      assert.strictEqual(yield* type, "Directory")
      assert.strictEqual((yield* wrong({ path: "/dev/zero" }))._tag, "NotAFile")
      const below = yield* wrong({ path: path("abc/below") })
      assert.strictEqual(below._tag, "FileUnreadable")
      assert.include(below.message, "ENOTDIR")
      const algorithm = yield* wrong({ path: path("abc"), algorithm: "sha257" })
      assert.match(algorithm.message, /^There is no algorithm "sha257"\. Known are .*\bsha256\b/)
      assert.strictEqual((yield* wrong({ path: "" }))._tag, "PayloadInvalid")
    }).pipe(Effect.provide(InProcess.layer(StandardLive))))

  it("says that the permission is missing", () => {
    const error = PlatformError.systemError({ _tag: "PermissionDenied", module: "FileSystem", method: "open" })
    const { _tag, message } = fileError("/secret", error)
    assert.strictEqual(_tag, "FileForbidden")
    assert.include(message, "may not read /secret: give its user permission")
  })
})
