// Builds what is published, into `dist` or the folder that is named: declarations file by file, and for each entry
// point one file, with what they share in another. A hundred small modules would take longer to load than all else
// that a program does before its first task.
import { execFileSync } from "node:child_process"
import crypto from "node:crypto"
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

/**
 * Effect's file system imports `node:crypto` for the names of temporary files, and loading that takes a tenth of the
 * time of a short command: what runs by itself loads it with the first such name.
 */
const lateCrypto = {
  name: "late-crypto",
  resolveId: (id) => id === "node:crypto" ? "late-crypto" : undefined,
  load: (id) =>
    id === "late-crypto"
      ? Object.entries(crypto).filter(([, value]) => typeof value === "function").map(([name]) =>
        `export const ${name} = (...words) => process.getBuiltinModule("node:crypto").${name}(...words)`
      ).join("\n")
      : undefined
}

/** Writes a file for each entry, and what they share in others, whose names may have a prefix. */
const build = async (input, external, { minify = true, plugins = [], prefix = "" } = {}) => {
  const bundle = await rolldown({ cwd: at("."), input, external, platform: "node", plugins })
  await bundle.write({
    dir: join(folder, "src/main"),
    format: "esm",
    chunkFileNames: `${prefix}[name]-[hash].js`,
    sourcemap: true,
    // Who bundles this again knows `TaskModule` by its name.
    minifyInternalExports: false,
    // One character beyond Latin and the engine keeps two bytes for each of the text, and is slower to start.
    charset: "ascii",
    // Less text is read and parsed sooner; names stay as they are, for stack traces.
    minify: minify && { compress: false, mangle: false, codegen: true }
  })
  await bundle.close()
}

// What users import, and what is bundled with their modules: `effect` is theirs.
await build(
  {
    index: at("src/main/index.ts"),
    testing: at("src/main/testing.ts"),
    standard: at("src/main/standard.ts"),
    thread: at("src/main/thread.ts"),
    executor: at("src/main/executor.ts"),
    "commands/cadre": at("src/main/commands/cadre.ts"),
    "commands/module": at("src/main/commands/module.ts")
  },
  [/^effect(\/|$)/, /^@effect\//, /^node:/, "rolldown"],
  { minify: false }
)
// What runs by itself has its own: a tree-shaken one loads in a fraction of the time.
await build({ "shipped/cadre": at("src/main/commands/cadre.ts") }, [/^node:(?!crypto$)/, "rolldown"], {
  prefix: "shipped/",
  plugins: [lateCrypto]
})
await build({ "shipped/server": at("src/main/server.ts") }, [/^node:/, "rolldown"], { prefix: "shipped/" })
/** Leaves out whatever commands import when they are called. */
const shallow = {
  name: "shallow",
  resolveId: (id, _importer, { kind }) => kind === "dynamic-import" ? { id, external: true } : undefined
}
// Who asks for help calls none of them, and needs less than half of the text.
await build({ "shipped/help": at("src/main/commands/cadre.ts") }, [/^node:(?!crypto$)/, "rolldown"], {
  prefix: "shipped/help-",
  plugins: [shallow, lateCrypto]
})
// Before it is known which of these is needed, neither may be loaded.
await build({ cli: at("src/main/cli.ts") }, [/^node:/])
