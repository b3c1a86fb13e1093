/** What is measured in worker threads. */
import { Task, TaskLibrary, TaskModule } from "cadre"
import { Effect, Schema } from "effect"
import * as Transferable from "effect/workers/Transferable"
import { compute } from "./compute.ts"
import { Echo } from "./Echo.ts"

/** Computes for so many rounds. */
export const Compute = Task.make("Compute", { payload: { rounds: Schema.Int }, success: Schema.Number })

/** Gives back the bytes that it is given; they move. */
export const Mirror = Task.make("Mirror", {
  payload: { bytes: Transferable.Uint8Array },
  success: Transferable.Uint8Array,
  attempts: 1
})

const Library = TaskLibrary.make("bench", { version: "1.0.0" }, Echo, Compute, Mirror)

export default TaskModule.make(
  import.meta.url,
  Library.toLayer({
    Echo: ({ n }) => Effect.succeed(n),
    Compute: ({ rounds }) => Effect.sync(() => compute(rounds)),
    Mirror: ({ bytes }) => Effect.succeed(bytes)
  })
)
