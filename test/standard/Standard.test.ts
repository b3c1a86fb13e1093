import { assert, describe, it } from "@effect/vitest"
import { InProcess, TaskModule } from "cadre"
import entry, { Echo, Fetch, Standard, StandardLive } from "cadre/standard"
import { Effect, Schema } from "effect"
import { execFileSync } from "node:child_process"

/** What a user writes after `--payload`, and what the handler is given then. */
const payloads: ReadonlyArray<readonly [task: string, written: unknown, given: unknown]> = [
  ["Print", { text: "a" }, { text: "a", newline: true }],
  ["Echo", { value: [1, null, { a: "b" }] }, { value: [1, null, { a: "b" }] }],
  ["Sleep", { duration: "2 seconds" }, { duration: "2 seconds" }],
  ["Sleep", { duration: 200 }, { duration: 200 }],
  ["Prompt", { question: "Who?", default: "me" }, { question: "Who?", default: "me" }],
  ["HashFile", { path: "a" }, { path: "a", algorithm: "sha256" }],
  ["Shell", { command: "ls" }, { command: "ls", maxOutput: "1 MiB", failOnExit: true }],
  [
    "Fetch",
    { url: "http://a", timeout: "1 minute" },
    { url: "http://a", timeout: "1 minute", method: "GET", headers: {}, as: "text", maxBytes: "16 MiB" }
  ],
  ["Fibonacci", { n: 3 }, { n: 3, algorithm: "recursive" }],
  ["Fail", {}, { message: "failed on purpose" }],
  ["Crash", { how: "exit" }, { how: "exit", message: "crashed on purpose", code: 1 }],
  ["Hang", { how: "loop", atMost: "1 second" }, { how: "loop", atMost: "1 second" }]
]

const decoder = (task: string) => {
  const { payload } = Standard.tasks.get(task) ?? assert.fail(`There is no task ${task}`)
  // None of these schemas asks for a service.
  return Schema.decodeUnknownEffect(Schema.toCodecJson(payload) as unknown as Schema.Codec<unknown>)
}

describe("the standard library", () => {
  it.effect.each(payloads)("%s takes its payload as JSON %j", ([task, written, given]) =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* decoder(task)(written), given)
    }))

  it.effect("says what is wrong with a payload", () =>
    Effect.gen(function*() {
      const wrong = (task: string, payload: unknown) =>
        Effect.map(Effect.flip(decoder(task)(payload)), ({ message }) => message)
      assert.match(yield* wrong("Sleep", { duration: "soon" }), /a time such as "500 millis".*\n.*\["duration"\]/)
      assert.match(yield* wrong("Shell", { command: "ls", maxOutput: "1 kb" }), /a size such as "64 KiB"/)
      assert.match(yield* wrong("Fetch", {}), /\["url"\]/)
    }))

  it.effect("passes any JSON through Echo", () =>
    Effect.gen(function*() {
      for (const value of [null, true, -0.5, "", "é😀", [], {}, [[null]], { a: { b: [1, "2", { c: false }] } }]) {
        assert.deepStrictEqual(yield* Echo.run({ value }), value)
      }
    }).pipe(Effect.provide(InProcess.layer(StandardLive))))

  it("is a task module, and can be described", () => {
    assert.isTrue(TaskModule.is(entry))
    assert.match(entry.url, /standard\.(ts|js)$/)
    const { name, tasks, version } = Standard.describe()
    assert.deepStrictEqual([name, version, tasks.length], ["standard", "1.0.0", 12])
    const terminal = tasks.filter(({ services }) => services.length > 0).map(({ name }) => name)
    assert.deepStrictEqual(terminal, ["Print", "ReadLine", "Prompt"])
    assert.strictEqual(Object.keys(Fetch.retry).length, 6)
  })

  it("loads the HTTP client and the spawner only when they are needed", () => {
    const program = `
      const { registerHooks } = await import("node:module")
      const loaded = []
      registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
      await import("cadre/standard")
      console.log(loaded.filter((url) => /HttpClient|ChildProcess|layers\\/standard/.test(url)).join("\\n"))`
    const args = ["--conditions=cadre-source", "--input-type=module", "--eval", program]
    const loaded = execFileSync(process.execPath, args, { encoding: "utf8" }).trim().split("\n")
    const names = loaded.map((url) => url.replace(/.*\//, ""))
    assert.sameMembers(names, ["StandardNode.ts", "FibonacciTurns.ts", "TroubleNode.ts"])
  })
})
