/**
 * What tests of tasks need: virtual time, and a cluster in which things go
 * wrong. It asks for no test runner.
 *
 * @since 0.1.0
 */
export * as Simulation from "../../layers/testing/Simulation.ts"
export * as TestInProcess from "../../layers/testing/TestInProcess.ts"
