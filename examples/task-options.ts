/** What a task can say of itself. */
import { NodeRuntime } from "@effect/platform-node"
import { InProcess, Task, TaskLibrary } from "cadre"
import { Console, Context, Effect, Layer, Redacted, Schedule, Schema } from "effect"

class Gpu extends Context.Service<Gpu, { readonly render: (scene: string) => Effect.Effect<string> }>()("app/Gpu") {}
class Busy extends Schema.TaggedError<Busy>()("Busy", {}) {}
class NoScene extends Schema.TaggedError<NoScene>()("NoScene", { scene: Schema.String }) {}

/** Has nearly all that there is. */
export const Render = Task.make("Render", {
  payload: { scene: Schema.String, token: Schema.Redacted(Schema.String) },
  success: Schema.String,
  error: Schema.Union([Busy, NoScene]),
  retry: { Busy: Schedule.exponential("100 millis").pipe(Schedule.upTo({ times: 5 })), NoScene: "fail" },
  timeout: "30 seconds",
  deadline: "10 minutes",
  grace: "2 seconds",
  attempts: 3,
  cache: "1 day",
  priority: 10,
  idempotencyKey: ({ scene }) => scene,
  limits: [{ name: "gpu", concurrency: 2 }, { name: "licence", rate: 100, per: "1 minute" }],
  requires: [Gpu],
  labels: ["studio"],
  demand: { cpu: 0.5, bytes: "64 MiB" }
})

/** When its executor is lost it may have run, and is not run again. */
export const Pay = Task.make("Pay", {
  payload: { cents: Schema.Int },
  delivery: "atMostOnce"
})

const Studio = TaskLibrary.make("studio", { version: "1.0.0" }, Render, Pay)

const StudioLive = Studio.toLayer({
  Render: ({ scene, token }) =>
    Redacted.value(token) === ""
      ? Effect.fail(new NoScene({ scene }))
      : Effect.flatMap(Gpu, ({ render }) => render(scene)),
  Pay: ({ cents }) => Console.log(`paid ${cents} cents`)
})

const GpuLive = Layer.succeed(Gpu, { render: (scene) => Effect.succeed(`a picture of ${scene}`) })

/** Runs one of each. */
export const program = Effect.gen(function*() {
  yield* Console.log(yield* Render.run({ scene: "a lake", token: Redacted.make("secret") }, { priority: 20 }))
  yield* Pay.run({ cents: 250 })
}).pipe(Effect.provide(InProcess.layer(StudioLive, {
  provides: GpuLive,
  labels: ["studio"],
  slots: 16,
  capacity: { cpu: 2, bytes: 1_073_741_824, slots: 16 }
})))

if (import.meta.main) NodeRuntime.runMain(program)
