/** How a task can end, and what to do about it. */
import { NodeRuntime } from "@effect/platform-node"
import { InProcess, Task, TaskLibrary } from "cadre"
import { Console, Effect, Schema, Stream } from "effect"

class Odd extends Schema.TaggedError<Odd>()("Odd", { n: Schema.Int }) {}
const Halve = Task.make("Halve", { payload: { n: Schema.Int }, success: Schema.Int, error: Odd, timeout: "1 second" })
const Maths = TaskLibrary.make("maths", { version: "1.0.0" }, Halve)
const MathsLive = Maths.toLayer({
  Halve: ({ n }) => {
    if (n === 0) throw new Error("a bug")
    return n % 2 === 0 ? Effect.succeed(n / 2) : Effect.fail(new Odd({ n }))
  }
})

/** One task: its own errors, and those of `TaskError`, are in the type of `run`. */
export const one = Halve.run({ n: 7 }).pipe(
  Effect.catchTags({
    Odd: ({ n }) => Console.log(`${n} is odd`),
    TaskTimedOut: ({ message }) => Console.log(message),
    NoExecutor: ({ message }) => Console.log(message)
  })
)

/** Many tasks: no outcome stops the others. */
export const many = Stream.runForEach(Halve.runAll([{ n: 2 }, { n: 3 }, { n: 0 }], { ordered: true }), (outcome) => {
  switch (outcome._tag) {
    case "Succeeded":
      return Console.log(`${outcome.payload.n}: ${outcome.value}`)
    case "Failed":
      return Console.log(`${outcome.payload.n}: failed with ${outcome.error._tag}`)
    default:
      return Console.log(`${outcome.payload.n}: ${outcome._tag}`)
  }
})

/** One, then many. */
export const program = Effect.andThen(one, many).pipe(Effect.provide(InProcess.layer(MathsLive)))

if (import.meta.main) NodeRuntime.runMain(program)
