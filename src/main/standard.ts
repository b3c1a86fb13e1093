/**
 * The standard library: tasks that every program may need, and some that make
 * trouble on purpose. Its default export is the module for executors.
 *
 * @since 0.1.0
 */
import { layer as StandardLive } from "../../layers/standard/StandardNode.ts"
import { TaskModule } from "../../services/TaskModule.ts"

export { Echo } from "../../services/standard/Echo.ts"
export * from "../../services/standard/Fetch.ts"
export * from "../../services/standard/Fibonacci.ts"
export * from "../../services/standard/HashFile.ts"
export { Size, Time } from "../../services/standard/Quantity.ts"
export * from "../../services/standard/Shell.ts"
export { Sleep } from "../../services/standard/Sleep.ts"
export { Standard } from "../../services/standard/Standard.ts"
export * from "../../services/standard/Terminal.ts"
export * from "../../services/standard/Trouble.ts"
export { StandardLive }

export default TaskModule.make(import.meta.url, StandardLive)
