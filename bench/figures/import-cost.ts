/** How long `import "cadre"` takes, to define a task, when `effect` is there already. */
import { Effect } from "effect"
import { mkdir, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath, pathToFileURL } from "node:url"
import { type Figure, median } from "../Figure.ts"
import { output } from "../NodeProcess.ts"

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** A folder of our own in `node_modules`: from there, programs find `effect`. */
const workFolder = Effect.acquireRelease(
  Effect.promise(async () => {
    const folder = at(`node_modules/.cache/cadre-bench-${process.pid}`)
    await mkdir(folder, { recursive: true })
    return folder
  }),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

const program = (entry: string): string => `
import { Schema } from "effect"
const start = performance.now()
const { Task } = await import(${JSON.stringify(entry)})
Task.make("Echo", { payload: { n: Schema.Int }, success: Schema.Int })
console.log(performance.now() - start)
`

/** Of what is built as it is published. */
export const importCost: Figure = {
  name: "import-cost",
  description: "import \"cadre\" and define a task, on top of importing effect",
  measure: Effect.fnUntraced(function*(profile) {
    const folder = yield* workFolder
    let entry = pathToFileURL(at("src/main/index.ts")).href
    if (profile === "quick") {
      // As it is published; types are stripped from the sources anew in each process.
      const built = join(folder, "dist")
      yield* output(at("scripts/build.js"), built)
      entry = pathToFileURL(join(built, "src/main/index.js")).href
    }
    const file = join(folder, "program.mjs")
    yield* Effect.promise(() => writeFile(file, program(entry)))
    const rounds = []
    for (let round = 0; round < (profile === "quick" ? 7 : 1); round++) {
      rounds.push(Number(yield* output("--conditions=cadre-source", file)))
    }
    return [{ name: "import \"cadre\" after effect", measured: median(rounds), unit: "ms", target: { atMost: 30 } }]
  }, Effect.scoped)
}
