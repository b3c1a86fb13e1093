import { assert, beforeAll, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"

const folder = "node_modules/.cache/cadre-messages"

const head = `
import { Context, Effect, Layer, Schedule, Schema, Stream } from "effect"
import type { Submitter } from "../../../services/Submitter.ts"
import { Task } from "../../../services/Task.ts"
import { TaskLibrary } from "../../../services/TaskLibrary.ts"
import { TaskModule } from "../../../services/TaskModule.ts"
import type { Runs } from "../../../src/task/TaskDefinition.ts"
class Gpu extends Context.Service<Gpu, { readonly name: string }>()("app/Gpu") {}
class Db extends Context.Service<Db, { readonly n: number }>()("app/Db") {}
class Busy extends Schema.TaggedError<Busy>()("Busy", {}) {}
class Wrong extends Schema.TaggedError<Wrong>()("Wrong", {}) {}
class Other extends Schema.TaggedError<Other>()("Other", {}) {}
const Factor = Task.make("Factor", { payload: { n: Schema.Int }, success: Schema.Int, error: Busy, progress: Schema.Number })
const Render = Task.make("Render", { payload: { scene: Schema.String }, requires: [Gpu] })
const Ping = Task.make("Ping")
const Maths = TaskLibrary.make("maths", { version: "1.0.0" }, Factor, Render)
declare const local: Layer.Layer<Submitter | Runs<"Factor">>
export { Effect, local, Maths, Ping, Schedule, Stream, TaskModule }
`

/** What is wrong, the code that is, and what its error has to say. */
const mistakes: ReadonlyArray<readonly [what: string, code: string, says: ReadonlyArray<string>]> = [
  [
    "a forgotten retry tag",
    `Task.make("T", { error: Schema.Union([Busy, Wrong]), retry: { Busy: "fail" } })`,
    ["Property 'Wrong' is missing"]
  ],
  ["an unknown retry tag", `Task.make("T", { error: Busy, retry: { Busy: "fail", Wrong: "fail" } })`, [
    "'Wrong' does not exist"
  ]],
  ["a retry policy for errors without a tag", `Task.make("T", { error: Schema.String, retry: { a: "fail" } })`, [
    "only errors with a _tag can be given a retry policy"
  ]],
  [
    "a retry of what must run once",
    `Task.make("T", { error: Busy, retry: { Busy: Schedule.forever }, delivery: "atMostOnce" })`,
    [
      `not assignable to type '"fail"'`
    ]
  ],
  ["two tasks of one name", `TaskLibrary.make("l", { version: "1" }, Factor, Ping, Factor)`, [
    `The library has two tasks \\"Factor\\"`
  ]],
  ["a missing handler", `Maths.toLayer({ Factor: ({ n }) => Effect.succeed(n) })`, ["Property 'Render' is missing"]],
  [
    "a handler too many",
    `Maths.toLayer({ Factor: ({ n }) => Effect.succeed(n), Render: () => Effect.void, Rendr: () => Effect.void })`,
    [`The library has no task \\"Rendr\\"`]
  ],
  [
    "a handler of another payload",
    `Maths.toLayer({ Factor: ({ m }) => Effect.succeed(m), Render: () => Effect.void })`,
    ["Property 'm' does not exist", "n: number"]
  ],
  ["an undeclared error", `Maths.toLayer({ Factor: () => Effect.fail(new Other()), Render: () => Effect.void })`, [
    "'Other' is not assignable to type 'Busy'"
  ]],
  ["another result", `Maths.toLayer({ Factor: () => Effect.succeed("1"), Render: () => Effect.void })`, [
    "'string' is not assignable to type 'number'"
  ]],
  ["another payload", `Factor.run({ m: 1 })`, ["'m' does not exist in type", "n: number"]],
  ["a stream of other payloads", `Factor.runAll(Stream.range(1, 3))`, [
    "'number' is not assignable to type '{ readonly n: number; }'"
  ]],
  [
    "a result of another type",
    `Effect.flatMap(Factor.submit({ n: 1 }), (h) => Render.submit({ scene: Task.ref(h) }))`,
    [
      "'Ref<number>' is not assignable to type 'string | Ref<string>'"
    ]
  ],
  ["a requirement that nobody covers", `Effect.runPromise(Effect.provide(Render.run({ scene: "" }), local))`, [
    `Runs<"Render">`
  ]],
  [
    "a module that asks for more than an executor gives",
    `TaskModule.make("", Maths.toLayer({ Factor: () => Effect.map(Db, ({ n }) => n), Render: () => Effect.void }))`,
    ["'Db' is not assignable to type 'ExecutorServices'"]
  ],
  ["progress of another type", `Factor.report("half")`, ["'string' is not assignable to parameter of type 'number'"]]
]

describe("the compiler names the culprit of", () => {
  let output = ""

  beforeAll(() => {
    mkdirSync(folder, { recursive: true })
    const files = mistakes.map(([, code], index) => {
      writeFileSync(`${folder}/m${index}.ts`, `${head}\nexport const mistake = ${code}\n`)
      return `m${index}.ts`
    })
    writeFileSync(`${folder}/fine.ts`, head)
    const config = { extends: "../../../tsconfig.json", compilerOptions: { noEmit: true, noUnusedLocals: false } }
    writeFileSync(`${folder}/tsconfig.json`, JSON.stringify({ ...config, include: [], files: [...files, "fine.ts"] }))
    output = spawnSync("node_modules/.bin/tsc", ["--project", folder], { encoding: "utf8" }).stdout
    rmSync(folder, { recursive: true })
  })

  it.each(mistakes)("%s", (what, _, says) => {
    const file = `m${mistakes.findIndex(([mistake]) => mistake === what)}.ts`
    // What starts with TS377 is said by the Effect plugin beside the error itself.
    const errors = output.split(/\n(?=\S)/).filter((error) => error.includes(`${file}(`) && !error.includes("TS377"))
    assert.lengthOf(errors, 1, output)
    for (const words of says) assert.include(errors.join("\n"), words)
  })

  it("nothing, where there is no mistake", () => {
    assert.notInclude(output, "fine.ts")
  })
})
