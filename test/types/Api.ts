/**
 * The API as a user meets it: it compiles, and the mistakes marked here do not.
 *
 * @since 0.1.0
 */
import { Context, Effect, Layer, Schedule, Schema, type Scope, Stdio, Stream } from "effect"
import type { Submitter } from "../../services/Submitter.ts"
import { Task } from "../../services/Task.ts"
import type { TaskContext } from "../../services/TaskContext.ts"
import { TaskLibrary } from "../../services/TaskLibrary.ts"
import { TaskModule, type TasksOf } from "../../services/TaskModule.ts"
import type { Implements, Runs, TaskDefinition } from "../../src/task/TaskDefinition.ts"
import type { MaybeExecuted, TaskError } from "../../src/task/TaskError.ts"

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false
const holds = <_ extends true>(): void => {}

// Stand-ins for the layers of the ladder.
declare const InProcess: {
  layer<I extends Implements<unknown>, E, R, ROut = never, E2 = never, R2 = never>(
    implementation: Layer.Layer<I, E, R>,
    options?: { readonly provides?: Layer.Layer<ROut, E2, R2> }
  ): Layer.Layer<Submitter | Runs<Task.Covered<TasksOf<I>, ROut>>, E | E2, R | R2>
}
declare const Threads: {
  layer<T, ROut>(module: TaskModule<T, ROut>): Layer.Layer<Submitter | Runs<Task.Covered<T, ROut>>>
}
declare const Local: {
  layer<L extends ReadonlyArray<TaskLibrary.Any>>(
    ...libraries: L
  ): Layer.Layer<Submitter | Runs<Task.Names<TaskLibrary.Tasks<L[number]>>>>
}

class Gpu extends Context.Service<Gpu, { readonly render: Effect.Effect<Uint8Array<ArrayBuffer>> }>()("app/Gpu") {}
class Db extends Context.Service<Db, { readonly n: number }>()("app/Db") {}
class NotPositive extends Schema.TaggedError<NotPositive>()("NotPositive", { n: Schema.Int }) {}
class Busy extends Schema.TaggedError<Busy>()("Busy", {}) {}
class Other extends Schema.TaggedError<Other>()("Other", {}) {}

const Factor = Task.make("Factor", {
  payload: { n: Schema.Int },
  success: Schema.Array(Schema.Int),
  error: Schema.Union([NotPositive, Busy]),
  retry: { NotPositive: "fail", Busy: Schedule.recurs(3) },
  progress: Schema.Number
})
const Render = Task.make("Render", {
  payload: { scene: Schema.String },
  success: Schema.Uint8Array,
  requires: [Gpu],
  limits: [{ name: "gpu", concurrency: 1 }, { name: "scenes", rate: 10, per: "1 second" }],
  demand: { cpu: 2, bytes: "1 GiB" }
})
const Ask = Task.make("Ask", {
  payload: { prompt: Schema.String },
  success: Schema.String,
  requires: [Stdio.Stdio],
  idempotencyKey: ({ prompt }) => prompt
})
const Pay = Task.make("Pay", { payload: { cents: Schema.Int }, delivery: "atMostOnce" })
const Ping = Task.make("Ping")

// @ts-expect-error a retry policy that forgets an error tag
Task.make("Bad", { error: Schema.Union([NotPositive, Busy]), retry: { NotPositive: "fail" } })
// @ts-expect-error a retry policy for an error the task does not have
Task.make("Bad", { error: NotPositive, retry: { NotPositive: "fail", Busy: "fail" } })
// @ts-expect-error a retry policy for errors without a tag
Task.make("Bad", { error: Schema.String, retry: { Busy: "fail" } })
// @ts-expect-error a task that must not start twice cannot be retried
Task.make("Bad", { error: Busy, retry: { Busy: Schedule.recurs(3) }, delivery: "atMostOnce" })
// @ts-expect-error a schedule that reads another error
Task.make("Bad", { error: Busy, retry: { Busy: Schedule.recurs(3).pipe(Schedule.setInputType<NotPositive>()) } })

const Maths = TaskLibrary.make("maths", { version: "1.0.0" }, Factor, Render, Ask, Pay, Ping)
holds<Same<TaskDefinition.Names<typeof Maths["~tasks"]>, "Factor" | "Render" | "Ask" | "Pay" | "Ping">>()
// @ts-expect-error two tasks of one name
TaskLibrary.make("maths", { version: "1.0.0" }, Factor, Pay, Factor)

const MathsLive = Maths.toLayer({
  Factor: ({ n }) =>
    n > 0 ? Effect.map(Effect.andThen(Factor.report(1), Db), (db) => [n, db.n]) : Effect.fail(new NotPositive({ n })),
  // Gpu places the task, so it is not asked of this Layer.
  Render: () => Effect.flatMap(Gpu, (gpu) => gpu.render),
  Ask: ({ prompt }) => Effect.as(Stdio.Stdio, prompt),
  Pay: () => Effect.void,
  Ping: () => Effect.asVoid(Effect.scope)
})
holds<Same<Layer.Services<typeof MathsLive>, Db>>()
holds<Same<Layer.Success<typeof MathsLive>, Implements<typeof Maths["~tasks"]>>>()

const handlers = TaskLibrary.make("pings", { version: "1.0.0" }, Ping, Pay)
const built = handlers.toLayer(Effect.gen(function*() {
  const db = yield* Db
  return handlers.of({ Ping: () => Effect.log(db.n), Pay: ({ cents }) => Effect.log(cents) })
}))
holds<Same<Layer.Services<typeof built>, Db>>()

// @ts-expect-error handlers are missing
Maths.toLayer({ Factor: () => Effect.succeed([1]) })
// @ts-expect-error a handler for a task that the library does not have
handlers.toLayer({ Ping: () => Effect.void, Pay: () => Effect.void, Pong: () => Effect.void })
// @ts-expect-error a handler for a task that the library does not have, from an Effect
handlers.toLayer(Effect.succeed({ Ping: () => Effect.void, Pay: () => Effect.void, Pong: () => Effect.void }))
// @ts-expect-error a handler that takes another payload
handlers.toLayer({ Ping: () => Effect.void, Pay: ({ euros }: { readonly euros: number }) => Effect.log(euros) })
// @ts-expect-error a handler that fails with an error its task does not declare
handlers.toLayer({ Ping: () => Effect.fail(new Other()), Pay: () => Effect.void })
// @ts-expect-error a handler that succeeds with something else
TaskLibrary.make("a", { version: "1.0.0" }, Ask).toLayer({ Ask: () => Effect.succeed(1) })

const DbLive = Layer.succeed(Db, { n: 1 })
const GpuLive = Layer.succeed(Gpu, { render: Effect.succeed(new Uint8Array()) })
const tasks = TaskModule.make(import.meta.url, MathsLive.pipe(Layer.provide(DbLive)), GpuLive)
// @ts-expect-error Db is not provided: a thread has nobody to ask
TaskModule.make(import.meta.url, MathsLive, GpuLive)
// A handler may submit tasks: executors give it a Submitter.
TaskModule.make(
  import.meta.url,
  TaskLibrary.make("outer", { version: "1.0.0" }, Ping).toLayer({
    Ping: () => Effect.ignore(Pay.run({ cents: 1 }))
  })
)

const program = Effect.gen(function*() {
  const a = yield* Factor.run({ n: 84 })
  const b = yield* Render.run({ scene: "x" })
  return [a, b] as const
})
holds<Same<Effect.Services<typeof program>, Submitter | Runs<"Factor"> | Runs<"Render">>>()
holds<Same<Effect.Error<typeof program>, NotPositive | Busy | TaskError>>()

const onThreads: Effect.Effect<unknown, unknown> = program.pipe(Effect.provide(Threads.layer(tasks)))
const onDaemon: Effect.Effect<unknown, unknown> = program.pipe(Effect.provide(Local.layer(Maths)))
const here: Effect.Effect<unknown, unknown, Db> = program.pipe(
  Effect.provide(InProcess.layer(MathsLive, { provides: GpuLive }))
)
// @ts-expect-error Runs<"Render"> stays: nobody here has a Gpu
const nobody: Effect.Effect<unknown, unknown, Db> = program.pipe(Effect.provide(InProcess.layer(MathsLive)))
// @ts-expect-error the thread module provides no Stdio, so Ask cannot run there
const mute: Effect.Effect<unknown, unknown> = Ask.run({ prompt: "?" }).pipe(Effect.provide(Threads.layer(tasks)))

const pay = Pay.run({ cents: 1 })
holds<Same<Effect.Error<typeof pay>, MaybeExecuted | TaskError>>()
holds<Same<Effect.Error<ReturnType<typeof Ping.run>>, TaskError>>()
// A void payload is left out.
Ping.run()
// @ts-expect-error the payload is a struct, not a number
Factor.runAll(Stream.range(1, 10))
const outcomes = Factor.runAll(Stream.range(1, 10).pipe(Stream.map((n) => ({ n }))))
Factor.runAll([{ n: 1 }, { n: 2 }], { concurrency: 2, ordered: true })
const values = Stream.map(outcomes, (outcome) => {
  switch (outcome._tag) {
    case "Succeeded":
      return outcome.value.length + outcome.payload.n
    case "Failed":
      return outcome.error._tag.length
    // @ts-expect-error an at-least-once task never ends so
    case "MaybeExecuted":
      return 0
    default:
      return outcome.index
  }
})
const tags = Stream.map(Pay.runAll([{ cents: 1 }]), (outcome) => outcome._tag satisfies "MaybeExecuted" | string)

const followed = Effect.gen(function*() {
  const name = yield* Ask.submit({ prompt: "?" })
  const frame = yield* Render.submit({ scene: Task.ref(name) }, { after: [name] })
  // @ts-expect-error the field is a string, the result is bytes
  yield* Render.submit({ scene: Task.ref(frame) })
  const factor = yield* Factor.submit({ n: 4 })
  const progress: Stream.Stream<number> = factor.progress
  return [yield* frame.await, progress] as const
})
holds<Same<Effect.Services<typeof followed>, Submitter | Scope.Scope | Runs<"Ask"> | Runs<"Render"> | Runs<"Factor">>>()

holds<Same<Effect.Services<ReturnType<typeof Factor.report>>, TaskContext>>()
// @ts-expect-error progress is a number
Factor.report("half")
// @ts-expect-error this task reports nothing
Pay.report(1)

export { here, mute, nobody, onDaemon, onThreads, tags, tasks as default, values }
