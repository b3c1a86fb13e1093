/** The tasks of the suites as worker threads run them. */
import { Layer } from "effect"
import { TaskModule } from "../../../services/TaskModule.ts"
import { JsonLive, SuiteLive } from "../../suites/Tasks.ts"
import { layerThread } from "./ThreadStage.ts"

export default TaskModule.make(import.meta.url, Layer.provide(Layer.merge(SuiteLive, JsonLive), layerThread))
