import { Context, Effect, Layer } from "effect"
import * as ExecutorFibers from "../../layers/ExecutorFibers.ts"
import * as VirtualTime from "../../layers/testing/VirtualTime.ts"
import { implementations } from "../../services/TaskLibrary.ts"
import { ExecutorId, NodeId } from "../../src/task/Attempt.ts"
import * as ExecutorSuite from "../suites/ExecutorSuite.ts"
import { Stage } from "../suites/Stage.ts"
import { SuiteLive } from "../suites/Tasks.ts"

const spec = {
  executorId: ExecutorId.make("ada"),
  node: { nodeId: NodeId.make("node") },
  slots: 4,
  prefetch: 4,
  services: [],
  labels: [],
  heartbeat: false
}

// Its tasks submit none here.
const executor = Layer.unwrap(Effect.map(
  Layer.build(SuiteLive as Layer.Layer<never, never, Stage>),
  (context) => ExecutorFibers.layer({ implementations: implementations(context), provides: Context.empty(), spec })
)).pipe(Layer.provideMerge(Stage.layer))

ExecutorSuite.suite("fibers", executor, { isTimed: false })
ExecutorSuite.suite("fibers, in virtual time", Layer.provideMerge(executor, VirtualTime.layer()), {
  isTimed: true
})
