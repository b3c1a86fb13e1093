import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { spawn } from "node:child_process"
import { chmodSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import * as TaskStoreSqlite from "../../layers/store/TaskStoreSqlite.ts"
import { TaskStore } from "../../services/TaskStore.ts"
import { temporaryFolder } from "../store/Folder.ts"

const program = fileURLToPath(new URL("../store/Writer.ts", import.meta.url))

interface Writer {
  /** What it has said, line by line. */
  readonly lines: ReadonlyArray<string>
  /** Once it has said so many lines, or has ended. */
  readonly said: (count: number) => Effect.Effect<void>
  readonly kill: Effect.Effect<void>
}

/** A process that writes; it is gone with the scope. `nobody` has no more rights than any user. */
const writer = (path: string, { how = "", limit = 0, nobody = false } = {}) =>
  Effect.acquireRelease(
    Effect.sync((): Writer => {
      const command = `${limit > 0 ? `ulimit -f ${limit}; ` : ""}exec "$0" "$@"`
      const words = [process.execPath, "--conditions=cadre-source", program, path, how, nobody ? "nobody" : ""]
      const child = spawn("sh", ["-c", command, ...words], {
        stdio: ["ignore", "pipe", "inherit"]
      })
      const lines: Array<string> = []
      let rest = ""
      let hasEnded = false
      const listeners = new Set<() => void>()
      const tell = () => {
        for (const listener of listeners) listener()
      }
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        const parts = (rest + text).split("\n")
        rest = parts.pop() ?? ""
        lines.push(...parts)
        tell()
      })
      child.on("close", () => {
        hasEnded = true
        tell()
      })
      const until = (isSo: () => boolean) =>
        Effect.callback<void>((resume) => {
          const listener = () => {
            if (!isSo()) return
            listeners.delete(listener)
            resume(Effect.void)
          }
          listeners.add(listener)
          listener()
        })
      return {
        lines,
        said: (count) => until(() => hasEnded || lines.length >= count),
        kill: Effect.andThen(Effect.sync(() => child.kill("SIGKILL")), until(() => hasEnded))
      }
    }),
    ({ kill }) => kill
  )

/** What is there: all of each commit up to some, and nothing of those after. */
const examine = (path: string) =>
  Effect.scoped(Effect.gen(function*() {
    const store = Context.get(yield* Layer.build(TaskStoreSqlite.layer({ path })), TaskStore)
    assert.deepStrictEqual(store.recovered.entries, [])
    const { items } = yield* store.entries({ limit: 99_999 })
    const endings = (yield* store.endings({ submission: "set", after: 0, limit: 99_999 })).items
    let [next, sequence, ended] = [0, 0, 0]
    for (const { entry: { count }, first, source } of items.toReversed()) {
      assert.strictEqual(count, 1 + source % 7)
      assert.strictEqual(first, next)
      const { bytes, offsets } = yield* store.payloads(source, 0, 99)
      assert.strictEqual(offsets.length, count + 1)
      assert.strictEqual(bytes.length, 3_000 * count)
      next += count
      sequence += 1 + count
      ended += count
    }
    assert.deepStrictEqual(endings.map(({ task }) => task), Array.from({ length: ended }, (_, task) => task))
    assert.strictEqual(store.recovered.sequence, sequence)
    const failed = endings.flatMap(({ outcome, task }) => outcome._tag === "Succeeded" ? [] : task)
    assert.deepStrictEqual(yield* store.failed(Infinity, 99_999), failed.toReversed())
    return sequence
  }))

/** The last commit that it was told of. */
const told = ({ lines }: Writer): number =>
  Number(lines.findLast((line) => line.startsWith("committed"))?.split(" ")[1] ?? 0)

describe("a store in a file", () => {
  it.live("has all that was committed, and nothing in part, when its server is killed in the middle", () =>
    Effect.gen(function*() {
      const path = join(yield* temporaryFolder, "store.db")
      for (const count of [40, 3]) {
        const process = yield* writer(path)
        yield* process.said(count)
        yield* process.kill
        const sequence = yield* examine(path)
        assert.isAtLeast(sequence, told(process))
        assert.isAbove(told(process), 0)
      }
    }))

  it.live("is refused to others while its server lives, and opened at once when that is killed", () =>
    Effect.gen(function*() {
      const path = join(yield* temporaryFolder, "store.db")
      const holder = yield* writer(path, { how: "hold" })
      yield* holder.said(1)
      const error = yield* Effect.flip(Effect.scoped(Layer.build(TaskStoreSqlite.layer({ path }))))
      assert.strictEqual(error._tag, "StoreInUse")
      assert.match(error.message, /in use by the writer \(PID \d+\)/)
      yield* holder.kill
      yield* Effect.scoped(Layer.build(TaskStoreSqlite.layer({ path })))
    }))

  it.live("on a full disk says that it does not know, keeps nothing more, and has what it said it has", () =>
    Effect.gen(function*() {
      const path = join(yield* temporaryFolder, "store.db")
      const process = yield* writer(path, { limit: 1_024 })
      yield* process.said(Infinity)
      const sequence = yield* examine(path)
      assert.isAbove(told(process), 0)
      assert.isAtLeast(sequence, told(process))
      assert.match(process.lines.at(-1) ?? "", /^failed .*(full|I\/O)/)
    }))

  it.live("says so where it must not write", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      chmodSync(folder, 0o755)
      mkdirSync(join(folder, "closed"), { mode: 0o555 })
      const path = join(folder, "closed", "store.db")
      const process = yield* writer(path, { how: "once", nobody: true })
      yield* process.said(Infinity)
      assert.lengthOf(process.lines, 1)
      assert.match(process.lines[0] ?? "", /^failed The store .*store\.db cannot be used: .*give this user the right/)
    }))
})
