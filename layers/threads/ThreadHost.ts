/**
 * What a worker thread does: it loads a task module, builds what that needs,
 * and runs attempts as fibers until it is told to end.
 *
 * @since 0.1.0
 */
import { Cause, Context, Deferred, Effect, Exit, Layer } from "effect"
import process from "node:process"
import type { MessagePort } from "node:worker_threads"
import { Submitter } from "../../services/Submitter.ts"
import { implementations } from "../../services/TaskLibrary.ts"
import type { ExecutorServices } from "../../services/TaskModule.ts"
import { Claims } from "../../src/protocol/Claims.ts"
import { ExecutorId, NodeId } from "../../src/task/Attempt.ts"
import { EntryModuleInvalid, loadTasks } from "../EntryModule.ts"
import * as ExecutorFibers from "../ExecutorFibers.ts"
import { describeDefect, unmetService } from "../Handling.ts"
import { RawOutput } from "../logs/RawOutput.ts"
import { sealerOf } from "../SealerNode.ts"
import { deferred } from "../submitter/DeferredSubmitter.ts"
import * as SubmitterServer from "../submitter/SubmitterServer.ts"
import { afterTurn } from "../TurnScheduler.ts"
import { catalogueOf, contentsOf } from "./Contents.ts"
import type { Opening, ThreadData } from "./Messages.ts"
import { ThreadPort } from "./ThreadPort.ts"

/** Why a module's Layers could not be built, in words. */
const reasonOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  const text = error instanceof Error ? error.message : String(error)
  return unmetService(text) ??
    `What it implements could not be built: ${error instanceof Error ? `${error.name}: ` : ""}${text}`
}

const host = Effect.fnUntraced(function*(port: MessagePort, data: ThreadData) {
  const opening = yield* Deferred.make<Opening>()
  const closing = yield* Deferred.make<void>()
  const claims = new Claims(data.claims)
  const line = new ThreadPort(port, claims, yield* afterTurn, {
    opened: (message) => Deferred.doneUnsafe(opening, Exit.succeed(message)),
    closed: () => Deferred.doneUnsafe(closing, Exit.void)
  })
  // Whatever nobody has caught leaves the thread in a state that nobody knows.
  process.on("uncaughtException", (error) => {
    line.tell({ _tag: "Fatal", defect: describeDefect(error) })
    process.exit(1)
  })
  const unusable = ({ problem, url }: EntryModuleInvalid) =>
    Effect.andThen(Effect.sync(() => line.tell({ _tag: "Unusable", url, problem })), Effect.interrupt)
  let handlers: Submitter["Service"] | undefined

  const serve = Effect.gen(function*() {
    const { effects, exported } = yield* Effect.catch(loadTasks(data.url), unusable)
    const parts = Effect.all([Layer.build(exported.provides), Layer.build(exported.implementation)]).pipe(
      Effect.provideContext(Context.make(Submitter, deferred(() => handlers)) as Context.Context<ExecutorServices>)
    )
    const [provides, implementation] = yield* Effect.catchCause(
      parts,
      (cause) => unusable(new EntryModuleInvalid({ url: data.url, problem: reasonOf(cause) }))
    )
    const built = implementations(implementation)
    const services = [...provides.mapUnsafe.keys()]
    line.settle()
    line.tell({ _tag: "Ready", libraries: built.map(({ library }) => contentsOf(library)), services, effects })
    const { executorId, isRemote, keys, libraries, slots, submitter } = yield* Deferred.await(opening)
    const sealer = sealerOf(() => keys)
    const known = libraries.map((library) =>
      built.find(({ library: { name } }) => name === library.name)?.library ?? catalogueOf(library)
    )
    handlers = yield* SubmitterServer.connectBy(
      { name: submitter, libraries: known, sealer },
      Effect.succeed(line.submitter)
    )
    const raw = new RawOutput()
    raw.withheld = (lease, lines) => line.tell({ _tag: "Withheld", lease, lines })
    const executor = yield* ExecutorFibers.make({
      implementations: built,
      // Whatever a handler asks for by its key is in here; the types were checked where it was given.
      provides: provides as Context.Context<never>,
      sealer,
      submitter: handlers,
      claim: line.claim,
      ...(!isRemote && { payloads: "owned" }),
      raw,
      spec: {
        executorId: ExecutorId.make(executorId),
        node: { nodeId: NodeId.make("thread") },
        slots,
        prefetch: 0,
        services,
        labels: [],
        heartbeat: false
      }
    })
    yield* executor.serve(line.executor)
    // @effect-diagnostics-next-line runEffectInsideEffect:off - it is called by the line, outside of any Effect
    line.busy = () => Effect.runSync(executor.load).busy
  })
  yield* Effect.raceFirst(Effect.andThen(serve, Effect.never), Deferred.await(closing))
})

/** Runs until the program says that it is enough; then the thread ends. */
export const start = (port: MessagePort, data: ThreadData): void => {
  const fiber = Effect.runFork(Effect.scoped(host(port, data)))
  fiber.addObserver((exit) => {
    if (Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause)) {
      port.postMessage({ _tag: "Fatal", defect: describeDefect(Cause.squash(exit.cause)) })
    }
    process.exit(0)
  })
}
