/** Tasks that Cadre brings along: a file's digest, a command, some work. */
import { NodeRuntime } from "@effect/platform-node"
import { InProcess } from "cadre"
import { Echo, Fibonacci, HashFile, Shell, StandardLive } from "cadre/standard"
import { Console, Effect, Stream } from "effect"
import { fileURLToPath } from "node:url"

/** They are run like any task. */
export const some = Effect.gen(function*() {
  yield* Console.log(yield* Echo.run({ value: "hello" }))
  const { bytes, hex } = yield* HashFile.run({ path: fileURLToPath(import.meta.url), algorithm: "sha512" })
  yield* Console.log(`${hex.length / 2} bytes for ${bytes > 1_000 ? "many" : "few"}`)
  const { stdout } = yield* Shell.run({ command: "echo $NAME; cat", env: { NAME: "Ada" }, stdin: "Lovelace" })
  yield* Console.log(stdout)
})

/** Their errors are in the types. */
export const failing = Shell.run({ command: "echo no space left >&2; exit 3", timeout: "1 minute" }).pipe(
  Effect.catchTags({
    ShellFailed: ({ code, stderr }) => Console.log(`code ${code}: ${stderr}`),
    ShellTimedOut: ({ message }) => Console.log(message)
  })
)

/** Many at once, as ever. */
export const many = Stream.runForEach(
  Fibonacci.runAll([{ n: 10 }, { n: 100 }, { n: 100, algorithm: "doubling" }], { ordered: true }),
  (outcome) => Console.log(outcome._tag === "Succeeded" ? outcome.value : outcome._tag)
)

/** One after the other. */
export const program = Effect.all([some, failing, many], { discard: true }).pipe(
  Effect.provide(InProcess.layer(StandardLive))
)

if (import.meta.main) NodeRuntime.runMain(program)
