/**
 * Goes on as another Node process, in the place of this one: with its process
 * number, its terminal and its signals.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import process from "node:process"

/** Never comes back. `words` are Node's own, with the file that it runs. */
export const become = (
  words: ReadonlyArray<string>,
  variables: Readonly<Record<string, string>> = {}
): Effect.Effect<never> =>
  Effect.callback(() => {
    const env = { ...process.env, ...variables }
    if (process.execve !== undefined) process.execve(process.execPath, [process.execPath, ...words], env)
    const { spawn } = process.getBuiltinModule("node:child_process")
    const child = spawn(process.execPath, words, { stdio: "inherit", env })
    // A terminal sends its signals to both; others send them to this process alone.
    process.removeAllListeners("SIGINT").on("SIGINT", () => undefined)
    process.removeAllListeners("SIGTERM").on("SIGTERM", () => void child.kill("SIGTERM"))
    child.once("exit", (code) => process.exit(code ?? 1))
  })
