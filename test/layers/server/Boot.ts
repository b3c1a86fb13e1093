import { Context, Effect, Layer, Scope } from "effect"
import type { Options } from "../../../layers/server/ServerStored.ts"
import { Ending } from "../../../layers/server/ServerStored.ts"
import type { Disk } from "../../../layers/store/Disk.ts"
import { Operator } from "../../../services/Operator.ts"
import { Server } from "../../../services/Server.ts"
import { durable, server } from "./Stores.ts"

/** One run of a server on a disk that outlives it. */
export interface Run {
  readonly within: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, Exclude<R, Server>>
  /** It is gone from one moment to the next. */
  readonly crash: Effect.Effect<void>
  readonly end: Effect.Effect<string>
  readonly operator: Operator["Service"]
  readonly server: Server["Service"]
}

/** Starts a server. */
export const boot = Effect.fnUntraced(function*(disk: Disk, options: Options = {}) {
  const scope = yield* Scope.fork(yield* Effect.scope)
  const context = yield* Scope.provide(Layer.build(server(durable(disk), options)), scope)
  const { end, stop } = Context.get(context, Ending)
  const run: Run = {
    within: (effect) => Effect.provideService(effect, Server, Context.get(context, Server)),
    crash: Effect.sync(() => {
      disk.crash()
      stop("it was killed")
    }),
    end,
    operator: Context.get(context, Operator),
    server: Context.get(context, Server)
  }
  return run
})
