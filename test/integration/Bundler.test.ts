import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { basename, join, resolve } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { promisify } from "node:util"
import { bundle, installed, makeProject, project, temporaryFolder } from "../layers/bundler/Projects.ts"

const { NODE_OPTIONS: _, ...env } = process.env

/** Runs Node to its end: what it printed, whether or not it failed. */
const node = (...args: ReadonlyArray<string>) =>
  Effect.promise((signal) =>
    promisify(execFile)(process.execPath, args, { env, signal, timeout: 30_000 }).then(
      ({ stderr, stdout }) => ({ stdout: stdout.trim(), stderr }),
      ({ stderr, stdout }) => ({ stdout: String(stdout).trim(), stderr: String(stderr) })
    )
  )

const fileOf = (url: string | undefined): string => fileURLToPath(url ?? "file:///nothing")

describe("a bundled program", () => {
  it.live("runs with node as its source does, and only the one that was started is the main module", () =>
    Effect.gen(function*() {
      const made = project({
        "main.ts": `import { part } from "./part.ts"\nimport { name } from "./tasks.ts"
          if (import.meta.main) console.log("main started", name, part)`,
        "tasks.ts": `import { part } from "./part.ts"\nexport const name: string = "tasks"
          if (import.meta.main) console.log("tasks started", part)`,
        "part.ts": `export const part = "part"\nif (import.meta.main) console.log("part started")`
      })
      const alone = yield* made.bundle
      assert.strictEqual((yield* node(fileOf(alone.entries["main"]))).stdout, "main started tasks part")
      const { entries } = yield* bundle(made.cache, { main: made.main, tasks: join(made.folder, "tasks.ts") })
      const [main, tasks] = [fileOf(entries["main"]), fileOf(entries["tasks"])]
      // What both need is in a chunk that neither of them is, where Node's own import.meta.main would be false.
      assert.notInclude(readFileSync(tasks, "utf8"), "tasks started")
      assert.strictEqual((yield* node(main)).stdout, "main started tasks part")
      assert.strictEqual((yield* node(tasks)).stdout, "tasks started part")
      const imported = `await import(${JSON.stringify(entries["main"])})`
      assert.strictEqual((yield* node("--input-type=module", "-e", imported)).stdout, "")
    }))

  it.live("names sources and their lines in stack traces", () =>
    Effect.gen(function*() {
      const made = project({
        "main.ts": [
          `import { fail } from "./fail.ts"`,
          `import { call } from "caller"`,
          "interface Unused { readonly a: string }",
          "const run = (): void => call(fail)",
          "run()"
        ].join("\n"),
        "fail.ts":
          "type Nothing = never\n\nexport const fail = (): Nothing => {\n  throw new Error(\"out of luck\")\n}",
        ...installed("caller", { "index.js": "// First\n\n\nexport const call = (f) => {\n  f()\n}" })
      })
      const done = yield* made.bundle
      const file = fileOf(done.entries["main"])
      const { stderr } = yield* node("--enable-source-maps", file)
      const frames = stderr.split("\n").filter((line) => line.startsWith("    at ")).slice(0, 4)
      assert.match(frames[0] ?? "", /fail \(.*\/fail\.ts:4:\d+\)/)
      assert.include(frames[0], join(made.folder, "fail.ts"))
      // A package has no map: its frame tells of the chunk, and not of a source before it.
      assert.include(frames[1], file.slice(file.lastIndexOf("/")))
      assert.match(frames[2] ?? "", /run .*\/main\.ts:4:\d+|main\.ts:4:\d+/)
      assert.match(frames[3] ?? "", /\/main\.ts:5:\d+/)
    }))
})

describe("a bundled task module", () => {
  const files = {
    "tasks.ts": `
      import { Task, TaskLibrary, TaskModule } from "cadre"
      import { Effect, Schema } from "effect"
      export const Double = Task.make("Double", { payload: { n: Schema.Int }, success: Schema.Int })
      export const Maths = TaskLibrary.make("maths", { version: "1.0.0" }, Double)
      export const MathsLive = Maths.toLayer({ Double: ({ n }) => Effect.succeed(n * 2) })
      export default TaskModule.make(import.meta.url, MathsLive)`,
    "main.ts": `
      import { Double, MathsLive } from "./tasks.ts"
      import tasks from "./tasks.ts"
      import { once } from "node:events"
      import { Worker } from "node:worker_threads"
      const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData: tasks.url })
      const [answer] = await once(worker, "message")
      console.log(JSON.stringify({ answer, url: tasks.url, here: (await import(tasks.url)).default === tasks }))`,
    "worker.ts": `
      import { Layer } from "effect"
      import { parentPort, workerData } from "node:worker_threads"
      const { default: tasks } = await import(workerData)
      parentPort?.postMessage({ url: tasks.url, same: Object.getPrototypeOf(tasks.provides) === Object.getPrototypeOf(Layer.empty) })`
  }

  it.live("is started from its own chunk, in this thread and in others, with the one copy of effect", () =>
    Effect.gen(function*() {
      const folder = makeProject(files)
      const entries = { main: join(folder, "main.ts"), tasks: join(folder, "tasks.ts") }
      const done = yield* bundle(temporaryFolder(), entries, ["cadre-source"])
      const named = done.outside.map(({ importer, specifier }) => `${basename(importer)}: ${specifier}`)
      assert.sameMembers(named, ["main.ts: import(tasks.url)", "worker.ts: import(workerData)"])
      const { stderr, stdout } = yield* node(fileOf(done.entries["main"]))
      assert.strictEqual(stderr, "")
      const { answer, here, url } = JSON.parse(stdout)
      assert.strictEqual(url, done.entries["tasks"])
      assert.isTrue(here)
      assert.deepStrictEqual(answer, { url, same: true })
    }))
})

describe("two processes that bundle the same", () => {
  it.live("are both right, and leave nothing half done", () =>
    Effect.gen(function*() {
      const made = project({ "main.ts": `import { Effect } from "effect"\nexport const a = Effect.succeed(1)` })
      const module = (path: string) => JSON.stringify(pathToFileURL(resolve(path)).href)
      const script = join(made.folder, "bundle.ts")
      writeFileSync(
        script,
        `import * as NodeFileSystem from ${module("node_modules/@effect/platform-node/dist/NodeFileSystem.js")}
         import { Effect, Layer } from ${module("node_modules/effect/dist/index.js")}
         import * as BundlerRolldown from ${module("layers/bundler/BundlerRolldown.ts")}
         import { Bundler } from ${module("services/Bundler.ts")}
         const bundle = Effect.flatMap(Bundler, (bundler) => bundler.bundle({ main: ${JSON.stringify(made.main)} }))
         const layer = BundlerRolldown.layerWith({ folder: ${JSON.stringify(made.cache)}, conditions: [] })
         console.log(JSON.stringify(await Effect.runPromise(Effect.provide(bundle, Layer.provide(layer, NodeFileSystem.layer)))))`
      )
      const both = yield* Effect.all([node(script), node(script)], { concurrency: 2 })
      const [one, other] = both.map(({ stdout }) => JSON.parse(stdout))
      assert.deepStrictEqual(one.entries, other.entries)
      assert.strictEqual(made.lookup()?.key, one.key)
      assert.deepStrictEqual(readdirSync(made.cache).filter((name) => name.startsWith("tmp-")), [])
    }))
})
