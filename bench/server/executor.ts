/** An executor of the benchmark's tasks in a process of its own: `executor.ts <socket> <slots>`. It says when it is attached. */
import { Context, Effect, Layer } from "effect"
import process from "node:process"
import * as ExecutorFibers from "../../layers/ExecutorFibers.ts"
import { connect } from "../../layers/wire/ServerRemote.ts"
import { implementations } from "../../services/TaskLibrary.ts"
import { ExecutorId, NodeId } from "../../src/task/Attempt.ts"
import { live } from "./tasks.ts"

const [socket = "", slots = "64"] = process.argv.slice(2)

Effect.runFork(Effect.scoped(Effect.gen(function*() {
  const { server } = yield* connect({ address: `unix:${socket}`, roles: ["executor"] })
  const executor = yield* ExecutorFibers.make({
    implementations: implementations(yield* Layer.build(live)),
    provides: Context.empty(),
    spec: {
      executorId: ExecutorId.make(`bench-${process.pid}`),
      node: { nodeId: NodeId.make("bench") },
      slots: Number(slots),
      prefetch: 2_048,
      services: [],
      labels: [],
      heartbeat: true
    }
  })
  yield* executor.serve(yield* server.attach(executor.spec))
  process.send?.("ready")
  return yield* Effect.never
}))).addObserver((exit) => {
  process.stderr.write(`${JSON.stringify(exit)}\n`)
  process.exit(1)
})
process.on("disconnect", () => process.exit())
