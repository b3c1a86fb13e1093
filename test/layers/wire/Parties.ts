/**
 * A small library, and programs that submit and run it over sockets.
 */
import { Context, Deferred, Effect, Layer, Schema, type Scope } from "effect"
import * as ExecutorFibers from "../../../layers/ExecutorFibers.ts"
import * as SubmitterServer from "../../../layers/submitter/SubmitterServer.ts"
import { Server } from "../../../services/Server.ts"
import { Task } from "../../../services/Task.ts"
import { implementations, TaskLibrary } from "../../../services/TaskLibrary.ts"
import { ExecutorId, NodeId } from "../../../src/task/Attempt.ts"

/** Ends at once. */
export const Double = Task.make("Double", { payload: { n: Schema.Int }, success: Schema.Int })
/** Ends once the gate is open. */
export const Wait = Task.make("Wait", { payload: { n: Schema.Int }, success: Schema.Int })
/** As many bytes as were asked for, or came. */
export const Bytes = Task.make("Bytes", {
  payload: { bytes: Schema.Uint8Array, size: Schema.Int },
  success: Schema.Uint8Array
})

export const Small = TaskLibrary.make("small", { version: "1" }, Double, Wait, Bytes)

/** What the handlers do, as a test sees it. */
export class Watch {
  /** How often each has begun. */
  readonly begun = new Map<number, number>()
  readonly interrupted: Array<number> = []
  readonly gate = Deferred.makeUnsafe<void>()
  #checks: Array<() => void> = []

  begin(n: number): void {
    this.begun.set(n, 1 + (this.begun.get(n) ?? 0))
    this.check()
  }

  check(): void {
    const checks = this.#checks
    this.#checks = []
    for (const check of checks) check()
  }

  /** Waits until that is so of what handlers have done. */
  until(isSo: () => boolean): Effect.Effect<void> {
    return Effect.callback((resume) => {
      const check = (): void => {
        if (isSo()) resume(Effect.void)
        else this.#checks.push(check)
      }
      check()
    })
  }

  open(): void {
    Deferred.doneUnsafe(this.gate, Effect.void)
  }
}

const handlers = (watch: Watch) =>
  Small.toLayer({
    Double: ({ n }) =>
      Effect.sync(() => {
        watch.begin(n)
        return 2 * n
      }),
    Wait: ({ n }) =>
      Effect.suspend(() => {
        watch.begin(n)
        return Effect.as(Deferred.await(watch.gate), n)
      }).pipe(Effect.onInterrupt(() =>
        Effect.sync(() => {
          watch.interrupted.push(n)
          watch.check()
        })
      )),
    Bytes: ({ bytes, size }) => Effect.succeed(size > 0 ? new Uint8Array(size).fill(7) : bytes)
  })

/** Runs the library until the scope is left. */
export const runs = Effect.fnUntraced(function*(
  server: Server["Service"],
  watch: Watch,
  name = "executor-1",
  slots = 64
): Effect.fn.Return<void, never, Scope.Scope> {
  const context = yield* Layer.build(handlers(watch))
  const executor = yield* ExecutorFibers.make({
    implementations: implementations(context),
    provides: Context.empty(),
    spec: {
      executorId: ExecutorId.make(name),
      node: { nodeId: NodeId.make(name) },
      slots,
      prefetch: slots,
      services: [],
      labels: [],
      heartbeat: true
    }
  })
  yield* executor.serve(yield* server.attach(executor.spec))
})

/** A submitter of the library. */
export const submits = (server: Server["Service"], name = "program") =>
  Effect.provideService(SubmitterServer.connect({ name, libraries: [Small] }), Server, server)
