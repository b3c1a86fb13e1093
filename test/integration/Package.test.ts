import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { promisify } from "node:util"
import lock from "../../package-lock.json" with { type: "json" }
import packageJson from "../../package.json" with { type: "json" }

const program = `
import { InProcess, Task, TaskLibrary } from "cadre"
import "cadre/testing"
import { Console, Effect, Schema } from "effect"

const Double = Task.make("Double", { payload: { n: Schema.Int }, success: Schema.Int })
const Maths = TaskLibrary.make("maths", { version: "1.0.0" }, Double)
const MathsLive = Maths.toLayer({ Double: ({ n }) => Effect.succeed(n * 2) })

// @ts-expect-error the payload is typed, so the declarations arrived
void Double.run({ n: "21" })

await Double.run({ n: 21 }).pipe(
  Effect.flatMap((n: number) => Console.log(n)),
  Effect.provide(InProcess.layer(MathsLive)),
  Effect.runPromise
)
`

const tsconfig = {
  compilerOptions: {
    target: "ES2025",
    // The declarations of `effect` name types of the DOM, and ours are checked only without skipLibCheck.
    lib: ["ES2025", "DOM"],
    skipLibCheck: false,
    module: "NodeNext",
    strict: true,
    exactOptionalPropertyTypes: true,
    types: []
  }
}

const { bin, dependencies, version } = packageJson
const tarball = `cadre-${version}.tgz`
const manifest = { type: "module", dependencies: { cadre: `file:${tarball}` } }

/** What npm would lock here, with our own versions: npm's cache has these already, so nothing is asked of the network. */
const projectLock = {
  lockfileVersion: 3,
  packages: {
    "": { dependencies: manifest.dependencies },
    "node_modules/cadre": { version, resolved: `file:${tarball}`, bin, dependencies },
    ...Object.fromEntries(
      Object.entries(lock.packages).filter(([path, entry]) =>
        path !== "" && !("dev" in entry || "devOptional" in entry)
      )
    )
  }
}

describe("the packed package", () => {
  const tsc = resolve("node_modules/.bin/tsc")
  const { NODE_OPTIONS: _, ...env } = process.env
  let folder = ""
  let project = ""

  const run = (cwd: string, command: string, ...args: ReadonlyArray<string>): Promise<string> =>
    promisify(execFile)(command, args, { cwd, env: { ...env, XDG_CACHE_HOME: join(folder, "cache") } }).then(
      ({ stdout }) => stdout.trim(),
      ({ message, stdout }) => Promise.reject(new Error(`${message}\n${stdout}`))
    )

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "cadre-package-"))
    project = await mkdtemp(join(folder, "project-"))
    const files = ["package.json", "README.md", "LICENSE", "CHANGELOG.md", "bin"]
    await Promise.all(files.map((file) => cp(file, join(folder, file), { recursive: true })))
    await run(".", process.execPath, "scripts/build.js", join(folder, "dist"))
    await run(folder, "npm", "pack", "--ignore-scripts", "--pack-destination", project)
    await Promise.all([
      writeFile(join(project, "package.json"), JSON.stringify(manifest)),
      writeFile(join(project, "package-lock.json"), JSON.stringify(projectLock)),
      writeFile(join(project, "tsconfig.json"), JSON.stringify(tsconfig)),
      writeFile(join(project, "program.ts"), program)
    ])
    await run(project, "npm", "install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error")
  }, 120_000)

  afterAll(() => rm(folder, { recursive: true, force: true }))

  it("holds what was built and no sources", async () => {
    const installed = await readdir(join(project, "node_modules/cadre"))
    assert.sameMembers(installed, ["CHANGELOG.md", "LICENSE", "README.md", "bin", "dist", "package.json"])
  })

  it("type-checks in an empty project", async () => {
    assert.strictEqual(await run(project, tsc, "--noEmit"), "")
  })

  it("runs in an empty project", async () => {
    assert.strictEqual(await run(project, "node", "program.ts"), "42")
  })

  it("has an executable that runs tasks, bundled and not", async () => {
    assert.strictEqual(await run(project, "npx", "--no-install", "cadre", "--version"), version)
    const submit = ["node_modules/cadre/bin/cadre.js", "submit", "standard", "Echo", "--payload", "{\"value\": [1]}"]
    const words = [...submit, "--in-process"]
    assert.deepStrictEqual(JSON.parse(await run(project, "node", ...words, "--threads", "1")), [1])
    assert.deepStrictEqual(JSON.parse(await run(project, "node", ...words, "--no-bundle")), [1])
    assert.include(await run(project, "node", "node_modules/cadre/bin/cadre.js", "--help"), "SUBCOMMANDS")
  })
})
