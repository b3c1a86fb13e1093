import { assert, describe, it } from "@effect/vitest"
import { Console, Effect, Stdio, Stream } from "effect"
import { execFile } from "node:child_process"
import { existsSync, globSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import * as Errors from "../examples/errors.ts"
import * as Following from "../examples/following.ts"
import * as Placement from "../examples/placement.ts"
import * as TaskOptions from "../examples/task-options.ts"

const read = (file: string): string => readFileSync(file, "utf8")
const documents = ["README.md", "CONTRIBUTING.md", ...globSync("docs/**/*.md")]
const flat = (code: string): string => code.replaceAll(/^ +/gm, "").trimEnd()
const examples = globSync(["examples/**/*.ts", "test/examples/*.ts"]).map((file) => flat(read(file)))
const blocks = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, block = ""]) => block)

/** The lines that an example logs. */
const logged = Effect.fnUntraced(function*<E>(program: Effect.Effect<void, E, Stdio.Stdio>) {
  const lines: Array<string> = []
  const capture = (...values: ReadonlyArray<unknown>) => void lines.push(values.join(" "))
  yield* program.pipe(
    Effect.provideService(Console.Console, { ...console, log: capture, error: capture }),
    Effect.provide(Stdio.layerTest({ stdin: Stream.make(new TextEncoder().encode("a lake\n")) }))
  )
  return lines
})

describe("the first program", () => {
  it("is the one that the README shows", () => {
    assert.strictEqual(blocks(read("README.md"))[0], read("examples/first-program.ts"))
  })

  it("runs", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--conditions=cadre-source",
      "examples/first-program.ts"
    ])
    assert.strictEqual(stdout, "one half is 0.5\n{ a: 6, b: 3 } Succeeded\n{ a: 7, b: 0 } Failed\n")
  })
})

describe("an example runs:", () => {
  it.effect("options of a task", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* logged(TaskOptions.program), ["a picture of a lake", "paid 250 cents"])
    }))

  it.effect("placement", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* logged(Placement.program), ["a lake, drawn by gpu-1"])
    }))

  it.effect("errors", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* logged(Errors.program), ["7 is odd", "2: 1", "3: failed with Odd", "0: Crashed"])
    }))

  it.live("following", () =>
    Effect.gen(function*() {
      const lines = yield* logged(Following.program)
      assert.includeMembers(lines, ["3 of 3", "copied 3 times", "bc Succeeded", "the length is 6", "second gave 4"])
    }))
})

describe.each(documents)("%s", (file) => {
  const text = read(file)

  it("shows code that is part of an example", () => {
    const isShown = (block: string): boolean => examples.some((example) => example.includes(flat(block)))
    assert.deepStrictEqual(blocks(text).filter((block) => !isShown(block)), [])
  })

  it("shows options that an example has", () => {
    const options = [...text.matchAll(/\| `([\w]+: .*?)` \|/g)].map(([, option = ""]) => option.replaceAll("\\|", "|"))
    assert.deepStrictEqual(options.filter((option) => !examples.some((example) => example.includes(option))), [])
  })

  it("links to files that are there", () => {
    const links = [...text.matchAll(/\]\((?!\w+:)([^)#]+)(?:#[^)]*)?\)/g)].map(([, link = ""]) => link)
    assert.deepStrictEqual(links.filter((link) => !existsSync(join(dirname(file), link))), [])
  })
})
