/**
 * Runs attempts in its slots. Every layer keeps these laws; each is a test in
 * `test/suites/ExecutorSuite.ts`:
 *
 * - **complete** – each attempt that it is given ends with one report, whatever the handler does
 * - **typed** – a result that does not match the schema is a crash, never a success
 * - **bounded** – it runs no more attempts at a time than it has slots
 * - **interrupted** – a revoked attempt is interrupted, its finalizers run, and then it is reported
 * - **returned** – a recalled attempt either comes back unstarted or is reported, never both
 * - **isolated** – what one attempt does (crash, hang, be interrupted) concerns no other
 * - **retried** – a failure with a retry policy is reported with the time to wait
 *
 * @since 0.1.0
 */
import { Context, type Effect, type Scope } from "effect"
import type { ExecutorSpec } from "../src/dispatch/Event.ts"
import type { ExecutorPort } from "./Server.ts"

/** How busy an executor is and was; `busy` is the time with at least one attempt running, in milliseconds. */
export interface ExecutorLoad {
  readonly running: number
  readonly queued: number
  readonly ended: number
  readonly busy: number
}

/** Runs attempts in its slots. */
export class Executor extends Context.Service<Executor, {
  /** What it offers: libraries, services, labels, slots, and the node it is on. */
  readonly spec: ExecutorSpec
  /** Runs what the server gives it until the scope is left; then its attempts are interrupted. */
  readonly serve: (port: ExecutorPort) => Effect.Effect<void, never, Scope.Scope>
  readonly load: Effect.Effect<ExecutorLoad>
}>()("cadre/services/Executor") {}
