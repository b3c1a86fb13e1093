/**
 * The server of this user on this machine: found, or started. It goes on when
 * the program ends, and so does what was handed over to go on without it.
 *
 * @since 0.1.0
 */
import { type ByteSize, Effect, Layer } from "effect"
import type { Executors } from "../services/Executors.ts"
import type { Operator } from "../services/Operator.ts"
import type { Server } from "../services/Server.ts"
import type { Submitter } from "../services/Submitter.ts"
import type { TaskLibrary } from "../services/TaskLibrary.ts"
import type { TaskModule } from "../services/TaskModule.ts"
import type { BundleFailed } from "../src/bundle/BundleFailed.ts"
import type { HostError } from "../src/host/HostError.ts"
import type { Runs, TaskDefinition } from "../src/task/TaskDefinition.ts"
import type { Outside } from "./InProcess.ts"
import type { AnyPlan, Plan } from "./Plan.ts"

/** How a program is connected to the server, and what runs its tasks. */
export interface Options<P extends ReadonlyArray<AnyPlan> = readonly []> {
  /** What the server has executors for while the program is connected; without it others must have started some. */
  readonly module?: TaskModule.Any
  /** How many threads run the module at most; as many as the machine runs at a time where absent. */
  readonly threads?: number
  /** How many attempts such a thread runs at a time; one where absent. */
  readonly slots?: number
  /** What such a thread may use, heap and buffers: `"512 MiB"`. */
  readonly memory?: ByteSize.Input
  /** What tasks may ask for by `labels`. */
  readonly labels?: ReadonlyArray<string>
  /** The working directory of the module's tasks; that of this program where absent. */
  readonly cwd?: string
  /**
   * Executors of this program that it lends to the server, such as
   * `InProcess.foreground` for tasks that need the terminal. Tasks of others
   * that they can run may come here, too.
   */
  readonly executors?: P
  /**
   * Names the program to the server. One that comes back under the same name
   * finds what it handed over before; where absent the name is made up.
   */
  readonly name?: string
  /** Whether a server is started where there is none, which is the default. */
  readonly autoStart?: boolean
}

/** Why the layer cannot be built. */
export type Problem = BundleFailed | HostError

/** The names of a library's tasks. */
export type NamesOf<L extends TaskLibrary.Any> = TaskDefinition.Names<TaskLibrary.Tasks<L>>

/** Why executors of these plans cannot be built. */
export type PlanError<P> = P extends Plan<string, infer E, unknown> ? E : never

/** What it takes to build them. */
export type PlanServices<P> = P extends Plan<string, unknown, infer R> ? R : never

/** What a program gets, if it lends executors of these plans. */
export type Connection<L extends TaskLibrary.Any, P extends ReadonlyArray<AnyPlan>> = Layer.Layer<
  Executors | Operator | Runs<NamesOf<L> | P[number]["~names"]> | Server | Submitter,
  Problem | PlanError<P[number]>,
  Outside<PlanServices<P[number]>, NamesOf<L> | P[number]["~names"]>
>

/**
 * Runs the tasks of the library on this machine's server, which is started if
 * it is not there. With a `module` the server starts executors for it, and
 * sends them away some time after the program has ended.
 *
 * ```ts
 * program.pipe(Effect.provide(Local.layer(Maths, { module: tasks })))
 * ```
 */
export const layer = <L extends TaskLibrary.Any, const P extends ReadonlyArray<AnyPlan> = readonly []>(
  library: L,
  options: Options<P> = {}
): Connection<L, P> =>
  // `Runs` is a phantom, and what the plans need beside it is what their builds ask for.
  Layer.effectContext(Effect.flatMap(
    Effect.promise(() => import("./host/LocalServe.ts")),
    ({ serve }) => serve(library, options)
    // `Runs` is a phantom, and what the plans of the program fail with and need is what their builds do.
  )) as unknown as Connection<L, P>
