import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as LogFile from "../../../layers/host/LogFile.ts"

const inFolder = <A, E, R>(use: (path: string) => Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "cadre-log-"))),
    (folder) => use(join(folder, "server.log")),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
  )

const read = (path: string) => readFileSync(path, "utf8").split("\n").filter((line) => line !== "")

describe("LogFile", () => {
  it.effect("has one JSON value a line, which says what and when, and no secret", () =>
    inFolder((path) =>
      Effect.gen(function*() {
        const file = yield* LogFile.open(path, { size: 10_000, files: 1 })
        const lines = Effect.gen(function*() {
          yield* Effect.annotateLogs(Effect.logInfo("two\nlines"), { process: "process-1" })
          yield* Effect.logWarning("with a secret:", Redacted.make("hunter2"))
        })
        yield* Effect.provide(lines, LogFile.layer(file))
        const [first = "", second = ""] = read(path)
        assert.deepInclude(JSON.parse(first), { level: "INFO", message: "two\nlines", process: "process-1" })
        assert.strictEqual(JSON.parse(second).level, "WARN")
        assert.notInclude(second, "hunter2")
        assert.strictEqual(statSync(path).mode & 0o777, 0o600)
      }).pipe(Effect.scoped)
    ))

  it.effect("begins anew when it is full, and keeps as many older ones as it is told to", () =>
    inFolder((path) =>
      Effect.gen(function*() {
        const file = yield* LogFile.open(path, { size: 40, files: 2 })
        for (const number of [1, 2, 3, 4, 5, 6, 7]) file.write(`${number}`.padEnd(19, "."))
        assert.deepStrictEqual(
          ["", ".1", ".2"].map((end) => read(`${path}${end}`).map((line) => line[0])),
          [["7"], ["5", "6"], ["3", "4"]]
        )
        assert.isFalse(existsSync(`${path}.3`))
      }).pipe(Effect.scoped)
    ))

  it.effect("stays the file that others append to", () =>
    inFolder((path) =>
      Effect.gen(function*() {
        const file = yield* LogFile.open(path, { size: 20, files: 1 })
        const { ino } = statSync(path)
        file.write("0123456789012345678")
        appendFileSync(path, "from elsewhere\n")
        file.write("after")
        appendFileSync(path, "from elsewhere\n")
        assert.deepStrictEqual(read(path), ["after", "from elsewhere"])
        assert.strictEqual(statSync(path).ino, ino)
      }).pipe(Effect.scoped)
    ))
})
