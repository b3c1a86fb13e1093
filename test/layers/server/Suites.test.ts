import { Layer } from "effect"
import * as TaskStoreMemory from "../../../layers/store/TaskStoreMemory.ts"
import * as VirtualTime from "../../../layers/testing/VirtualTime.ts"
import * as OperatorSuite from "../../suites/OperatorSuite.ts"
import * as ServerSuite from "../../suites/ServerSuite.ts"
import { Stage } from "../../suites/Stage.ts"
import * as SubmitterSuite from "../../suites/SubmitterSuite.ts"
import { durable, server, stage } from "./Stores.ts"

const inTurns = Layer.provideMerge(VirtualTime.layer())

ServerSuite.suite("stored in memory", inTurns(server(TaskStoreMemory.layer)))
ServerSuite.suite("stored on a disk", inTurns(server(durable())))

OperatorSuite.suite("stored in memory", inTurns(server(TaskStoreMemory.layer)))
OperatorSuite.suite("stored on a disk", inTurns(server(durable())))

SubmitterSuite.suite(
  "a server with a store in memory",
  (slots) => inTurns(stage(slots, TaskStoreMemory.layer)).pipe(Layer.provideMerge(Stage.layer))
)
SubmitterSuite.suiteTimed(
  "a server with a store in memory",
  (slots) => inTurns(stage(slots, TaskStoreMemory.layer)).pipe(Layer.provideMerge(Stage.layer))
)
SubmitterSuite.suite(
  "a server with a disk",
  (slots) => inTurns(stage(slots, durable())).pipe(Layer.provideMerge(Stage.layer))
)
