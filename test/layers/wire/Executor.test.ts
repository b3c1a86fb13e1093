import { Context, Effect, Layer } from "effect"
import * as ExecutorFibers from "../../../layers/ExecutorFibers.ts"
import { Executor } from "../../../services/Executor.ts"
import { type ExecutorPort, Server } from "../../../services/Server.ts"
import { implementations } from "../../../services/TaskLibrary.ts"
import { ExecutorId, NodeId } from "../../../src/task/Attempt.ts"
import * as ExecutorSuite from "../../suites/ExecutorSuite.ts"
import { Stage } from "../../suites/Stage.ts"
import { SuiteLive } from "../../suites/Tasks.ts"
import { reach, turns, unix, type Way } from "./Stages.ts"
import { tcp, tls } from "./Ways.ts"

const spec = {
  executorId: ExecutorId.make("ada"),
  node: { nodeId: NodeId.make("node") },
  slots: 4,
  prefetch: 4,
  services: [],
  labels: [],
  heartbeat: true
}

/** A server that has nothing but that port for whoever attaches. */
const serverOf = (port: ExecutorPort) =>
  Server.of({
    info: { partition: 0, generation: 1, incarnation: "x", past: [], isDurable: false, wallOffset: 0 },
    connect: () => Effect.die("nobody submits here"),
    attach: () => Effect.succeed(port),
    drain: () => Effect.void,
    status: Effect.die("nobody asks here"),
    explain: () => Effect.die("nobody asks here"),
    records: () => {
      throw new Error("nobody asks here")
    }
  })

/** An executor whose port is at the other end of a socket. */
const distant = (way: Way) =>
  Layer.effect(
    Executor,
    Effect.gen(function*() {
      // Its tasks submit none here.
      const context = yield* Layer.build(SuiteLive as Layer.Layer<never, never, Stage>)
      const executor = yield* ExecutorFibers.make({
        implementations: implementations(context),
        provides: Context.empty(),
        spec
      })
      return Executor.of({
        ...executor,
        serve: (port) =>
          Effect.gen(function*() {
            const { connect } = yield* reach(serverOf(port), way)
            const { server } = yield* connect()
            yield* executor.serve(yield* server.attach(executor.spec))
          }).pipe(Effect.orDie)
      })
    })
  ).pipe(Layer.provideMerge(Layer.sync(Stage, () => Stage.make(turns))))

ExecutorSuite.suite("fibers, over a unix socket", distant(unix), { isTimed: false })
ExecutorSuite.suite("fibers, over TCP, as JSON", distant(tcp), { isTimed: false })
// Its certificates are made once.
const secured = Effect.runSync(Effect.cached(tls))
ExecutorSuite.suite("fibers, over TLS", Layer.unwrap(Effect.map(secured, distant)), { isTimed: false })
