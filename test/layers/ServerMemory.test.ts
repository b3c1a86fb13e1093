import { Layer } from "effect"
import * as ServerMemory from "../../layers/ServerMemory.ts"
import * as VirtualTime from "../../layers/testing/VirtualTime.ts"
import * as ServerSuite from "../suites/ServerSuite.ts"

ServerSuite.suite("memory", Layer.provideMerge(ServerMemory.layer(), VirtualTime.layer()))
