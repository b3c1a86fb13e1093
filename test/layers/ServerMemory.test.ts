import { Layer } from "effect"
import * as ServerMemory from "../../layers/ServerMemory.ts"
import * as TestInProcess from "../../layers/testing/TestInProcess.ts"
import * as ServerSuite from "../suites/ServerSuite.ts"

ServerSuite.suite("memory", Layer.provideMerge(ServerMemory.layer(), TestInProcess.layerClock()))
