/**
 * A server as a process: its store, what it decides, its executors, and the
 * addresses at which it is reached, from its start to its end.
 *
 * @since 0.1.0
 */
import { Clock, Context, Effect, Exit, Layer, Scope } from "effect"
import { join } from "node:path"
import process from "node:process"
import { BlobStore } from "../../services/BlobStore.ts"
import { ExecutorPool } from "../../services/ExecutorPool.ts"
import { Operator } from "../../services/Operator.ts"
import { Server } from "../../services/Server.ts"
import { TaskStore } from "../../services/TaskStore.ts"
import { AlreadyRunning, CannotServe } from "../../src/host/HostError.ts"
import { next } from "../../src/host/Idle.ts"
import type { Settings } from "../../src/host/Settings.ts"
import * as ServerStored from "../server/ServerStored.ts"
import * as SupervisorNode from "../supervisor/SupervisorNode.ts"
import { attendance } from "./Attendance.ts"
import * as Blobs from "./Blobs.ts"
import { giveUp } from "./Departed.ts"
import * as Discovery from "./Discovery.ts"
import * as ExecutorPoolSupervised from "./ExecutorPoolSupervised.ts"
import type { Listen } from "./Listening.ts"
import * as Machine from "./Machine.ts"
import * as ProcessLock from "./ProcessLock.ts"
import * as RuntimeFolder from "./RuntimeFolder.ts"
import * as ServerFiles from "./ServerFiles.ts"
import { storeOf } from "./StoreChoice.ts"

/** What a server is made of. */
export interface Options {
  readonly settings: Settings
  readonly version: string
  readonly listen: Listen
  /** Is told once it can be reached. */
  readonly ready: (addresses: ReadonlyArray<string>) => Effect.Effect<void>
}

/** How it ended: in good order, and why. */
export type End = { readonly isOrderly: boolean; readonly reason: string }

/** Milliseconds that the server before may take to be gone. */
const patience = 15_000

/** One part of it, that is ended when it is its turn. */
interface Part<in out R> {
  readonly services: Context.Context<R>
  readonly end: Effect.Effect<void>
}

const part = Effect.fnUntraced(function*<R, E>(layer: Layer.Layer<R, E>) {
  const scope = yield* Effect.acquireRelease(Scope.make(), (scope, exit) => Scope.close(scope, exit))
  const services = yield* Scope.provide(Layer.build(layer), scope)
  return { services, end: Scope.close(scope, Exit.void) } satisfies Part<R>
})

/** No other server has this folder while the scope lasts. One that is at its end is waited for. */
const alone = Effect.fnUntraced(function*() {
  const files = yield* RuntimeFolder.files
  yield* RuntimeFolder.own(files.folder, "CADRE_RUNTIME_DIR")
  const until = (yield* Clock.currentTimeMillis) + patience
  while (!(yield* ProcessLock.take(files.serverLock))) {
    const isThere = yield* Discovery.answers(files.socket)
    if (isThere || (yield* Clock.currentTimeMillis) > until) {
      const { pid } = (yield* Discovery.record(files)) ?? {}
      return yield* new AlreadyRunning({ address: Discovery.addressOf(files), ...(pid !== undefined && { pid }) })
    }
    yield* Effect.sleep(20)
  }
  return files
})

/** Runs until somebody stops it, or nobody needs it. When it is interrupted what runs is finished first. */
export const run = Effect.fnUntraced(function*({ listen, ready, settings, version }: Options) {
  const files = yield* alone()
  const store = yield* storeOf(settings)
  const startedAt = yield* Clock.currentTimeMillis
  const addresses: Array<string> = []
  const context = yield* Effect.context()
  const kept = yield* part(store.layer).pipe(
    Effect.mapError(({ message }) => new CannotServe({ reason: message }))
  )
  const deciding = yield* part(
    ServerStored.layer({
      dispatcher: { leaseTime: settings.lease },
      about: { version, pid: process.pid, store: store.name, addresses, memory: () => process.memoryUsage.rss() }
    }).pipe(Layer.provide(Layer.succeedContext(kept.services)))
  ).pipe(
    Effect.mapError(({ message }) => new CannotServe({ reason: message }))
  )
  const { gone, review, server } = attendance(Context.get(deciding.services, Server), Machine.nodeId())
  const { end, stop } = Context.get(deciding.services, ServerStored.Ending)
  const supervising = yield* part(SupervisorNode.layer)

  let isOrderly = false
  const ordered = <A, E>(effect: Effect.Effect<A, E>) => Effect.andThen(Effect.sync(() => isOrderly = true), effect)
  let pool: ExecutorPool["Service"] | undefined
  const plain = Context.get(deciding.services, Operator)
  const operator: Operator["Service"] = {
    ...plain,
    stop: (options) => ordered(plain.stop(options)),
    status: Effect.gen(function*() {
      const view = yield* plain.status
      const { failed } = pool === undefined ? { failed: [] } : yield* pool.view
      const alerts = failed.map(({ module, reason }) => `No executor can run ${module}: ${reason}`)
      return { ...view, alerts: [...view.alerts, ...alerts] }
    }),
    explain: (id) =>
      Effect.gen(function*() {
        const found = yield* plain.explain(id)
        const { failed } = pool === undefined ? { failed: [] } : yield* pool.view
        if (found.status !== "queued" || failed.length === 0) return found
        const because = failed.map(({ module, reason }) => `The executors of ${module} do not start: ${reason}`)
        return { ...found, because: [...found.because, ...because] }
      })
  }
  const { isDurable } = Context.get(kept.services, TaskStore)
  const storing = yield* part(yield* Blobs.layerFor(isDurable)).pipe(
    Effect.mapError((error) => new CannotServe({ reason: error.message }))
  )
  const blobs = Context.get(storing.services, BlobStore)
  const provisions = isDurable
    ? join(yield* RuntimeFolder.data, "provisions.json")
    : undefined
  const before = provisions === undefined ? { modules: [], processes: [] } : ServerFiles.remembered(provisions)
  const having = yield* part(
    ExecutorPoolSupervised.layer({
      address: Discovery.addressOf(files),
      cores: settings.cores,
      idle: settings.executorIdle,
      gone,
      ...(provisions !== undefined && { remembered: before.modules, remember: ServerFiles.remember(provisions) })
    }).pipe(
      Layer.provide(Layer.succeedContext(supervising.services)),
      Layer.provide(Layer.succeed(Operator, operator))
    )
  )
  const working = pool = Context.get(having.services, ExecutorPool)

  const reached = yield* Effect.acquireRelease(Scope.make(), (scope, exit) => Scope.close(scope, exit))
  const listening = yield* Scope.provide(
    listen({
      server,
      operator,
      pool: working,
      blobs,
      socket: files.socket,
      addresses: settings.listen,
      left: () => void Effect.runForkWith(context)(review),
      known: (all) => {
        addresses.push(...all)
        return ServerFiles.record(files, { pid: process.pid, version, addresses, store: store.name, startedAt })
      }
    }),
    reached
  )

  /** Ends it when nobody has needed it for long. */
  const watch = Effect.gen(function*() {
    let since: number | undefined
    for (;;) {
      const view = yield* Effect.orElseSucceed(operator.status, () => undefined)
      const schedules = yield* Effect.orElseSucceed(operator.schedules, () => [])
      const now = yield* Clock.currentTimeMillis
      const use = {
        clients: listening.clients(),
        tasks: view === undefined ? 0 : view.queued + view.running,
        schedules: schedules.filter(({ isPaused }) => !isPaused).length
      }
      const decision = next(use, since, now, settings.idle)
      if (decision === "end") return yield* ordered(Effect.sync(() => stop("nobody needed it")))
      since = decision.since
      yield* Effect.sleep(decision.wait)
    }
  })

  /** What decides is ended first, so that what is left by whom is not taken for more than it is. */
  const close = Effect.fnUntraced(function*(reason: string) {
    yield* Effect.logInfo(`The server ends: ${reason}`)
    stop(reason)
    yield* Scope.close(reached, Exit.void)
    yield* having.end
    yield* supervising.end
    yield* deciding.end
    yield* storing.end
    yield* kept.end
  })
  const drained = Effect.gen(function*() {
    yield* server.drain()
    yield* Effect.logInfo("The server drains: what runs is finished")
    yield* Effect.ignore(operator.stop({ drain: true }))
    return yield* end
  })
  yield* Effect.addFinalizer((exit) =>
    Exit.hasInterrupts(exit)
      ? Effect.flatMap(drained, close)
      : Exit.isSuccess(exit)
      ? Effect.flatMap(end, close)
      : close("it could not go on")
  )
  yield* Effect.logInfo(`The server is ready: ${addresses.join(", ")}`)
  yield* ready(addresses)
  yield* Effect.forkScoped(giveUp(server, before.processes))
  yield* Effect.forkScoped(Blobs.sweeping(blobs, operator))
  if (settings.idle !== Infinity) yield* Effect.forkScoped(watch)
  const reason = yield* end
  return { isOrderly, reason } satisfies End
}, Effect.scoped)
