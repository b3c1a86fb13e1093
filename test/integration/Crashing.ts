/** Runs one of the tasks that make trouble in this thread or process. Arguments: task, payload. */
import { Effect } from "effect"
import process from "node:process"
import { parentPort } from "node:worker_threads"
import { crash, hang } from "../../layers/standard/TroubleNode.ts"

const [task, payload = "{}"] = process.argv.slice(2)

const report = (what: string): void => {
  // A thread's port has no origin to name.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origins
  parentPort?.postMessage(what)
}

report("started")
await Effect.runPromise(Effect.exit(task === "Crash" ? crash(JSON.parse(payload)) : hang(JSON.parse(payload))))
report("survived")
