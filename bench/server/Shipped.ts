/** Cadre as it is published. */
import { Effect, type Scope } from "effect"
import { mkdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath, pathToFileURL } from "node:url"
import { output, type ProcessFailed } from "../NodeProcess.ts"

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** Builds it into a folder that goes with the scope; gives the URL of the folder of its entry points. */
export const shipped: Effect.Effect<string, ProcessFailed, Scope.Scope> = Effect.gen(function*() {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const folder = at(`node_modules/.cache/cadre-shipped-${process.pid}`)
      mkdirSync(folder, { recursive: true })
      return folder
    }),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
  )
  yield* output(at("scripts/build.js"), join(folder, "dist"))
  return pathToFileURL(join(folder, "dist/src/main/")).href
})
