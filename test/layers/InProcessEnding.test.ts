import { assert, describe, it } from "@effect/vitest"
import {
  Context,
  Deferred,
  Effect,
  Exit,
  Fiber,
  Layer,
  Logger,
  Option,
  Queue,
  Schema,
  Scope,
  Stream,
  Tracer
} from "effect"
import * as InProcess from "../../layers/InProcess.ts"
import { Server } from "../../services/Server.ts"
import { Submitter } from "../../services/Submitter.ts"
import { Task } from "../../services/Task.ts"
import { TaskLibrary } from "../../services/TaskLibrary.ts"
import { ExecutorId, NodeId } from "../../src/task/Attempt.ts"
import { mark, marks, Stage, until } from "../suites/Stage.ts"
import { Echo, SuiteLive, Tidy, Wait } from "../suites/Tasks.ts"

const layer = InProcess.layer(SuiteLive, { slots: 8 })
const count = (seen: ReadonlyArray<string>, what: string) => seen.filter((each) => each.startsWith(what)).length

/** Runs a program that is interrupted once it has said so, as Ctrl-C does, and gives what handlers said. */
const interrupted = <A, E, R>(
  program: Effect.Effect<A, E, R>,
  when: string,
  layer: Layer.Layer<Exclude<R, Stage>, never, Stage>
) =>
  Effect.gen(function*() {
    const running = yield* Effect.forkChild(
      Effect.provide(program, Layer.provideMerge(layer, Layer.succeed(Stage, yield* Stage)))
    )
    yield* until(when)
    yield* Fiber.interrupt(running)
    return yield* marks
  }).pipe(Effect.provide(Stage.layer))

describe("a program in one process", () => {
  it.effect("ends by itself when nothing is queued and nothing runs", () =>
    Effect.gen(function*() {
      const program = Effect.gen(function*() {
        for (const name of ["a", "b"]) yield* mark(`go ${name}`)
        return yield* Stream.runCount(Wait.runAll([{ name: "a" }, { name: "b" }]))
      })
      assert.strictEqual(yield* Effect.provide(program, layer), 2)
    }).pipe(Effect.provide(Stage.layer)))

  it.effect("that is interrupted in mid-run leaves nothing running", () =>
    Effect.gen(function*() {
      const tidy = (name: string) => ({ name, finalizer: 0 })
      const everything = Effect.scoped(Effect.gen(function*() {
        yield* Tidy.submit(tidy("submitted"))
        yield* Tidy.submitAll([tidy("set 1"), tidy("set 2")])
        yield* Effect.forkScoped(Tidy.run(tidy("run")))
        yield* Effect.forkChild(Stream.runDrain(Tidy.runAll(Array.from({ length: 50 }, (_, n) => tidy(`all ${n}`)))))
        yield* until("began all 3")
        yield* mark("ready")
        return yield* Effect.never
      }))
      const seen = yield* interrupted(everything, "ready", layer)
      assert.isAtLeast(count(seen, "began"), 8)
      assert.strictEqual(count(seen, "tidy "), count(seen, "began"))
    }))

  it.effect("that is interrupted while tasks wait for tasks leaves none of them", () =>
    Effect.gen(function*() {
      const Outer = Task.make("Outer", { payload: { depth: Schema.Int } })
      const Nested = TaskLibrary.make("nested", { version: "1" }, Outer)
      const NestedLive = Nested.toLayer({
        Outer: ({ depth }) =>
          Effect.onExit(
            Effect.andThen(
              mark(`began ${depth}`),
              depth === 0 ? Effect.never : Effect.orDie(Outer.run({ depth: depth - 1 }))
            ),
            () => mark(`ended ${depth}`)
          )
      })
      for (const slots of [1, 4]) {
        const seen = yield* interrupted(Outer.run({ depth: 5 }), "began 0", InProcess.layer(NestedLive, { slots }))
        const ends = [0, 1, 2, 3, 4, 5].map((depth) => `ended ${depth}`)
        assert.deepStrictEqual(seen.slice(6), ends, `${slots} slots`)
      }
    }))

  it.effect("releases what its handlers live on after the last of them", () =>
    Effect.gen(function*() {
      class Db extends Context.Service<Db, { readonly isOpen: Effect.Effect<boolean> }>()("app/Db") {}
      const Query = Task.make("Query", { success: Schema.Boolean })
      const Queries = TaskLibrary.make("queries", { version: "1" }, Query)
      const said: Array<string> = []
      const say = (what: string) => Effect.sync(() => said.push(what))
      const DbLive = Layer.effect(
        Db,
        Effect.gen(function*() {
          let isOpen = true
          yield* Effect.addFinalizer(() => Effect.andThen(say("closed"), Effect.sync(() => isOpen = false)))
          return { isOpen: Effect.sync(() => isOpen) }
        })
      )
      const began = yield* Deferred.make<void>()
      const QueriesLive = Queries.toLayer({
        Query: () =>
          Effect.gen(function*() {
            const db = yield* Db
            yield* Effect.addFinalizer(() => Effect.flatMap(db.isOpen, (isOpen) => say(`finalizer ${isOpen}`)))
            yield* Deferred.succeed(began, undefined)
            return yield* Effect.never
          })
      })
      const program = Effect.gen(function*() {
        yield* Effect.forkChild(Query.run())
        yield* Deferred.await(began)
      })
      yield* Effect.provide(program, Layer.provide(InProcess.layer(QueriesLive), DbLive))
      assert.deepStrictEqual(said, ["finalizer true", "closed"])
    }))

  it.effect("whose layer is gone hears of that, and does not wait for ever", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const context = yield* Scope.provide(Layer.build(layer), scope)
      const submitter = Context.get(context, Submitter)
      const early = yield* Effect.forkDetach(Effect.exit(submitter.run(Wait, { name: "a" })))
      yield* until("began a")
      yield* Scope.close(scope, Exit.void)
      assert.isTrue(Exit.isFailure(yield* Fiber.join(early)))
      assert.strictEqual(count(yield* marks, "stopped"), 1)
      assert.strictEqual((yield* Effect.flip(submitter.run(Echo, { n: 1 })))._tag, "ConnectionLost")
      const all = Stream.runDrain(submitter.runAll(Echo, [{ n: 1 }]))
      assert.strictEqual((yield* Effect.flip(all))._tag, "ConnectionLost")
      assert.strictEqual((yield* Effect.flip(Effect.scoped(submitter.submit(Echo, { n: 1 }))))._tag, "ConnectionLost")
      assert.strictEqual(
        (yield* Effect.flip(Effect.scoped(submitter.submitAll(Echo, [{ n: 1 }]))))._tag,
        "ConnectionLost"
      )
    }).pipe(Effect.provide(Stage.layer)))

  it.effect("whose server breaks hears of that, and ends all the same", () =>
    Effect.gen(function*() {
      const program = Effect.scoped(Effect.gen(function*() {
        const handle = yield* Wait.submit({ name: "a" })
        const set = yield* Wait.submitAll([{ name: "b" }])
        const running = yield* Effect.forkChild(Effect.flip(Wait.run({ name: "c" })))
        yield* until("began c")
        const spec = {
          executorId: ExecutorId.make("broken"),
          node: { nodeId: NodeId.make("broken") },
          slots: 1,
          prefetch: 0,
          libraries: [],
          services: [],
          labels: [],
          heartbeat: false
        }
        const { send } = yield* Effect.flatMap(Server, ({ attach }) => attach(spec))
        // What no compiler would let pass.
        send({ _tag: "ended", reports: undefined as never })
        const lost = [yield* Fiber.join(running), yield* Effect.flip(handle.await), yield* Effect.flip(set.awaitAll)]
        assert.deepStrictEqual(lost.map(({ _tag }) => _tag), ["ConnectionLost", "ConnectionLost", "ConnectionLost"])
        assert.strictEqual((yield* Effect.flip(Echo.run({ n: 1 })))._tag, "ConnectionLost")
      }))
      yield* Effect.provide(program, layer)
      const seen = yield* marks
      assert.strictEqual(count(seen, "stopped"), count(seen, "began"))
    }).pipe(Effect.provide(Layer.merge(Stage.layer, Logger.layer([])))))

  it.effect("is not ended by a task, whatever that does to its fiber", () =>
    Effect.gen(function*() {
      const Rude = Task.make("Rude", { payload: { n: Schema.Int } })
      const Rudes = TaskLibrary.make("rudes", { version: "1" }, Rude)
      const RudesLive = Rudes.toLayer({
        Rude: ({ n }) =>
          n === 0
            ? Effect.withFiber((fiber) => Effect.andThen(Effect.sync(() => fiber.interruptUnsafe()), Effect.yieldNow))
            : Effect.addFinalizer(() => Effect.die("finalizer")).pipe(Effect.asVoid)
      })
      yield* Effect.gen(function*() {
        for (let round = 0; round < 20; round++) {
          assert.isTrue(Exit.isFailure(yield* Effect.exit(Rude.run({ n: 0 }))))
          assert.isTrue(Exit.hasDies(yield* Effect.exit(Rude.run({ n: 1 }))))
        }
      }).pipe(Effect.provide(InProcess.layer(RudesLive, { slots: 2 })))
    }))

  it.effect("gives its handlers what each attempt has of its own", () =>
    Effect.gen(function*() {
      const closed = yield* Queue.unbounded<number>()
      const Scoped = Task.make("Scoped", { payload: { n: Schema.Int } })
      const Scopes = TaskLibrary.make("scopes", { version: "1" }, Scoped)
      const ScopesLive = Scopes.toLayer({
        Scoped: ({ n }) => Effect.asVoid(Effect.addFinalizer(() => Queue.offer(closed, n)))
      })
      yield* Effect.gen(function*() {
        for (let n = 0; n < 5; n++) {
          yield* Scoped.run({ n })
          // Closed by the time its result is there.
          assert.deepStrictEqual(yield* Queue.clear(closed), [n])
        }
      }).pipe(Effect.provide(InProcess.layer(ScopesLive)))
    }))

  it.effect("carries a trace on into its handlers", () =>
    Effect.gen(function*() {
      const spans: Array<Tracer.Span> = []
      const tracer = Tracer.make({
        span: (options) => {
          const { spanId, traceId } = new Tracer.NativeSpan(options)
          const ignore = () => undefined
          const methods = { end: ignore, attribute: ignore, event: ignore, addLinks: ignore }
          const status = { _tag: "Started", startTime: options.startTime } as const
          const span: Tracer.Span = {
            _tag: "Span",
            ...options,
            ...methods,
            spanId,
            traceId,
            status,
            attributes: new Map()
          }
          spans.push(span)
          return span
        }
      })
      const program = Effect.andThen(mark("go a"), Wait.run({ name: "a" }))
      yield* Effect.withSpan(program, "caller").pipe(Effect.provide(layer), Effect.withTracer(tracer))
      const [caller, handler] = spans
      assert.deepStrictEqual(spans.map(({ name }) => name), ["caller", "Wait"])
      assert.strictEqual(handler?.kind, "consumer")
      assert.strictEqual(handler?.traceId, caller?.traceId)
      assert.strictEqual(handler?.parent.pipe(Option.getOrUndefined)?.spanId, caller?.spanId)
    }).pipe(Effect.provide(Stage.layer)))
})
