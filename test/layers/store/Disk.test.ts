import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { Disk } from "../../../layers/store/Disk.ts"
import * as TaskStoreMemory from "../../../layers/store/TaskStoreMemory.ts"
import { TaskStore } from "../../../services/TaskStore.ts"
import { Book } from "../../store/Book.ts"

const open = (disk: Disk) =>
  Effect.map(Layer.build(TaskStoreMemory.layerOn(disk)), (context) => Context.get(context, TaskStore))

const sequenceOf = (disk: Disk) => Effect.scoped(Effect.map(open(disk), ({ recovered }) => recovered.sequence))

/** Commits three times, each with one transition. */
const commits = (disk: Disk) =>
  Effect.scoped(Effect.gen(function*() {
    const store = yield* open(disk)
    const book = new Book()
    const answers: Array<string> = []
    for (let left = 3; left > 0; left--) {
      book.accept()
      answers.push(yield* store.commit(book.take()))
    }
    return answers
  }))

describe("a disk", () => {
  it.effect("keeps a commit and tells nobody, and nothing after it", () =>
    Effect.gen(function*() {
      const disk = new Disk()
      disk.fail(1, "kept")
      assert.deepStrictEqual(yield* commits(disk), ["committed", "unknown", "unknown"])
      assert.strictEqual(yield* sequenceOf(disk), 2)
    }))

  it.effect("loses a commit and tells nobody, and all after it", () =>
    Effect.gen(function*() {
      const disk = new Disk()
      disk.fail(1, "lost")
      assert.deepStrictEqual(yield* commits(disk), ["committed", "unknown", "unknown"])
      assert.strictEqual(disk.commits, 2)
      assert.strictEqual(yield* sequenceOf(disk), 1)
    }))

  it.effect("loses the last that it said it had", () =>
    Effect.gen(function*() {
      const disk = new Disk()
      assert.deepStrictEqual(yield* commits(disk), ["committed", "committed", "committed"])
      disk.loseLast()
      assert.strictEqual(yield* sequenceOf(disk), 2)
    }))

  it.effect("is let go by a crash, and not by the end of who had it before", () =>
    Effect.gen(function*() {
      const disk = new Disk()
      yield* Effect.scoped(Effect.gen(function*() {
        yield* open(disk)
        disk.crash()
        disk.hold("another")
      }))
      assert.strictEqual(disk.owner, "another")
    }))
})
