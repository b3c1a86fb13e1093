/**
 * Executors that have yet to be started: what they can run, and what they are
 * made of. `InProcess.layerOf` puts several behind one submitter.
 *
 * @since 0.1.0
 */
import type { Context, Effect, Scope } from "effect"
import type { Executor } from "../services/Executor.ts"
import type { Server } from "../services/Server.ts"
import type { Submitter } from "../services/Submitter.ts"
import type { Implementation } from "../services/TaskLibrary.ts"
import type { NodeId } from "../src/task/Attempt.ts"
import type { Resources } from "../src/task/TaskSpec.ts"
import type { Keys } from "./SealerNode.ts"
import type { Catalogue } from "./submitter/Registry.ts"

/** Executors of one kind. `E` is why they cannot be built, `R` what that takes. */
export interface Plan<out Names extends string, out E, out R> {
  /** The names of the tasks that they can run. */
  readonly "~names": Names
  /** Builds what they run and what places tasks on them. */
  readonly build: (keys: () => Keys) => Effect.Effect<Crew, E, R | Submitter | Scope.Scope>
  /** They own the terminal. */
  readonly isForeground: boolean
}

/** Executors that run handlers as fibers of this process. */
export interface FiberPlan<out Names extends string, out E, out R> extends Plan<Names, E, R> {
  readonly fibers: Effect.Effect<Fibers, E, R | Submitter | Scope.Scope>
}

/** Any plan at all. `build` says no more: a plan that is written where one of these is asked for keeps its own types. */
export type AnyPlan = Pick<Plan<string, unknown, unknown>, "~names" | "isForeground"> & { readonly build: object }

/** Any plan of fibers, likewise. */
export type AnyFiberPlan = Pick<FiberPlan<string, unknown, unknown>, "~names" | "isForeground"> & {
  readonly build: object
  readonly fibers: object
}

/** Executors that can be started. */
export interface Crew {
  /** What they have. */
  readonly libraries: ReadonlyArray<Catalogue>
  /** The keys of the services that place tasks on them. */
  readonly services: ReadonlyArray<string>
  /** They serve until the scope is left. */
  readonly start: (premises: Premises) => Effect.Effect<ReadonlyArray<Executor["Service"]>, never, Scope.Scope>
}

/** Where they are started. */
export interface Premises {
  readonly server: Server["Service"]
  /** What handlers submit tasks with. */
  readonly submitter: Submitter["Service"]
  readonly libraries: ReadonlyArray<Catalogue>
  readonly capacity: Resources | undefined
  /** The machine with the process's number, where the server is in another process. */
  readonly node?: { readonly nodeId: NodeId; readonly capacity?: Resources; readonly pid: number }
  /** A name that no other executor here has. */
  readonly name: (kind: string) => string
}

/** What fibers of this process run, and what for. */
export interface Fibers {
  readonly implementations: ReadonlyArray<Implementation>
  readonly provides: Context.Context<never>
  readonly slots: number | undefined
  readonly labels: ReadonlyArray<string>
}
