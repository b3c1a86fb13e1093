/**
 * Runs programs with Node's services, and so loads them: it is imported only by
 * who runs something.
 *
 * @since 0.1.0
 */
import { layer } from "@effect/platform-node/NodeServices"
import type { Program } from "../services/Program.ts"
import { run } from "./ProgramProcess.ts"

/** Runs a program as this process. */
export const runProgram = (program: Program.Any): void => run(program.effect, layer)
