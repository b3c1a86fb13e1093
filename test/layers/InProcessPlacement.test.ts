import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Layer, Option, Redacted, Schema, type Scope, Stdio, Stream } from "effect"
import * as ExecutorFibers from "../../layers/ExecutorFibers.ts"
import * as InProcess from "../../layers/InProcess.ts"
import { Foreground } from "../../services/Foreground.ts"
import { Server } from "../../services/Server.ts"
import { Task } from "../../services/Task.ts"
import { TaskContext } from "../../services/TaskContext.ts"
import { implementations, TaskLibrary } from "../../services/TaskLibrary.ts"
import type { ExecutorCommand } from "../../src/protocol/ExecutorPort.ts"
import { ExecutorId, NodeId } from "../../src/task/Attempt.ts"
import type { Runs } from "../../src/task/TaskDefinition.ts"
import { terminal } from "../suites/ForegroundSuite.ts"
import { Stage } from "../suites/Stage.ts"
import { Suite, SuiteLive, Unlock } from "../suites/Tasks.ts"

class Gpu extends Context.Service<Gpu, { readonly name: string }>()("app/Gpu") {}

const executor = Effect.map(TaskContext, ({ executor }) => executor)
const Render = Task.make("Render", { success: Schema.String, requires: [Gpu] })
const Anywhere = Task.make("Anywhere", { success: Schema.String })
const Labelled = Task.make("Labelled", { success: Schema.String, labels: ["big"] })
const Read = Task.make("Read", { success: Schema.Option(Schema.String), requires: [Foreground] })
const Ask = Task.make("Ask", {
  payload: { question: Schema.String },
  success: Schema.Option(Schema.String),
  requires: [Foreground]
})
const Print = Task.make("Print", { payload: { text: Schema.String }, success: Schema.String, requires: [Foreground] })
const Piped = Task.make("Piped", { success: Schema.String, requires: [Stdio.Stdio] })
const Places = TaskLibrary.make("places", { version: "1.0.0" }, Render, Anywhere, Labelled, Read, Ask, Print, Piped)
const PlacesLive = Places.toLayer({
  Render: () => Effect.flatMap(Gpu, ({ name }) => Effect.map(executor, (executor) => `${name} ${executor}`)),
  Anywhere: () => executor,
  Labelled: () => executor,
  Read: () => Effect.orDie(Effect.flatMap(Foreground, ({ readLine }) => readLine)),
  Ask: ({ question }) => Effect.orDie(Effect.flatMap(Foreground, ({ prompt }) => prompt(question))),
  Print: ({ text }) => Effect.orDie(Effect.flatMap(Foreground, ({ print }) => Effect.andThen(print(text), executor))),
  Piped: () => Effect.andThen(Stdio.Stdio, executor)
})

const GpuLive = Layer.succeed(Gpu, { name: "gpu" })
const plain = (slots = 4) => InProcess.executor(PlacesLive, { slots })
/** Says that somebody runs the task, which only the types know better. */
const anywhere = <A, E, R>(effect: Effect.Effect<A, E, R>) => effect as Effect.Effect<A, E, Exclude<R, Runs<string>>>

describe("executors of several kinds", () => {
  const layer = InProcess.layerOf([
    plain(),
    InProcess.executor(PlacesLive, { slots: 2, provides: GpuLive }),
    InProcess.executor(PlacesLive, { slots: 2, labels: ["big"] })
  ])

  it.effect("a task runs where its services and its labels are", () =>
    Effect.gen(function*() {
      const rendered = yield* Effect.forEach(Array.from({ length: 30 }), () => Render.run(), { concurrency: 30 })
      assert.deepStrictEqual([...new Set(rendered)], ["gpu executor-2"])
      const labelled = yield* Effect.forEach(Array.from({ length: 30 }), () => Labelled.run(), { concurrency: 30 })
      assert.deepStrictEqual([...new Set(labelled)], ["executor-3"])
      assert.strictEqual(yield* Anywhere.run(undefined, { labels: ["big"] }), "executor-3")
    }).pipe(Effect.provide(layer)))

  it.effect("tasks of one session stay with one executor", () =>
    Effect.gen(function*() {
      const seen = yield* Effect.forEach(Array.from({ length: 40 }), () => Anywhere.run(undefined, { session: "s" }), {
        concurrency: 40
      })
      assert.lengthOf([...new Set(seen)], 1)
    }).pipe(Effect.provide(layer)))

  it.effect("what nobody can run is refused, with what is missing", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(anywhere(Render.run()))
      if (error._tag !== "NoExecutor") return assert.fail(error._tag)
      assert.strictEqual(error.taskName, "Render")
      assert.match(error.message, /^No executor can run task Render: .*app\/Gpu.*whenUnmet: "wait"$/)
    }).pipe(Effect.provide(InProcess.layerOf([plain()]))))

  it.effect("or waits until an executor that can run it arrives", () =>
    Effect.scoped(Effect.gen(function*() {
      const server = yield* Server
      const handle = yield* anywhere(Render.submit(undefined, { whenUnmet: "wait" }))
      yield* Anywhere.run()
      assert.strictEqual((yield* server.explain(handle.id))._tag, "WaitsForExecutor")
      const late = yield* ExecutorFibers.make({
        implementations: implementations(yield* Layer.build(PlacesLive)),
        provides: yield* Layer.build(GpuLive) as Effect.Effect<Context.Context<never>, never, Scope.Scope>,
        spec: {
          executorId: ExecutorId.make("late"),
          node: { nodeId: NodeId.make("late") },
          slots: 1,
          prefetch: 0,
          services: [Gpu.key],
          labels: [],
          heartbeat: false
        }
      })
      yield* late.serve(yield* server.attach(late.spec))
      assert.strictEqual(yield* handle.await, "gpu late")
    })).pipe(Effect.provide(InProcess.layerOf([plain()]))))

  it.effect("share their node's capacity", () =>
    Effect.gen(function*() {
      const server = yield* Server
      const set = yield* Anywhere.submitAll(Array.from({ length: 20 }, () => undefined))
      const outcomes = yield* set.awaitAll
      assert.isTrue(outcomes.every(({ _tag }) => _tag === "Succeeded"))
      assert.lengthOf((yield* server.status).executors, 2)
    }).pipe(
      Effect.scoped,
      Effect.provide(InProcess.layerOf([plain(), plain()], { capacity: { cpu: 1, bytes: 0, slots: 1 } }))
    ))

  it.effect("only one owns the terminal", () =>
    Effect.gen(function*() {
      const stdio = Layer.provide(
        InProcess.layerOf([InProcess.foreground(PlacesLive), InProcess.foreground(PlacesLive)]),
        Stdio.layerTest({})
      )
      assert.match(`${yield* Effect.flip(Effect.sandbox(Effect.provide(Effect.void, stdio)))}`, /more than one/)
    }))
})

describe("a foreground executor", () => {
  const withTerminal = <A, E>(
    body: (at: Effect.Success<typeof terminal>) => Effect.Effect<A, E, Effect.Services<ReturnType<typeof program>>>
  ) =>
    Effect.flatMap(terminal, (at) => {
      const plans = [plain(1), InProcess.foreground(PlacesLive, { slots: 8 })] as const
      return Effect.provide(body(at), Layer.provide(InProcess.layerOf(plans), at.layer))
    })
  const program = (): Effect.Effect<unknown, unknown, Scope.Scope | Layer.Success<ReturnType<typeof layer>>> =>
    Effect.void
  const layer = () => InProcess.layerOf([plain(1), InProcess.foreground(PlacesLive)])

  it.effect("tasks that read get whole lines, in order", () =>
    Effect.scoped(withTerminal(({ type }) =>
      Effect.gen(function*() {
        const [one, two] = [yield* Effect.forkChild(Read.run()), yield* Effect.forkChild(Read.run())]
        yield* Anywhere.run()
        yield* type("fir")
        yield* type("st\nsecond\n")
        const lines = [yield* Fiber.join(one), yield* Fiber.join(two)]
        assert.sameDeepMembers(lines, [Option.some("first"), Option.some("second")])
      })
    )))

  it.effect("a read that is cancelled loses nothing", () =>
    Effect.scoped(withTerminal(({ type }) =>
      Effect.gen(function*() {
        const gone = yield* Effect.forkChild(Read.run())
        yield* Effect.repeat(Anywhere.run(), { times: 5 })
        yield* Fiber.interrupt(gone)
        yield* type("kept\n")
        assert.deepStrictEqual(yield* Read.run(), Option.some("kept"))
      })
    )))

  it.effect("the end of input ends all reads, with nothing", () =>
    Effect.scoped(withTerminal(({ end }) =>
      Effect.gen(function*() {
        const reads = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(Read.run()))
        yield* end
        for (const read of reads) assert.deepStrictEqual(yield* Fiber.join(read), Option.none())
        assert.deepStrictEqual(yield* Ask.run({ question: "?" }), Option.none())
      })
    )))

  it.effect("a pending read holds up neither output nor other tasks; nobody else runs tasks of the terminal", () =>
    Effect.scoped(withTerminal(({ shown, type }) =>
      Effect.gen(function*() {
        const pending = yield* Effect.forkChild(Ask.run({ question: "name? " }))
        yield* Effect.repeat(Anywhere.run(), { until: () => shown.length > 0 })
        const places = yield* Effect.forEach(Array.from({ length: 20 }), () => Print.run({ text: "x" }), {
          concurrency: 20
        })
        assert.deepStrictEqual([...new Set(places)], ["executor-2"])
        assert.strictEqual(yield* Piped.run(), "executor-2")
        assert.deepStrictEqual(shown, ["name? ", ...Array.from({ length: 20 }, () => "x")])
        assert.isUndefined(pending.pollUnsafe())
        yield* type("ada\n")
        assert.deepStrictEqual(yield* Fiber.join(pending), Option.some("ada"))
      })
    )))
})

it.effect("a secret is in no byte that the server sees", () =>
  Effect.scoped(Effect.gen(function*() {
    const server = yield* Server
    const seen: Array<unknown> = []
    yield* Effect.forkScoped(
      Stream.runForEach(server.records(), (record) => Effect.sync(() => seen.push(record))),
      { startImmediately: true }
    )
    assert.strictEqual(Redacted.value(yield* Unlock.run({ secret: Redacted.make("open sesame") })), "open sesame!")
    // An executor that only looks at what it is given; the one that works is drained.
    const [{ executorId = "" } = {}] = (yield* server.status).executors
    const spy = yield* server.attach({
      executorId: ExecutorId.make("spy"),
      node: { nodeId: NodeId.make("spy") },
      slots: 1,
      prefetch: 0,
      libraries: [{
        name: Suite.name,
        version: Suite.version,
        tasks: Object.fromEntries(Suite.describe().tasks.map(({ fingerprint, name }) => [name, fingerprint]))
      }],
      services: [],
      labels: [],
      heartbeat: false
    })
    const given: Array<ExecutorCommand> = []
    spy.commands.read({ take: (commands) => given.push(...commands) })
    yield* server.drain(executorId)
    const handle = yield* Unlock.submit({ secret: Redacted.make("open sesame") })
    yield* Effect.repeat(server.explain(handle.id), { until: ({ _tag }) => _tag === "Assigned" })
    yield* Effect.repeat(Effect.yieldNow, { until: () => given.length > 0 })
    const text = (value: unknown): string =>
      JSON.stringify(value, (_, part) => part instanceof Uint8Array ? new TextDecoder("latin1").decode(part) : part)
    assert.include(text(seen), "Succeeded")
    assert.include(text(given), "Assign")
    assert.notMatch(text(seen) + text(given), /sesame/)
    const [command] = given
    if (command?._tag === "Assign") {
      const [{ assignment: { epoch, task } }] = command.attempts as [typeof command.attempts[number]]
      const outcome = { _tag: "Crashed", defect: { name: "Spy", message: "" } } as const
      spy.send({ _tag: "ended", reports: [{ task, epoch, outcome }] })
    }
    assert.isTrue(Exit.hasDies(yield* Effect.exit(handle.await)))
  })).pipe(Effect.provide(InProcess.layer(SuiteLive).pipe(Layer.provideMerge(Stage.layer)))))
