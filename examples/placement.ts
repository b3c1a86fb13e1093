/** Executors with different services: tasks run where there is what they require. */
import { NodeRuntime, NodeStdio } from "@effect/platform-node"
import { Foreground, InProcess, Task, TaskLibrary } from "cadre"
import { Console, Context, Effect, Layer, Option, Schema } from "effect"

class Gpu extends Context.Service<Gpu, { readonly name: string }>()("app/Gpu") {}

const Render = Task.make("Render", { payload: { scene: Schema.String }, success: Schema.String, requires: [Gpu] })
const Ask = Task.make("Ask", { payload: { question: Schema.String }, success: Schema.String, requires: [Foreground] })
const Studio = TaskLibrary.make("studio", { version: "1.0.0" }, Render, Ask)

const StudioLive = Studio.toLayer({
  Render: ({ scene }) => Effect.map(Gpu, ({ name }) => `${scene}, drawn by ${name}`),
  Ask: ({ question }) =>
    Effect.gen(function*() {
      const { prompt } = yield* Foreground
      const answer = yield* Effect.orDie(prompt(question))
      return Option.getOrElse(answer, () => "nothing")
    })
})

const executors = InProcess.layerOf([
  InProcess.executor(StudioLive, { provides: Layer.succeed(Gpu, { name: "gpu-1" }), slots: 1 }),
  InProcess.foreground(StudioLive)
])

/** Asks at the terminal what to draw, and draws it where there is a Gpu. */
export const program = Effect.gen(function*() {
  const scene = yield* Ask.run({ question: "What shall I draw? " })
  yield* Console.log(yield* Render.run({ scene }))
}).pipe(Effect.provide(executors))

if (import.meta.main) program.pipe(Effect.provide(NodeStdio.layer), NodeRuntime.runMain)
