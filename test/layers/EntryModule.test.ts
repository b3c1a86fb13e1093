import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { load, loadTasks } from "../../layers/EntryModule.ts"

/** A module of that text, in a folder of its own for as long as the test lasts. */
const moduleOf = (text: string, name = "module.mjs") =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "cadre-entry-"))),
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
    ),
    (folder) => {
      // What is installed is imported by Node itself, and not by the test runner.
      const path = join(folder, "node_modules", name)
      mkdirSync(join(folder, "node_modules"))
      writeFileSync(path, text)
      return pathToFileURL(path).href
    }
  )

const tasks = (provides: string): string =>
  `export default { "~cadre/TaskModule": "~cadre/TaskModule", url: import.meta.url, provides: ${provides} }`

describe("a module that cannot be used says why:", () => {
  it.effect.each(
    [
      ["it exports nothing", "", /^It exports nothing: write export default TaskModule\.make/],
      ["it has no default export", "export const tasks = 1, other = 2", /no default export, only other, tasks: write/],
      ["its default export is null", "export default null", /is null, neither a TaskModule nor a Program/],
      ["its default export is a number", "export default 1", /is a number, neither/],
      ["it is a library", "export default { toLayer() {} }", /is a TaskLibrary, which has no handlers/],
      [
        "it throws",
        `throw new RangeError("no such thing")`,
        /^It threw when it was imported: RangeError: no such thing/
      ],
      ["it throws something odd", "throw 7", /^It threw 7 when it was imported/],
      ["it is no JavaScript", "export default (", /^It is not valid: SyntaxError/],
      ["it imports what is not there", `import "./other.mjs"`, /Cannot find module .*other\.mjs.*Relative imports/],
      ["it was made with another copy of effect", tasks("{}"), /another copy of `effect`.*npm ls effect/]
    ] as const
  )("%s", ([, text, expected]) =>
    Effect.gen(function*() {
      const url = yield* moduleOf(text)
      const error = yield* Effect.flip(load(url))
      assert.strictEqual(error._tag, "EntryModuleInvalid")
      assert.match(error.problem, expected)
      assert.notMatch(error.message, /\n\s+at /)
    }))

  it.effect("it is there no more, or was never", () =>
    Effect.gen(function*() {
      const { message } = yield* Effect.flip(load("file:///no/such/module.ts"))
      assert.match(message, /^\/no\/such\/module\.ts: Cannot find module/)
    }))

  it.effect("it is still being imported after half a minute", () =>
    Effect.gen(function*() {
      const url = yield* moduleOf("await new Promise(() => setInterval(() => {}, 1e9).unref())")
      const fiber = yield* Effect.forkChild(Effect.flip(load(url)), { startImmediately: true })
      yield* TestClock.adjust("31 seconds")
      assert.match((yield* Fiber.join(fiber)).problem, /still being imported after 30 s: is there an await/)
    }))

  it.effect("it is a program, where tasks are wanted", () =>
    Effect.gen(function*() {
      const url = yield* moduleOf(`export default { "~cadre/Program": "~cadre/Program", url: import.meta.url }`)
      assert.match((yield* Effect.flip(loadTasks(url))).problem, /is a Program, which has no tasks/)
    }))
})

it.effect("a module that leaves something open can be used, and is told of", () =>
  Effect.gen(function*() {
    const url = yield* moduleOf(
      `import { createServer } from "node:net"
       export const server = createServer().listen(0, "127.0.0.1")
       await new Promise((resolve) => server.once("listening", resolve))
       const { Layer } = await import(${JSON.stringify(import.meta.resolve("effect"))})
       ${tasks("Layer.empty")}`
    )
    const { effects } = yield* loadTasks(url)
    assert.lengthOf(effects, 1)
    assert.match(effects[0] ?? "", /left a TCPServerWrap open: start such things in a Layer/)
    const { server } = yield* Effect.promise(() => import(url) as Promise<{ readonly server: { close(): void } }>)
    server.close()
  }))
