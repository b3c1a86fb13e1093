/** What the processes of the benchmark run. */
import { Task, TaskLibrary } from "cadre"
import { Effect, Schema } from "effect"
import { compute } from "../compute.ts"

/** Gives back what it is given. */
export const Echo = Task.make("Echo", { payload: { n: Schema.Int }, success: Schema.Int })

/** Gives back the bytes. */
export const Bytes = Task.make("Bytes", { payload: { bytes: Schema.Uint8Array }, success: Schema.Uint8Array })

/** Digests so many KiB. */
export const Compute = Task.make("Compute", { payload: { rounds: Schema.Int }, success: Schema.Int })

/** Takes so many milliseconds, without computing. */
export const Nap = Task.make("Nap", { payload: { n: Schema.Int, millis: Schema.Finite }, success: Schema.Int })

export const Library = TaskLibrary.make("server-bench", { version: "1.0.0" }, Echo, Bytes, Compute, Nap)

export const live = Library.toLayer({
  Echo: ({ n }) => Effect.succeed(n),
  Bytes: ({ bytes }) => Effect.succeed(bytes),
  Compute: ({ rounds }) => Effect.sync(() => compute(rounds)),
  Nap: ({ millis, n }) => Effect.as(Effect.sleep(millis), n)
})
