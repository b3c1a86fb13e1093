/** Tasks that say where they ran, and ask to be put somewhere. */
import { Context, Effect, Layer, Schema } from "effect"
import { Foreground } from "../../../services/Foreground.ts"
import { Task } from "../../../services/Task.ts"
import { TaskContext } from "../../../services/TaskContext.ts"
import { TaskLibrary } from "../../../services/TaskLibrary.ts"
import { TaskModule } from "../../../services/TaskModule.ts"

export class Gpu extends Context.Service<Gpu, { readonly name: string }>()("app/Gpu") {}

const success = Schema.String
export const Anywhere = Task.make("Anywhere", { success })
export const Labelled = Task.make("Labelled", { success, labels: ["big"] })
export const Render = Task.make("Render", { success, requires: [Gpu] })
export const Print = Task.make("Print", { success, requires: [Foreground] })
/** Asks all others where they run. */
export const Everywhere = Task.make("Everywhere", { success: Schema.Array(Schema.String) })

export const Places = TaskLibrary.make("places", { version: "1.0.0" }, Anywhere, Labelled, Render, Print, Everywhere)

const here = Effect.map(TaskContext, ({ executor }) => executor)

export const PlacesLive = Places.toLayer({
  Anywhere: () => here,
  Labelled: () => here,
  Render: () => Effect.flatMap(Gpu, ({ name }) => Effect.map(here, (executor) => `${name} ${executor}`)),
  Print: () => Effect.flatMap(Foreground, ({ print }) => Effect.andThen(Effect.orDie(print("printed")), here)),
  Everywhere: () => Effect.orDie(Effect.all([Labelled.run(), Render.run(), Print.run()]))
})

export const GpuLive = Layer.succeed(Gpu, { name: "fast" })

export default TaskModule.make(import.meta.url, PlacesLive, GpuLive)
