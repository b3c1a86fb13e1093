/**
 * Programs as Node runs them. What running takes is imported when something is
 * run: a program that is only defined costs nothing.
 *
 * @since 0.1.0
 */
import * as Contract from "../services/Program.ts"

/** A program that ends with an `A` or fails with an `E`. */
export type Program<A, E> = Contract.Program<A, E>

/** Types of programs. */
export declare namespace Program {
  /** Any program at all. */
  type Any = Contract.Program.Any
  /** What a program finds wherever it is started. */
  type Services = Contract.ProgramServices
}

/**
 * Runs a program as this process. Its value is ignored; a failure is printed as
 * its tag and message, a defect with its stack. Exit codes: 0 done, 1 failed,
 * 130 interrupted by Ctrl-C, 143 by SIGTERM. Either interrupts the program and
 * waits for its finalizers; a second one ends it at once.
 *
 * ```ts
 * const program = Program.make(import.meta.url, Console.log("Hello"))
 * export default program
 * if (import.meta.main) Program.run(program)
 * ```
 */
const run = (program: Contract.Program.Any): void => {
  void import("./ProgramServices.ts").then(({ runProgram }) => runProgram(program))
}

/** Makes programs, tells them from other exports, and runs them. */
export const Program = { ...Contract.Program, run }
