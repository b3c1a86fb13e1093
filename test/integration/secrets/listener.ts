/** A server that listens on a unix socket, and says so. */
import { Effect, Layer } from "effect"
import process from "node:process"
import * as ServerStored from "../../../layers/server/ServerStored.ts"
import * as TaskStoreMemory from "../../../layers/store/TaskStoreMemory.ts"
import { listen } from "../../../layers/wire/Listener.ts"
import { Server } from "../../../services/Server.ts"

const program = Effect.gen(function*() {
  const server = yield* Server
  yield* listen({ address: `unix:${process.argv[2]}`, server, limits: { handshakeTime: "30 seconds" } })
  process.stdout.write("ready\n")
  return yield* Effect.never
})

Effect.runFork(
  program.pipe(Effect.scoped, Effect.provide(ServerStored.layer().pipe(Layer.provide(TaskStoreMemory.layer))))
)
