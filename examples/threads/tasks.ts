/** What the threads import: importing it starts nothing. */
import { Task, TaskLibrary, TaskModule } from "cadre"
import { Effect, Schema } from "effect"
import * as Transferable from "effect/workers/Transferable"

export const Factor = Task.make("Factor", {
  payload: { n: Schema.Int.check(Schema.isGreaterThan(1)) },
  success: Schema.Array(Schema.Int),
  timeout: "10 seconds"
})

export const Invert = Task.make("Invert", {
  payload: { pixels: Transferable.Uint8Array },
  success: Transferable.Uint8Array,
  attempts: 1
})

const Maths = TaskLibrary.make("maths", { version: "1.0.0" }, Factor, Invert)

const factorsOf = (n: number): ReadonlyArray<number> => {
  for (let factor = 2; factor * factor <= n; factor++) {
    if (n % factor === 0) return [factor, ...factorsOf(n / factor)]
  }
  return [n]
}

export const MathsLive = Maths.toLayer({
  Factor: ({ n }) => Effect.sync(() => factorsOf(n)),
  Invert: ({ pixels }) => Effect.sync(() => pixels.map((value) => 255 - value))
})

export default TaskModule.make(import.meta.url, MathsLive)
