/** What the executors of the server import: importing it starts nothing. */
import { Task, TaskLibrary, TaskModule } from "cadre"
import { Effect, Schema } from "effect"

export const Factor = Task.make("Factor", {
  payload: { n: Schema.Int.check(Schema.isGreaterThan(1)) },
  success: Schema.Array(Schema.Int),
  timeout: "10 seconds"
})

export const Maths = TaskLibrary.make("maths", { version: "1.0.0" }, Factor)

const factorsOf = (n: number): ReadonlyArray<number> => {
  for (let factor = 2; factor * factor <= n; factor++) {
    if (n % factor === 0) return [factor, ...factorsOf(n / factor)]
  }
  return [n]
}

export const MathsLive = Maths.toLayer({ Factor: ({ n }) => Effect.sync(() => factorsOf(n)) })

export default TaskModule.make(import.meta.url, MathsLive)
