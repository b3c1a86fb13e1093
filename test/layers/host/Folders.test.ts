import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as ProcessLock from "../../../layers/host/ProcessLock.ts"
import * as RuntimeFolder from "../../../layers/host/RuntimeFolder.ts"
import * as SealingKeys from "../../../layers/host/SealingKeys.ts"
import { sealerOf } from "../../../layers/SealerNode.ts"

const inFolder = <A, E, R>(use: (folder: string) => Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "cadre-host-"))),
    use,
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
  )

const withVariables = <A, E, R>(effect: Effect.Effect<A, E, R>, env: Readonly<Record<string, string>>) =>
  Effect.provideService(effect, ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env }))

describe("a folder of one's own", () => {
  it.effect("is made for this user alone", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const own = join(folder, "a/b")
      yield* RuntimeFolder.own(own, "CADRE_RUNTIME_DIR")
      assert.strictEqual(statSync(own).mode & 0o777, 0o700)
    })))

  it.effect("that others may look into is closed to them", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const own = join(folder, "own")
      mkdirSync(own)
      chmodSync(own, 0o777)
      yield* RuntimeFolder.own(own, "CADRE_RUNTIME_DIR")
      assert.strictEqual(statSync(own).mode & 0o777, 0o700)
    })))

  it.effect("is no link, and no file", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      symlinkSync(folder, join(folder, "link"))
      writeFileSync(join(folder, "file"), "")
      const link = yield* Effect.flip(RuntimeFolder.own(join(folder, "link"), "CADRE_RUNTIME_DIR"))
      assert.include(link.message, "It is a symbolic link")
      assert.include(link.message, "another folder in CADRE_RUNTIME_DIR")
      assert.strictEqual(
        (yield* Effect.flip(RuntimeFolder.own(join(folder, "file"), "CADRE_DATA_DIR")))._tag,
        "SettingInvalid"
      )
    })))

  it.effect("is named by variables, which must be absolute and short enough for a socket", () =>
    Effect.gen(function*() {
      const files = yield* withVariables(RuntimeFolder.files, { CADRE_RUNTIME_DIR: "/run/cadre" })
      assert.strictEqual(files.socket, "/run/cadre/server.sock")
      const relative = yield* Effect.flip(withVariables(RuntimeFolder.files, { CADRE_RUNTIME_DIR: "run" }))
      assert.strictEqual(relative.what, "CADRE_RUNTIME_DIR")
      const long = `/${"a".repeat(100)}`
      const error = yield* Effect.flip(withVariables(RuntimeFolder.files, { CADRE_RUNTIME_DIR: long }))
      assert.include(error.message, "Name a shorter folder in CADRE_RUNTIME_DIR")
      assert.strictEqual(yield* withVariables(RuntimeFolder.data, { XDG_DATA_HOME: "/x" }), "/x/cadre")
    }))
})

describe("a lock", () => {
  it.effect("is one's at a time, and free again when its scope is left", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const path = join(folder, "start.lock")
      const inside = yield* Effect.scoped(Effect.gen(function*() {
        assert.isTrue(yield* ProcessLock.take(path))
        return yield* Effect.scoped(ProcessLock.take(path))
      }))
      assert.isFalse(inside)
      assert.isTrue(yield* Effect.scoped(ProcessLock.take(path)))
    })))

  it.effect("that cannot be had says why", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const error = yield* Effect.flip(Effect.scoped(ProcessLock.take(join(folder, "none", "start.lock"))))
      assert.include(error.message, "It cannot be locked")
    })))
})

describe("sealing keys", () => {
  const own = (folder: string) => withVariables(SealingKeys.own, { CADRE_DATA_DIR: folder })

  it.effect("are made once, for this user alone, and open what was sealed with them", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const [one, other] = yield* Effect.all([own(join(folder, "data")), own(join(folder, "data"))])
      assert.deepStrictEqual(one, other)
      assert.strictEqual(statSync(join(folder, "data/sealing.key")).mode & 0o777, 0o600)
      assert.deepStrictEqual(readdirSync(join(folder, "data")), ["sealing.key"])
      const sealed = sealerOf(() => one).seal(new Uint8Array([1, 2, 3]))
      assert.deepStrictEqual(sealerOf(() => other).open(sealed), new Uint8Array([1, 2, 3]))
    })))

  it.effect("are refused that others can read, that are links, or of another length", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      yield* own(folder)
      const path = join(folder, "sealing.key")
      chmodSync(path, 0o644)
      assert.include((yield* Effect.flip(own(folder))).message, "chmod 600")
      rmSync(path)
      writeFileSync(path, "short", { mode: 0o600 })
      assert.include((yield* Effect.flip(own(folder))).message, "5 bytes rather than 64")
      rmSync(path)
      writeFileSync(join(folder, "elsewhere"), new Uint8Array(64), { mode: 0o600 })
      symlinkSync(join(folder, "elsewhere"), path)
      assert.strictEqual((yield* Effect.flip(own(folder)))._tag, "SettingInvalid")
      assert.isTrue(existsSync(path))
    })))

  it.effect("of a file that somebody names must be there", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      assert.include((yield* Effect.flip(SealingKeys.of(join(folder, "none")))).message, "There is no such file")
    })))
})
