/**
 * Puts server, submitter and executors of one process together. Loaded with the
 * first layer that is built: programs that only define tasks do without it.
 *
 * @since 0.1.0
 */
import { Context, Effect, Layer, Scope, Stdio, Stream } from "effect"
import { Server } from "../services/Server.ts"
import { Submitter } from "../services/Submitter.ts"
import type { TaskLibrary } from "../services/TaskLibrary.ts"
import { ExecutorId, NodeId } from "../src/task/Attempt.ts"
import * as ExecutorFibers from "./ExecutorFibers.ts"
import type { Options, Plan } from "./InProcess.ts"
import { makeSealer } from "./SealerNode.ts"
import * as ServerMemory from "./ServerMemory.ts"
import * as SubmitterServer from "./submitter/SubmitterServer.ts"

/** What the types cannot see of a set of plans, in words; undefined if it is sound. */
const unsound = (
  plans: ReadonlyArray<
    Pick<Plan<string, unknown, unknown>, "isForeground"> & { readonly provides: Context.Context<never> }
  >,
  libraries: ReadonlyArray<TaskLibrary.Any>
): string | undefined => {
  if (plans.filter(({ isForeground }) => isForeground).length > 1) {
    return "Only one executor can own the terminal: there is more than one InProcess.foreground"
  }
  if (plans.some(({ isForeground, provides }) => !isForeground && provides.mapUnsafe.has(Stdio.Stdio.key))) {
    return "Stdio is for the executor that owns the terminal: use InProcess.foreground rather than provide it"
  }
  const owners = new Map<string, string>()
  for (const { name, tasks } of libraries) {
    for (const task of tasks.keys()) {
      const other = owners.get(task)
      if (other !== undefined) return `Libraries ${other} and ${name} both have a task "${task}": rename one of them`
      owners.set(task, name)
    }
  }
  return undefined
}

/** Runs until the scope is left; then it cancels what is under way, and waits for that. */
export const serve = Effect.fnUntraced(function*(
  plans: ReadonlyArray<Plan<string, unknown, unknown>>,
  { capacity, ...options }: Options
) {
  const scope = yield* Effect.scope
  const server = Context.get(yield* Layer.build(ServerMemory.layer(options)), Server)
  // Handlers may submit tasks of libraries that are still being built.
  let handlers: Submitter["Service"] | undefined
  const built = yield* Effect.forEach(
    plans,
    ({ build, isForeground, options }) => Effect.map(build, (parts) => ({ ...parts, isForeground, options }))
  ).pipe(
    Effect.provideService(Submitter, deferred(() => handlers))
  )
  const libraries = distinct(built.flatMap(({ implementations }) => implementations.map(({ library }) => library)))
  const problem = unsound(built, libraries)
  if (problem !== undefined) return yield* Effect.die(new TypeError(problem))
  const sealer = makeSealer()
  const submitterOf = (name: string) =>
    Effect.provideService(SubmitterServer.connect({ name, libraries, sealer }), Server, server)
  handlers = yield* submitterOf("handlers")
  for (const [index, { implementations, options, provides }] of built.entries()) {
    const slots = options.slots ?? 64
    const name = `executor-${index + 1}`
    const executor = yield* ExecutorFibers.make({
      implementations,
      provides,
      sealer,
      submitter: handlers,
      spec: {
        executorId: ExecutorId.make(name),
        node: { nodeId: NodeId.make("in-process"), ...(capacity && { capacity }) },
        slots,
        prefetch: slots,
        services: [...provides.mapUnsafe.keys()],
        labels: options.labels ?? [],
        heartbeat: false
      }
    })
    const port = yield* server.attach(executor.spec)
    yield* executor.serve(port)
  }
  const submitter = yield* Scope.provide(submitterOf("program"), scope)
  return Context.make(Submitter, submitter).pipe(Context.add(Server, server))
})

/** The submitter that will be there once everything is built; a layer that submits while it is built has come too soon. */
const deferred = (get: () => Submitter["Service"] | undefined): Submitter["Service"] => {
  const submitter = Effect.suspend(() => {
    const found = get()
    return found === undefined
      ? Effect.die(new Error("Tasks were submitted before their executors were built"))
      : Effect.succeed(found)
  })
  return Submitter.of({
    run: (task, payload, options) => Effect.flatMap(submitter, ({ run }) => run(task, payload, options)),
    runAll: (task, payloads, options) =>
      Stream.unwrap(Effect.map(submitter, ({ runAll }) => runAll(task, payloads, options))),
    submit: (task, payload, options) => Effect.flatMap(submitter, ({ submit }) => submit(task, payload, options)),
    submitAll: (task, payloads, options) =>
      Effect.flatMap(submitter, ({ submitAll }) => submitAll(task, payloads, options)),
    submitGraph: (steps) => Effect.flatMap(submitter, ({ submitGraph }) => submitGraph(steps))
  })
}

const distinct = (libraries: ReadonlyArray<TaskLibrary.Any>): ReadonlyArray<TaskLibrary.Any> => [...new Set(libraries)]
