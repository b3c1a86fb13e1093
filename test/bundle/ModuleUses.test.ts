import { assert, it } from "@effect/vitest"
import { isBuiltin } from "node:module"
import { parseSync } from "rolldown/utils"
import { usesOf } from "../../src/bundle/ModuleUses.ts"

/** Each use as its kind, and the text that it is about. */
const usesIn = (source: string): ReadonlyArray<string> => {
  const { errors, program } = parseSync("module.ts", source)
  assert.deepStrictEqual(errors, [])
  return usesOf(program, isBuiltin).map(({ kind, span }) => `${kind}: ${source.slice(span.start, span.end)}`)
}

const cases: ReadonlyArray<readonly [name: string, source: string, uses: ReadonlyArray<string>]> = [
  [
    "a task module and a program",
    `import { Program, TaskModule } from "cadre"
     export const a = TaskModule.make(import.meta.url, live)
     export default Program.make(import.meta.url, effect as Effect<void>)`,
    ["own: import.meta.url", "own: import.meta.url"]
  ],
  [
    "a task module under another name",
    `import { TaskModule as Tasks } from "cadre"; export default Tasks.make(import.meta.url, live)`,
    ["own: import.meta.url"]
  ],
  [
    "a task module of a whole module",
    `import * as Cadre from "cadre"; export default Cadre["TaskModule"].make(import.meta.url, live)`,
    ["own: import.meta.url"]
  ],
  [
    "what is only called like one",
    `const TaskModule = { make: String }; export default TaskModule.make(import.meta.url)`,
    ["url: import.meta.url"]
  ],
  [
    "a later argument",
    `import { TaskModule } from "cadre"; export default TaskModule.make(url, import.meta.url)`,
    ["url: import.meta.url"]
  ],
  ["the main module", "if (import.meta.main) run()", ["main: import.meta.main"]],
  ["a property by its text", `if (import.meta["main"]) run()`, ["main: import.meta[\"main\"]"]],
  [
    "what is resolved",
    "import.meta.resolve(\"cadre/thread\"); import.meta.resolve(`./a.ts`)",
    ["resolve: import.meta.resolve(\"cadre/thread\")", "resolve: import.meta.resolve(`./a.ts`)"]
  ],
  [
    "what is resolved and computed",
    "import.meta.resolve(name); [].map(import.meta.resolve)",
    ["computed: import.meta.resolve(name)", "computed: import.meta.resolve"]
  ],
  ["a file beside it", `new URL("./data.json", import.meta.url)`, ["file: \"./data.json\""]],
  ["a computed file beside it", "new URL(`./${name}`, import.meta.url)", ["url: import.meta.url"]],
  [
    "places",
    "f(import.meta.dirname, import.meta.filename); const { url } = import.meta",
    ["dirname: import.meta.dirname", "filename: import.meta.filename", "whole: import.meta"]
  ],
  ["what Node does not have", "if (import.meta.vitest) test()", []],
  [
    "imports",
    "import(`./${name}.ts`); import(\"./a.ts\"); import(`./b.ts`); import(name)",
    ["computed: import(`./${name}.ts`)", "computed: import(name)"]
  ],
  [
    "strings, comments and types",
    `/* import.meta.url */ const a = "import.meta.url" // import(name)\ntype T = import("x").T`,
    []
  ],
  ["text that is not ASCII before it", `const a = "é😀"; b(import.meta.url)`, ["url: import.meta.url"]],
  [
    "createRequire for what Node has",
    `const require = createRequire(typeof __filename === "string" ? __filename : import.meta.url)
     export const http = require("node:http"), fs = require("fs")`,
    []
  ],
  [
    "createRequire for a package",
    `const require = createRequire(import.meta.url); require("node:http"); require("lodash")`,
    ["url: import.meta.url"]
  ],
  [
    "createRequire that is handed on",
    `const require = createRequire(import.meta.url); export { require as r }; load(require)`,
    ["url: import.meta.url"]
  ],
  [
    "CommonJS",
    "const { join } = require('path'); module.exports = { at: join(__dirname, 'x'), __filename }",
    ["variable: __dirname", "variable: __filename"]
  ],
  ["CommonJS that has its own", "const __dirname = process.cwd(); module.exports = __dirname", []],
  ["properties of that name", "exports.__dirname = a.__filename", []],
  ["a module that makes its own", "import a from 'a'; const b = typeof __dirname", []]
]

it.each(cases)("finds %s", (_, source, uses) => {
  assert.deepStrictEqual(usesIn(source), uses)
})

it("takes nothing but programs", () => {
  assert.deepStrictEqual(usesOf(undefined, isBuiltin), [])
  assert.deepStrictEqual(usesOf({ type: "Program" }, isBuiltin), [])
})
