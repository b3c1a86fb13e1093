/**
 * All that a program needs in order to define, implement and run tasks.
 *
 * @since 0.1.0
 */
export { EntryModuleInvalid } from "../../layers/EntryModule.ts"
export * as InProcess from "../../layers/InProcess.ts"
export * as Local from "../../layers/Local.ts"
export { Program } from "../../layers/ProgramNode.ts"
export * as Remote from "../../layers/Remote.ts"
export { TaskCrashed } from "../../layers/submitter/Decoding.ts"
export * as Threads from "../../layers/Threads.ts"
export { Executor } from "../../services/Executor.ts"
export { Executors } from "../../services/Executors.ts"
export { Foreground } from "../../services/Foreground.ts"
export { Operator } from "../../services/Operator.ts"
export { Server } from "../../services/Server.ts"
export * as Submission from "../../services/Submission.ts"
export { type RunAllOptions, type SubmitOptions, Submitter } from "../../services/Submitter.ts"
export { Task } from "../../services/Task.ts"
export { TaskContext } from "../../services/TaskContext.ts"
export type { TaskHandle } from "../../services/TaskHandle.ts"
export { TaskLibrary } from "../../services/TaskLibrary.ts"
export { TaskModule } from "../../services/TaskModule.ts"
export type { Counts, Transition } from "../dispatch/Command.ts"
export type { Ref } from "../task/Reference.ts"
export type { Implements, Runs } from "../task/TaskDefinition.ts"
export * from "../task/TaskError.ts"
export type { TaskOutcome } from "../task/TaskOutcome.ts"
