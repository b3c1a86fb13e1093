/**
 * Connects a program to the server of this machine. Loaded with the first layer
 * that is built.
 *
 * @since 0.1.0
 */
import { Context, Effect } from "effect"
import { Submitter } from "../../services/Submitter.ts"
import type { TaskLibrary } from "../../services/TaskLibrary.ts"
import type { Options } from "../Local.ts"
import type { AnyPlan, Plan } from "../Plan.ts"
import * as LocalServer from "./LocalServer.ts"
import { patient } from "./PatientSubmitter.ts"
import * as Program from "./Program.ts"
import * as Providing from "./Providing.ts"
import * as SealingKeys from "./SealingKeys.ts"

/** Serves until the scope is left. */
export const serve = Effect.fnUntraced(function*<P extends ReadonlyArray<AnyPlan>>(
  library: TaskLibrary.Any,
  { autoStart = true, executors, module, name = Program.ownName(), ...running }: Options<P>
) {
  // Whatever is an `AnyPlan` was made as a `Plan`.
  const plans = (executors ?? []) as unknown as ReadonlyArray<Plan<string, unknown, unknown>>
  const [connected, provision, keys] = yield* Effect.all([
    LocalServer.connect({ name, roles: Program.rolesOf(plans), autoStart }),
    module === undefined ? Effect.succeed(undefined) : Providing.provisionOf(module, running),
    SealingKeys.late
  ], { concurrency: "unbounded" })
  const provided = provision === undefined ? undefined : yield* Providing.provide(connected.pool, provision)
  const services = yield* Program.serve(connected, { libraries: [library], name, keys, plans })
  if (provided === undefined) return services
  yield* provided.ready
  return Context.add(services, Submitter, patient(Context.get(services, Submitter), provided))
})
