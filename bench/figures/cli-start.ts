/** How soon the command line answers, as it is published, against a Node that does nothing. */
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { copyFile, cp, mkdir, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { type Figure, median, type Result } from "../Figure.ts"
import { output, ProcessFailed } from "../NodeProcess.ts"

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** A package of our own in `node_modules`: from there, programs find `effect`, and the package finds itself. */
const workFolder = Effect.acquireRelease(
  Effect.promise(async () => {
    const folder = at(`node_modules/.cache/cadre-start-${process.pid}`)
    await mkdir(folder, { recursive: true })
    return folder
  }),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

const tasks = `
import { Task, TaskLibrary, TaskModule } from "cadre"
import { Effect, Schema } from "effect"
const Double = Task.make("Double", { payload: { n: Schema.Int }, success: Schema.Int })
const Library = TaskLibrary.make("start", { version: "1.0.0" }, Double)
export default TaskModule.make(import.meta.url, Library.toLayer({ Double: ({ n }) => Effect.succeed(2 * n) }))
`

const built = Effect.fnUntraced(function*(folder: string) {
  yield* Effect.promise(async () => {
    await cp(at("bin"), join(folder, "bin"), { recursive: true })
    await copyFile(at("package.json"), join(folder, "package.json"))
    await writeFile(join(folder, "tasks.ts"), tasks)
  })
  yield* output(at("scripts/build.js"), join(folder, "dist"))
})

/** Milliseconds until it has printed something, or has ended without. */
const elapsed = (...words: ReadonlyArray<string>) =>
  Effect.callback<{ readonly millis: number; readonly printed: string }, ProcessFailed>((resume) => {
    const start = performance.now()
    const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] })
    let millis: number | undefined
    let printed = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      millis ??= performance.now() - start
      printed += text
    })
    child.once("error", ({ message }) => resume(Effect.fail(new ProcessFailed({ message }))))
    child.once(
      "close",
      () => resume(Effect.succeed({ millis: millis ?? performance.now() - start, printed: printed.trim() }))
    )
  })

/** With a bundle that was made before. */
export const cliStart: Figure = {
  name: "cli-start",
  description: "cadre --help, and the first result of cadre submit, bundled and cached; against node -e 0",
  measure: Effect.fnUntraced(function*(profile): Effect.fn.Return<ReadonlyArray<Result>, unknown, never> {
    return yield* Effect.scoped(Effect.gen(function*() {
      const folder = yield* workFolder
      const isQuick = profile === "quick"
      if (isQuick) yield* built(folder)
      const cadre = isQuick ? join(folder, "bin/cadre.js") : at("bin/cadre.js")
      const submit = ["submit", isQuick ? join(folder, "tasks.ts") : "standard"]
      const task = isQuick ? ["Double", "--payload", `{"n":4}`] : ["Echo", "--payload", `{"value":8}`]
      const commands = {
        node: ["-e", "0"],
        help: [cadre, "--help"],
        fibers: [cadre, ...submit, ...task, "--in-process"],
        thread: [cadre, ...submit, ...task, "--in-process", "--threads", "1"]
      }
      const times: Record<keyof typeof commands, Array<number>> = { node: [], help: [], fibers: [], thread: [] }
      // In turn, so that whatever slows the machine down slows all; the first rounds make the bundles.
      for (let round = 0; round < (isQuick ? 14 : 1); round++) {
        for (const name of ["node", "help", "fibers", "thread"] as const) {
          const { millis, printed } = yield* elapsed(...commands[name])
          if ((name === "fibers" || name === "thread") && printed !== "8") throw new Error(`It printed ${printed}`)
          if (round > 1 || !isQuick) times[name].push(millis)
        }
      }
      const node = median(times.node)
      const result = (name: string, which: "help" | "fibers" | "thread", most: number): Result => ({
        name,
        measured: median(times[which]),
        unit: "ms",
        target: { atMost: most * node },
        against: { name: "node -e 0", measured: node }
      })
      return [
        result("cadre --help", "help", 3),
        result("cadre submit, in process", "fibers", 5),
        result("cadre submit, a thread", "thread", 5)
      ]
    }))
  })
}
