import { assert, describe, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { join } from "node:path"
import process from "node:process"
import { makeProject } from "../layers/bundler/Projects.ts"

const tasks = `
  import { Task, TaskLibrary, TaskModule } from "cadre"
  import { Effect, Schema } from "effect"
  export const Double = Task.make("Double", { payload: { n: Schema.Int }, success: Schema.Int })
  export const Leave = Task.make("Leave", { attempts: 1 })
  export const Maths = TaskLibrary.make("maths", { version: "1.0.0" }, Double, Leave)
  export default TaskModule.make(import.meta.url, Maths.toLayer({
    Double: ({ n }) => Effect.succeed(2 * n),
    Leave: () => Effect.sync(() => process.exit(4))
  }))
`

const program = `
  import { Threads } from "cadre"
  import { Effect, Stream } from "effect"
  import tasks, { Double, Leave } from "./tasks.ts"
  const run = Effect.gen(function*() {
    const payloads = Array.from({ length: 1_000 }, (_, n) => ({ n }))
    const { message } = yield* Effect.flip(Leave.run())
    const outcomes = yield* Stream.runCollect(Double.runAll(payloads))
    const sum = outcomes.reduce((sum, outcome) => outcome._tag === "Succeeded" ? sum + outcome.value : NaN, 0)
    return [sum, message]
  })
`

const guarded = `${program}
  if (import.meta.main) console.log(JSON.stringify(
    await Effect.runPromise(Effect.provide(run, Threads.layer(tasks, { threads: 2 })))))`

/** It is its own task module, and runs itself whenever it is imported. */
const unguarded = `${tasks}
  import { Threads } from "cadre"
  const own = TaskModule.make(import.meta.url, Maths.toLayer({ Double: ({ n }) => Effect.succeed(n), Leave: () => Effect.void }))
  await Effect.runPromise(Effect.provide(Double.run({ n: 1 }), Threads.layer(own, { threads: 1 })))`

const { NODE_OPTIONS: _, ...env } = process.env

/** Runs a program from its source to its end. */
const run = (files: Readonly<Record<string, string>>) => {
  const main = join(makeProject(files), "main.ts")
  return new Promise<{ readonly code: unknown; readonly stdout: string; readonly stderr: string }>((resolve) => {
    const args = ["--conditions=cadre-source", main]
    const options = { env, timeout: 30_000, killSignal: "SIGKILL" } as const
    execFile(
      process.execPath,
      args,
      options,
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : error.code, stdout, stderr })
    )
  })
}

describe("a program over threads, from its source", () => {
  it("has its results, survives the end of a thread, and ends by itself", async () => {
    const { code, stderr, stdout } = await run({ "main.ts": guarded, "tasks.ts": tasks })
    assert.strictEqual(code, 0, stderr)
    const [sum, message] = JSON.parse(stdout) as ReadonlyArray<unknown>
    assert.strictEqual(sum, 999_000)
    assert.match(String(message), /lost its executors: .*its code called process\.exit\(4\)/)
  })

  it("is refused with a sentence if it starts itself in its threads", async () => {
    const { code, stderr } = await run({ "main.ts": unguarded })
    assert.strictEqual(code, 1)
    assert.match(stderr, /thread-1 was about to start worker threads of its own: a module must start nothing/)
  })
})
