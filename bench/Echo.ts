/** A task that does nothing but cross the schemas of its payload and its result. */
import { InProcess, Task, TaskLibrary } from "cadre"
import { Effect, Schema } from "effect"

/** Gives back what it is given. */
export const Echo = Task.make("Echo", { payload: { n: Schema.Int }, success: Schema.Int })

const Library = TaskLibrary.make("bench", { version: "1.0.0" }, Echo)

/** Echoes in this process. */
export const layer = InProcess.layer(Library.toLayer({ Echo: ({ n }) => Effect.succeed(n) }))
