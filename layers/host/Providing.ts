/**
 * Asks a server of this machine to have executors for a module, for as long as
 * a program needs them.
 *
 * @since 0.1.0
 */
import { ByteSize, Deferred, Effect, Latch, type Scope, Stream } from "effect"
import process from "node:process"
import type { ExecutorPool } from "../../services/ExecutorPool.ts"
import type { TaskModule } from "../../services/TaskModule.ts"
import type { BundleFailed } from "../../src/bundle/BundleFailed.ts"
import { ExecutorsFailed } from "../../src/host/HostError.ts"
import type { Provision, ProvisionState } from "../../src/host/Provision.ts"
import * as Entries from "./Entries.ts"
import { pathOf } from "./ModulePath.ts"

/** How the executors of a module run. */
export interface Options {
  /** How many threads they have at most; as many as the machine runs at a time where absent. */
  readonly threads?: number
  /** How many attempts a thread runs at a time; one where absent. */
  readonly slots?: number
  /** What a thread may use, heap and buffers. */
  readonly memory?: ByteSize.Input
  /** What tasks may ask for by `labels`. */
  readonly labels?: ReadonlyArray<string>
  /** The working directory of tasks; that of this program where absent. */
  readonly cwd?: string
}

const whole = (amount: number): number => Math.max(1, Math.floor(amount))

/** A module as a server can start it: bundled with all that it needs. `source` names it where its URL does not. */
export const provisionOf = (
  module: TaskModule.Any,
  { cwd = process.cwd(), labels = [], memory, slots, threads }: Options,
  source = module.url
): Effect.Effect<Provision, BundleFailed> =>
  Effect.map(Entries.startable(module.url), ({ conditions, entries, key }) => ({
    module: source,
    key,
    entries,
    conditions,
    labels,
    cwd,
    ...(threads !== undefined && { threads: whole(threads) }),
    ...(slots !== undefined && { slots: whole(slots) }),
    ...(memory !== undefined && { memory: whole(Number(ByteSize.toBigInt(ByteSize.fromInputUnsafe(memory)))) })
  }))

/** Milliseconds before a server that is gone is asked again. */
const pause = 100

/** Executors that a program has asked for. */
export interface Provided {
  /** Done once a process serves, or none can. */
  readonly ready: Effect.Effect<void, ExecutorsFailed>
  readonly state: () => ProvisionState
  /** Done when they are not being started, but serve, or do not. */
  readonly settled: Effect.Effect<void>
  /** The URL of the module's source. */
  readonly module: string
}

/** Asks until the scope is left, also the next server that comes in the place of this one. */
export const provide = Effect.fnUntraced(function*(
  pool: ExecutorPool["Service"],
  provision: Provision
): Effect.fn.Return<Provided, never, Scope.Scope> {
  const ready = yield* Deferred.make<void, ExecutorsFailed>()
  let last: ProvisionState = { _tag: "Starting" }
  const settled = Latch.makeUnsafe()
  const heard = (state: ProvisionState): Effect.Effect<unknown> => {
    last = state
    if (state._tag === "Starting") settled.closeUnsafe()
    else settled.openUnsafe()
    if (state._tag === "Ready") return Deferred.succeed(ready, undefined)
    if (state._tag === "Starting") return Effect.void
    return Deferred.fail(ready, new ExecutorsFailed({ module: pathOf(provision.module), reason: state.reason }))
  }
  const asking = Effect.andThen(
    Effect.ignore(Stream.runForEach(pool.provide(provision), heard)),
    heard({ _tag: "Starting" })
  )
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(asking, Effect.sleep(pause))))
  return { ready: Deferred.await(ready), state: () => last, settled: settled.await, module: provision.module }
})
