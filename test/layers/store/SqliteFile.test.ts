import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Option } from "effect"
import { copyFileSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { openFile } from "../../../layers/store/SqliteFile.ts"
import { migrations } from "../../../layers/store/SqliteSchema.ts"
import { openVolume } from "../../../layers/store/SqliteVolume.ts"
import * as TaskStoreSqlite from "../../../layers/store/TaskStoreSqlite.ts"
import { serve } from "../../../layers/store/Volume.ts"
import { TaskStore } from "../../../services/TaskStore.ts"
import { Book } from "../../store/Book.ts"
import { temporaryFolder } from "../../store/Folder.ts"

const open = (path: string) =>
  Effect.map(Layer.build(TaskStoreSqlite.layer({ path })), (context) => Context.get(context, TaskStore))

/** Why it is not opened. */
const refusal = (path: string) =>
  Effect.map(Effect.flip(Effect.scoped(open(path))), (error) => {
    assert.strictEqual(error._tag, "StoreUnusable")
    assert.include(error.message, path)
    return error.message
  })

const opening = { owner: "a test", pid: 1, now: 0, incarnation: "0" }

describe("the file", () => {
  it.effect("is for its user alone", () =>
    Effect.gen(function*() {
      const folder = join(yield* temporaryFolder, "made", "for it")
      const path = join(folder, "store.db")
      const store = yield* open(path)
      const book = new Book()
      book.accept()
      yield* store.commit(book.take())
      assert.strictEqual(statSync(folder).mode & 0o777, 0o700)
      for (const end of ["", "-wal", "-shm", ".lock", ".owner", ".generation"]) {
        assert.strictEqual(statSync(path + end).mode & 0o777, 0o600, end)
      }
    }))

  it.effect("that is none is refused, and says what it is", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      const path = (name: string) => join(folder, name)
      mkdirSync(path("folder"))
      assert.include(yield* refusal(path("folder")), "it is no file")
      writeFileSync(path("text"), "This is no database, and long enough to be taken for one. ".repeat(99))
      assert.include(yield* refusal(path("text")), "it is no store of Cadre's")
      assert.strictEqual(readFileSync(path("text"), "utf8").slice(0, 7), "This is")
      const other = new DatabaseSync(path("other"))
      other.exec("CREATE TABLE accounts (id)")
      other.close()
      assert.include(yield* refusal(path("other")), "another program")
      assert.include(yield* refusal(join(path("text"), "below", "store.db")), "give this user the right")
    }))

  it.effect("that is damaged is refused", () =>
    Effect.gen(function*() {
      const path = join(yield* temporaryFolder, "store.db")
      yield* Effect.scoped(Effect.gen(function*() {
        const store = yield* open(path)
        const book = new Book()
        for (let left = 40; left > 0; left--) {
          book.accept({ entry: { count: 9 }, size: 400 })
          yield* store.commit(book.take())
        }
      }))
      const bytes = readFileSync(path)
      // Whatever page it is, some of it says what cannot be.
      bytes.fill(0xa5, 8_192, 8_192 + 4_096)
      bytes.fill(0xa5, 40_960, 40_960 + 4_096)
      writeFileSync(path, bytes)
      assert.include(yield* refusal(path), "put a backup in its place")
    }))

  it.effect("of a newer Cadre is refused, of an older one brought up to date", () =>
    Effect.gen(function*() {
      const path = join(yield* temporaryFolder, "store.db")
      const book = new Book()
      const before = openFile(path, "a test")
      book.accept({ submission: "old" })
      openVolume(before, opening).commit(book.take())
      before.close()
      const newer = [...migrations, "ALTER TABLE entries ADD COLUMN colour TEXT; CREATE TABLE colours (name TEXT)"]
      const half = [...migrations, "CREATE TABLE colours (name TEXT); CREATE TABLE colours (name TEXT)"]
      assert.throws(() => openFile(path, "a test", half), /colours/)
      const after = openFile(path, "a test", newer)
      const volume = openVolume(after, opening)
      assert.strictEqual(volume.recovered.entries[0]?.stored.submission, "old")
      book.accept()
      assert.strictEqual(volume.commit(book.take()), "committed")
      after.close()
      assert.include(
        yield* refusal(path),
        `of version ${newer.length} and this Cadre knows them up to ${migrations.length}`
      )
    }))

  it.effect("has what was committed before, when the end of its log is torn", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      const path = join(folder, "store.db")
      const store = yield* open(path)
      const book = new Book()
      const sizes: Array<number> = []
      for (let left = 6; left > 0; left--) {
        book.accept({ entry: { count: 3 }, size: 2_000 })
        yield* store.commit(book.take())
        sizes.push(statSync(`${path}-wal`).size)
      }
      const size = sizes[5]!
      for (const [index, cut] of [size, size - 1, size - 5_000, sizes[4]! + 24, sizes[4]!, sizes[2]! + 1].entries()) {
        const copy = join(folder, `copy ${index}`)
        copyFileSync(path, copy)
        copyFileSync(`${path}-wal`, `${copy}-wal`)
        truncateSync(`${copy}-wal`, cut)
        const count = sizes.filter((size) => size <= cut).length
        const { recovered } = yield* Effect.scoped(open(copy))
        assert.strictEqual(recovered.sequence, count)
        assert.strictEqual(recovered.entries.length, count)
      }
      const copy = join(folder, "flipped")
      copyFileSync(path, copy)
      const bytes = readFileSync(`${path}-wal`)
      bytes[sizes[4]! + 2_000]! ^= 1
      writeFileSync(`${copy}-wal`, bytes)
      assert.strictEqual((yield* Effect.scoped(open(copy))).recovered.sequence, 5)
    }))

  it.effect("that cannot grow makes a commit unknown, and all after it; what was there stays", () =>
    Effect.gen(function*() {
      const path = join(yield* temporaryFolder, "store.db")
      const file = openFile(path, "a test")
      const store = serve(openVolume(file, opening))
      const book = new Book()
      book.accept()
      assert.strictEqual(yield* store.commit(book.take()), "committed")
      file.database.exec("PRAGMA max_page_count = 60")
      book.accept({ entry: { count: 100 }, size: 10_000 })
      const large = book.take()
      assert.strictEqual(yield* store.commit(large), "unknown")
      // Nor is anything of it read.
      assert.isTrue(Option.isNone(yield* store.entryOf(1)))
      assert.deepStrictEqual(yield* store.transitionsOf(1), [])
      file.database.exec("PRAGMA max_page_count = 1000000")
      assert.strictEqual(yield* store.commit(large), "unknown")
      file.close()
      const { recovered } = yield* open(path)
      assert.strictEqual(recovered.sequence, 1)
      assert.strictEqual(recovered.entries.length, 1)
    }))

  it.effect("raises the generation above all there were, when a backup is put in its place", () =>
    Effect.gen(function*() {
      const path = join(yield* temporaryFolder, "store.db")
      const generation = Effect.scoped(Effect.map(open(path), ({ recovered }) => recovered.generation))
      yield* generation
      copyFileSync(path, `${path} of yesterday`)
      yield* generation
      assert.strictEqual(yield* generation, 3)
      copyFileSync(`${path} of yesterday`, path)
      assert.strictEqual(yield* generation, 4)
    }))

  it.effect("becomes smaller when much is removed", () =>
    Effect.gen(function*() {
      const path = join(yield* temporaryFolder, "store.db")
      const store = yield* open(path)
      const book = new Book()
      for (let left = 10; left > 0; left--) {
        const { first, source } = book.accept({ entry: { count: 500 }, size: 1_000, submitter: `of ${left}` })
        for (let task = first; task < first + 500; task++) book.end(task)
        yield* store.commit(book.take({ ended: [source], departed: [`of ${left}`] }))
      }
      book.accept({ submission: "alive" })
      yield* store.commit(book.take())
      const before = yield* store.size
      assert.isAbove(before, 5_000_000)
      yield* store.retain({ age: 2 ** 41, size: 3_000_000 }, 10_000)
      const kept = (yield* store.entries({ limit: 99 })).items.map(({ source }) => source)
      // The oldest go first, and no more than has to.
      assert.isAbove(kept.length, 3)
      assert.isBelow(kept.length, 8)
      assert.deepStrictEqual(kept, kept.map((_, index) => 10 - index))
      yield* store.retain({ age: 0, size: 0 }, 2 ** 41)
      assert.deepStrictEqual((yield* store.entries({ limit: 99 })).items.map(({ submission }) => submission), ["alive"])
      assert.isBelow(yield* store.size, before / 2)
    }))
})
