/**
 * Puts server, submitter and executors of one process together. Loaded with the
 * first layer that is built: programs that only define tasks do without it.
 *
 * @since 0.1.0
 */
import { Context, Effect, Layer, Scope, Stdio } from "effect"
import type { Executor } from "../services/Executor.ts"
import { Executors } from "../services/Executors.ts"
import { Server } from "../services/Server.ts"
import { Submitter } from "../services/Submitter.ts"
import { ExecutorId, NodeId } from "../src/task/Attempt.ts"
import { fingerprint } from "../src/task/Fingerprint.ts"
import type { TaskDefinition } from "../src/task/TaskDefinition.ts"
import * as ExecutorFibers from "./ExecutorFibers.ts"
import type { Options } from "./InProcess.ts"
import type { Crew, Fibers, Plan } from "./Plan.ts"
import { type Keys, makeKeys, sealerOf } from "./SealerNode.ts"
import * as ServerMemory from "./ServerMemory.ts"
import { deferred } from "./submitter/DeferredSubmitter.ts"
import type { Catalogue } from "./submitter/Registry.ts"
import * as SubmitterServer from "./submitter/SubmitterServer.ts"

const fingerprintOf = (task: TaskDefinition.Any | string | undefined): string | undefined =>
  task === undefined || typeof task === "string" ? task : fingerprint(task)

/** What the types cannot see of a set of plans, in words; undefined if it is sound. */
export const unsound = (
  crews: ReadonlyArray<Pick<Crew, "services"> & Pick<Plan<string, unknown, unknown>, "isForeground">>,
  libraries: ReadonlyArray<Catalogue>
): string | undefined => {
  if (crews.filter(({ isForeground }) => isForeground).length > 1) {
    return "Only one executor can own the terminal: there is more than one InProcess.foreground"
  }
  if (crews.some(({ isForeground, services }) => !isForeground && services.includes(Stdio.Stdio.key))) {
    return "Stdio is for the executor that owns the terminal: use InProcess.foreground rather than provide it"
  }
  const owners = new Map<string, Catalogue>()
  for (const library of libraries) {
    for (const [name, task] of library.tasks) {
      const other = owners.get(name)
      if (other === undefined) owners.set(name, library)
      else if (other.name !== library.name) {
        return `Libraries ${other.name} and ${library.name} both have a task "${name}": rename one of them`
      } else if (fingerprintOf(other.tasks.get(name)) !== fingerprintOf(task)) {
        return `Library ${library.name} has two tasks "${name}" with different schemas: ${
          other.from ?? "this program"
        } and ${library.from ?? "this program"} must have the same version of it`
      }
    }
  }
  return undefined
}

/** Of an executor, until it is told otherwise. */
const defaultSlots = 64

/** One executor that runs handlers as fibers of this process. */
export const crewOf = ({ implementations, labels, provides, slots = defaultSlots }: Fibers, keys: () => Keys): Crew => {
  const services = [...provides.mapUnsafe.keys()]
  return {
    libraries: implementations.map(({ library }) => library),
    services,
    start: Effect.fnUntraced(function*({ capacity, name, node: machine, server, submitter }) {
      const { pid, ...node } = machine ??
        { nodeId: NodeId.make("in-process"), ...(capacity && { capacity }), pid: undefined }
      const executor = yield* ExecutorFibers.make({
        implementations,
        provides,
        sealer: sealerOf(keys),
        submitter,
        // To a server in another process only bytes go.
        ...(machine === undefined && { payloads: "kept" }),
        spec: {
          executorId: ExecutorId.make(name("executor")),
          node,
          ...(pid !== undefined && { pid }),
          slots,
          prefetch: slots,
          services,
          labels,
          heartbeat: false
        }
      })
      yield* executor.serve(yield* server.attach(executor.spec))
      return [executor]
    })
  }
}

/** Runs until the scope is left, with a server of its own unless it is given one; then it cancels what is under way, and waits for that. */
export const serve = Effect.fnUntraced(function*(
  plans: ReadonlyArray<Plan<string, unknown, unknown>>,
  { capacity, ...options }: Options,
  serving?: Layer.Layer<Server, unknown>
) {
  const scope = yield* Effect.scope
  const server = Context.get(yield* Layer.build(serving ?? ServerMemory.layer(options)), Server)
  let made: Keys | undefined
  const keys = () => made ??= makeKeys()
  // Handlers may submit tasks of libraries that are still being built.
  let handlers: Submitter["Service"] | undefined
  const crews = yield* Effect.forEach(
    plans,
    ({ build, isForeground }) => Effect.map(build(keys), (crew) => ({ ...crew, isForeground }))
  ).pipe(
    Effect.provideService(Submitter, deferred(() => handlers))
  )
  const libraries = [...new Set(crews.flatMap(({ libraries }) => libraries))]
  const problem = unsound(crews, libraries)
  if (problem !== undefined) return yield* Effect.die(new TypeError(problem))
  const submitterOf = (name: string) =>
    Effect.provideService(
      SubmitterServer.connect({ name, libraries, sealer: sealerOf(keys), isLocal: serving === undefined }),
      Server,
      server
    )
  const submitter = handlers = yield* submitterOf("handlers")
  const counts = new Map<string, number>()
  const name = (kind: string): string => {
    const count = (counts.get(kind) ?? 0) + 1
    counts.set(kind, count)
    return `${kind}-${count}`
  }
  const executors: Array<Executor["Service"]> = []
  // What is kept in a store has to be whole.
  const premises = serving === undefined ? {} : { node: { nodeId: NodeId.make("in-process"), pid: 0 } }
  for (const { start } of crews) {
    executors.push(...yield* start({ ...premises, server, submitter, libraries, capacity, name }))
  }
  const loads = Effect.forEach(
    executors,
    ({ load, spec: { executorId, slots } }) => Effect.map(load, (load) => ({ executorId, slots, ...load }))
  )
  const program = yield* Scope.provide(submitterOf("program"), scope)
  return Context.make(Submitter, program).pipe(Context.add(Server, server), Context.add(Executors, { loads }))
})
