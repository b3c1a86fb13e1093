// Builds what is published, into `dist` or the folder that is named: declarations file by file, and for each entry
// point one file, with what they share in another. A hundred small modules would take longer to load than all else
// that a program does before its first task.
import { execFileSync } from "node:child_process"
import { rmSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { rolldown } from "rolldown"

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const folder = process.argv[2] ?? at("dist")

rmSync(folder, { recursive: true, force: true })
const compiler = at("node_modules/typescript/bin/tsc")
const settings = ["--project", at("tsconfig.build.json"), "--emitDeclarationOnly", "--outDir", folder]
try {
  execFileSync(process.execPath, [compiler, ...settings], { stdio: "inherit" })
} catch {
  process.exit(1)
}
const bundle = await rolldown({
  cwd: at("."),
  input: { index: at("src/main/index.ts"), testing: at("src/main/testing.ts") },
  external: [/^effect(\/|$)/, /^@effect\//, /^node:/],
  platform: "node"
})
await bundle.write({
  dir: join(folder, "src/main"),
  format: "esm",
  chunkFileNames: "[name]-[hash].js",
  sourcemap: true
})
await bundle.close()
