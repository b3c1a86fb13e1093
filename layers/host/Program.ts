/**
 * What a program has that hands tasks to a server elsewhere: a submitter, and
 * executors of its own that it lends.
 *
 * @since 0.1.0
 */
import { Context, Effect, Scope } from "effect"
import process from "node:process"
import type { Executor } from "../../services/Executor.ts"
import { Executors } from "../../services/Executors.ts"
import { Operator } from "../../services/Operator.ts"
import { Server } from "../../services/Server.ts"
import { Submitter } from "../../services/Submitter.ts"
import type { TaskLibrary } from "../../services/TaskLibrary.ts"
import type { Role } from "../../src/security/Role.ts"
import { unsound } from "../InProcessServe.ts"
import type { Plan } from "../Plan.ts"
import { type Keys, sealerOf } from "../SealerNode.ts"
import { deferred } from "../submitter/DeferredSubmitter.ts"
import * as SubmitterServer from "../submitter/SubmitterServer.ts"
import type { Connected } from "./Connected.ts"
import * as Machine from "./Machine.ts"

/** What it is made of. */
export interface Options {
  readonly libraries: ReadonlyArray<TaskLibrary.Any>
  /** Names its tasks, to the server and to people; its own where absent. */
  readonly name: string | undefined
  /** Of secrets; it throws in words where there are none. */
  readonly keys: () => Keys
  readonly plans: ReadonlyArray<Plan<string, unknown, unknown>>
}

/** What a program is to be let in as; only one that lends executors can be given tasks. */
export const rolesOf = (plans: ReadonlyArray<unknown>): ReadonlyArray<Role> =>
  plans.length > 0 ? ["submitter", "executor", "operator"] : ["submitter", "operator"]

/** A name that no other program has, nor another run of this one. */
export const ownName = (): string => `program ${process.pid}-${process.hrtime.bigint().toString(36).slice(-5)}`

/** Connects the program, until the scope is left; then what it has not waited for is cancelled. */
export const serve = Effect.fnUntraced(
  function*({ operator, server }: Pick<Connected, "operator" | "server">, options: Options) {
    const scope = yield* Effect.scope
    const { keys, name = ownName(), plans } = options
    const sealer = sealerOf(keys)
    let handlers: Submitter["Service"] | undefined
    const crews = yield* Effect.forEach(
      plans,
      ({ build, isForeground }) => Effect.map(build(keys), (crew) => ({ ...crew, isForeground }))
    ).pipe(Effect.provideService(Submitter, deferred(() => handlers)))
    const libraries = [...new Set([...options.libraries, ...crews.flatMap(({ libraries }) => libraries)])]
    const problem = unsound(crews, libraries)
    if (problem !== undefined) return yield* Effect.die(new TypeError(problem))
    const submitterOf = (name: string) =>
      Effect.provideService(SubmitterServer.connect({ name, libraries, sealer }), Server, server)

    const executors: Array<Executor["Service"]> = []
    if (crews.length > 0) {
      const submitter = handlers = yield* submitterOf(`handlers of ${name}`)
      const ids = name.replace(/^program /, "")
      let count = 0
      for (const { start } of crews) {
        executors.push(
          ...yield* start({
            server,
            submitter,
            libraries,
            capacity: undefined,
            node: { nodeId: Machine.nodeId(), capacity: Machine.capacity(), pid: process.pid },
            name: () => `${ids}/${++count}`
          })
        )
      }
    }
    const loads = Effect.forEach(
      executors,
      ({ load, spec: { executorId, slots } }) => Effect.map(load, (load) => ({ executorId, slots, ...load }))
    )
    const submitter = yield* Scope.provide(submitterOf(name), scope)
    return Context.make(Submitter, submitter).pipe(
      Context.add(Server, server),
      Context.add(Operator, operator),
      Context.add(Executors, { loads })
    )
  }
)
