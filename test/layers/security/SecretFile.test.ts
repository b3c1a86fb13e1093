import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as SecretFile from "../../../layers/security/SecretFile.ts"
import { folder } from "./Folder.ts"

const message = (effect: Effect.Effect<unknown, Error>) => Effect.map(Effect.flip(effect), (error) => error.message)

describe("a file that holds a secret", () => {
  it.effect("is its owner's alone, whole, and not written over by accident", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "new", "secret")
      yield* SecretFile.makeFolder(join(path, ".."))
      yield* SecretFile.write(path, "one")
      assert.strictEqual(statSync(path).mode & 0o777, 0o600)
      assert.strictEqual(statSync(join(path, "..")).mode & 0o777, 0o700)
      assert.strictEqual(yield* SecretFile.read(path), "one")
      assert.include(yield* message(SecretFile.write(path, "two")), "It is there already")
      assert.include(yield* message(SecretFile.write(path, "two", { ifThere: "Do this" })), "already. Do this")
      assert.strictEqual(yield* SecretFile.read(path), "one")
      yield* SecretFile.write(path, "two", { replaces: true })
      assert.strictEqual(yield* SecretFile.read(path), "two")
      assert.deepStrictEqual(readdirSync(join(path, "..")), ["secret"])
    }).pipe(Effect.scoped))

  it.effect("is not read where others could have read it, changed it or put another in its place", () =>
    Effect.gen(function*() {
      const home = yield* folder
      const path = join(home, "secret")
      yield* SecretFile.write(path, "hunter2")
      symlinkSync(path, join(home, "link"))
      assert.include(yield* message(SecretFile.read(join(home, "link"))), "It is a link")
      chmodSync(path, 0o640)
      assert.include(yield* message(SecretFile.read(path)), "(mode 0640). chmod 600")
      chmodSync(path, 0o600)
      chmodSync(home, 0o770)
      assert.include(yield* message(SecretFile.read(path)), "Others may put files into the folder")
      assert.include(yield* message(SecretFile.makeFolder(home)), "Others may put files into the folder")
      chmodSync(home, 0o700)
      assert.include(yield* message(SecretFile.read(home)), "It is no file")
      assert.include(yield* message(SecretFile.read(join(home, "none"))), "It is not there. `cadre key` makes")
      assert.include(yield* message(SecretFile.read(join(path, "below"))), "Its folder is a file")
      writeFileSync(path, "x".repeat(300_000))
      assert.include(yield* message(SecretFile.read(path)), "too large")
    }).pipe(Effect.scoped))

  it.effect("does not hang on what is no file", () =>
    Effect.gen(function*() {
      const home = yield* folder
      mkdirSync(join(home, "folder"))
      assert.include(yield* message(SecretFile.readPublic(join(home, "folder"))), "It is no file")
      assert.include(yield* message(SecretFile.readPublic("/dev/zero")), "It is no file")
    }).pipe(Effect.scoped))
})
