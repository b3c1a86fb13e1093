import { NodeRuntime } from "@effect/platform-node"
import { InProcess, Task, TaskLibrary } from "cadre"
import { Console, Effect, Schema, Stream } from "effect"

// What can be run
class DividedByZero extends Schema.TaggedError<DividedByZero>()("DividedByZero", { a: Schema.Finite }) {}
const Divide = Task.make("Divide", {
  payload: { a: Schema.Finite, b: Schema.Finite },
  success: Schema.Finite,
  error: DividedByZero
})
const Maths = TaskLibrary.make("maths", { version: "1.0.0" }, Divide)

// How it is done
const MathsLive = Maths.toLayer({
  Divide: ({ a, b }) => b === 0 ? Effect.fail(new DividedByZero({ a })) : Effect.succeed(a / b)
})

// What is done with it: one task, then a set of them
const program = Effect.gen(function*() {
  const half = yield* Divide.run({ a: 1, b: 2 }).pipe(Effect.catchTag("DividedByZero", () => Effect.succeed(NaN)))
  yield* Console.log(`one half is ${half}`)
  yield* Divide.runAll([{ a: 6, b: 3 }, { a: 7, b: 0 }], { ordered: true }).pipe(
    Stream.runForEach((outcome) => Console.log(outcome.payload, outcome._tag))
  )
})

// Where it runs: the only line that changes
program.pipe(Effect.provide(InProcess.layer(MathsLive)), NodeRuntime.runMain)
