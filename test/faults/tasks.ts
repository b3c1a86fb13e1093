/** What executors run under faults: each handler writes down outside of Cadre that it was run. */
import { Effect, Schema } from "effect"
import { existsSync } from "node:fs"
import process from "node:process"
import { Task } from "../../services/Task.ts"
import { TaskContext } from "../../services/TaskContext.ts"
import { TaskLibrary } from "../../services/TaskLibrary.ts"
import { TaskModule } from "../../services/TaskModule.ts"
import { type Execution, write } from "./Ledger.ts"

const payload = { ledger: Schema.String, n: Schema.Int, millis: Schema.Finite }

/** Takes so many milliseconds. */
export const Note = Task.make("Note", { payload, success: Schema.Int })

/** The same, never more than once. */
export const Once = Task.make("Once", { payload, success: Schema.Int, delivery: "atMostOnce" })

/** Waits until there is a file. */
export const Gate = Task.make("Gate", {
  payload: { ledger: Schema.String, n: Schema.Int, release: Schema.String },
  success: Schema.Int
})

/** All of them. */
export const Ledgered = TaskLibrary.make("ledgered", { version: "1.0.0" }, Note, Once, Gate)

const noted = Effect.fnUntraced(function*<A>(ledger: string, n: number, effect: Effect.Effect<A>) {
  const { attempt, taskId } = yield* TaskContext
  const say = (what: Execution["what"]) =>
    Effect.sync(() => write(ledger, { what, n, taskId, attempt, pid: process.pid, at: Date.now() }))
  yield* say("begun")
  yield* Effect.onInterrupt(effect, () => say("interrupted"))
  yield* say("ended")
  return n
})

const nap = ({ ledger, millis, n }: { readonly ledger: string; readonly millis: number; readonly n: number }) =>
  noted(ledger, n, Effect.sleep(millis))

const live = Ledgered.toLayer({
  Note: nap,
  Once: nap,
  Gate: ({ ledger, n, release }) =>
    noted(
      ledger,
      n,
      Effect.gen(function*() {
        while (!existsSync(release)) yield* Effect.sleep(20)
      })
    )
})

export default TaskModule.make(import.meta.url, live)
