/** What processes with executors run in tests. */
import { Effect, Schema } from "effect"
import { existsSync, writeFileSync } from "node:fs"
import process from "node:process"
import { Task } from "../../services/Task.ts"
import { TaskLibrary } from "../../services/TaskLibrary.ts"
import { TaskModule } from "../../services/TaskModule.ts"

/** In which process it ran. */
export const Where = Task.make("Where", { success: Schema.Int })

/** Makes a file with its process's number, and waits until there is another file. */
export const Hold = Task.make("Hold", {
  payload: { started: Schema.String, release: Schema.String },
  success: Schema.Int
})

/** A secret's length. */
export const Length = Task.make("Length", { payload: { secret: Schema.Redacted(Schema.String) }, success: Schema.Int })

/** All of them. */
export const Tasks = TaskLibrary.make("house", { version: "1.0.0" }, Where, Hold, Length)

const live = Tasks.toLayer({
  Where: () => Effect.sync(() => process.pid),
  Hold: Effect.fnUntraced(function*({ release, started }) {
    writeFileSync(started, String(process.pid))
    while (!existsSync(release)) yield* Effect.sleep(10)
    return process.pid
  }),
  Length: ({ secret }) => Effect.succeed(String(secret).length)
})

export default TaskModule.make(import.meta.url, live)
