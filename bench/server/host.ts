/** A server in a process of its own: `host.ts <socket> memory|<file>`. It says when it listens. */
import { Context, Effect, Layer } from "effect"
import process from "node:process"
import * as ServerStored from "../../layers/server/ServerStored.ts"
import * as TaskStoreMemory from "../../layers/store/TaskStoreMemory.ts"
import * as TaskStoreSqlite from "../../layers/store/TaskStoreSqlite.ts"
import { listen } from "../../layers/wire/Listener.ts"
import { Operator } from "../../services/Operator.ts"
import { Server } from "../../services/Server.ts"

const [socket = "", store = "memory"] = process.argv.slice(2)
const stored = ServerStored.layer().pipe(
  Layer.provide(store === "memory" ? TaskStoreMemory.layer : TaskStoreSqlite.layer({ path: store }))
)

Effect.runFork(Effect.scoped(Effect.gen(function*() {
  const context = yield* Layer.build(stored)
  yield* listen({
    address: `unix:${socket}`,
    server: Context.get(context, Server),
    operator: Context.get(context, Operator)
  })
  process.send?.("ready")
  return yield* Effect.never
}))).addObserver((exit) => {
  process.stderr.write(`${JSON.stringify(exit)}\n`)
  process.exit(1)
})
process.on("disconnect", () => process.exit())
