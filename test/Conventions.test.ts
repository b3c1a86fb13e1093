import { assert, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { globSync, readFileSync } from "node:fs"
import { basename } from "node:path"
import packageJson from "../package.json" with { type: "json" }

const read = (file: string): string => readFileSync(file, "utf8")
const shipped = globSync("{src,services,layers}/**/*.ts")
const modules = shipped.filter((file) => !file.startsWith("src/main/"))
const everything = globSync("{src,services,layers,test,examples,bench,scripts}/**/*.{ts,js}")
const dependencies = Object.entries({ ...packageJson.dependencies, ...packageJson.devDependencies })

const declaration =
  /^export (?:declare |abstract |async )*(?:const|let|class|type|interface|function\*?|namespace) (\w+)/

/** Exported names none of whose declarations directly follows a JSDoc block. */
const undocumented = (source: string): ReadonlyArray<string> => {
  const documented = new Map<string, boolean>()
  const lines = source.split("\n")
  for (const [index, line] of lines.entries()) {
    const name = declaration.exec(line)?.[1]
    if (name === undefined) continue
    documented.set(name, documented.get(name) === true || lines[index - 1]?.endsWith("*/") === true)
  }
  return [...documented].filter(([, isDocumented]) => !isDocumented).map(([name]) => name)
}

describe("modules", () => {
  it.each(modules)("%s documents every export", (file) => {
    assert.deepStrictEqual(undocumented(read(file)), [])
  })

  const services = modules.filter((file) => file.startsWith("services/") && /\bContext\.Service</.test(read(file)))
  it.each(services)("%s keys its service by its path", (file) => {
    assert.include(read(file), `("cadre/${file.replace(/\.ts$/, "")}")`)
  })

  it("are nouns, not drawers", () => {
    const drawers = /^(?:utils?|common|helpers?|misc|shared|internal)$/i
    const isDrawer = (part: string): boolean => drawers.test(basename(part, ".ts"))
    assert.deepStrictEqual(shipped.filter((file) => file.split("/").some(isDrawer)), [])
  })

  it("have 400 lines at most", () => {
    assert.deepStrictEqual(everything.filter((file) => read(file).trimEnd().split("\n").length > 400), [])
  })
})

describe("dependencies", () => {
  it.each(dependencies)("%s is pinned, with its reason in docs/dependencies.md", (name, version) => {
    assert.match(version, /^\d+\.\d+\.\d+$/)
    assert.include(read("docs/dependencies.md"), `| \`${name}\` | ${version} |`)
  })

  it("are those of the lock file, which names no registry", () => {
    const lock = read("package-lock.json")
    const root = JSON.parse(lock).packages[""]
    assert.deepStrictEqual({ ...root.dependencies, ...root.devDependencies }, Object.fromEntries(dependencies))
    assert.notInclude(lock, "\"resolved\"")
  })

  it("make tsc report Effect diagnostics", () => {
    assert.include(execFileSync("node_modules/.bin/tsc", ["--version"], { encoding: "utf8" }), "effect-tsgo")
  })
})
