import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Redacted, Schedule, Schema } from "effect"
import { Submitter } from "../../services/Submitter.ts"
import { Task } from "../../services/Task.ts"
import { TaskContext } from "../../services/TaskContext.ts"
import { type Implementation, implementations, TaskLibrary } from "../../services/TaskLibrary.ts"
import { TaskModule } from "../../services/TaskModule.ts"
import { shapesDifference, shapesOf } from "../../src/task/Fingerprint.ts"
import { LibraryDescription } from "../../src/task/LibraryDescription.ts"
import { PayloadCodec } from "../../src/task/PayloadCodec.ts"
import { viewer } from "../../src/task/Viewer.ts"
import { bytesOf, now, sealer } from "./Codecs.ts"

class Db extends Context.Service<Db, { readonly base: number }>()("app/Db") {}
class Gpu extends Context.Service<Gpu, { readonly name: string }>()("app/Gpu") {}
class Busy extends Schema.TaggedError<Busy>()("Busy", {}) {}

const Add = Task.make("Add", { payload: { n: Schema.Int }, success: Schema.Int, progress: Schema.Number })
const Render = Task.make("Render", {
  payload: { scene: Schema.String, token: Schema.Redacted(Schema.String) },
  success: Schema.String,
  error: Busy,
  retry: { Busy: Schedule.recurs(1) },
  requires: [Gpu]
})
const Maths = TaskLibrary.make("maths", { version: "1.0.0" }, Add)
const Pictures = TaskLibrary.make("pictures", { version: "2.1.0", encoding: "json" }, Render)

const MathsLive = Maths.toLayer(
  Effect.map(Db, ({ base }) => Maths.of({ Add: ({ n }) => Effect.as(Add.report(0.5), base + n) }))
)
const PicturesLive = Pictures.toLayer({
  Render: ({ scene }) => Effect.flatMap(Gpu, ({ name }) => scene === "" ? new Busy() : Effect.succeed(scene + name))
})

/** Runs a handler the way an executor does. */
const handle = (
  { context, handlers }: Implementation,
  task: string,
  payload: unknown,
  placement: Context.Context<never>
) => {
  const handler = handlers.get(task) ?? (() => Effect.die(`no ${task}`))
  return Effect.provideContext(
    handler(payload) as Effect.Effect<unknown, unknown>,
    Context.merge(context, placement)
  )
}

describe("toLayer", () => {
  const built = Layer.build(Layer.merge(MathsLive, PicturesLive)).pipe(
    Effect.provideService(Db, { base: 40 }),
    Effect.map(implementations)
  )

  it.effect("gives what an executor runs, one implementation a library", () =>
    Effect.gen(function*() {
      const [maths, pictures] = yield* built
      assert.deepStrictEqual([maths?.library, pictures?.library], [Maths, Pictures])
      const reports: Array<unknown> = []
      const attempt = Context.make(TaskContext, {
        taskId: "0.1.2",
        attempt: 1,
        executor: "ada",
        progress: (value) => Effect.sync(() => void reports.push(value))
      })
      assert.strictEqual(yield* handle(maths!, "Add", { n: 2 }, attempt as Context.Context<never>), 42)
      assert.deepStrictEqual(reports, [0.5])
      const gpu = Context.make(Gpu, { name: "!" }) as Context.Context<never>
      assert.strictEqual(yield* handle(pictures!, "Render", { scene: "x" }, gpu), "x!")
      assert.deepStrictEqual(yield* Effect.flip(handle(pictures!, "Render", { scene: "" }, gpu)), new Busy())
    }))

  it.effect("finds nothing where there is nothing", () =>
    Effect.gen(function*() {
      assert.lengthOf(implementations(yield* Effect.context<never>()), 0)
    }))

  it.effect("dies of a handler that is missing where types were evaded", () =>
    Effect.gen(function*() {
      const evaded = Maths.toLayer({} as never) as Layer.Layer<unknown>
      const exit = yield* Effect.exit(Effect.scoped(Layer.build(evaded)))
      assert.isTrue(Exit.isFailure(exit) && String(exit.cause).includes(`Library maths: task "Add" has no handler`))
    }))
})

it("refuses two tasks of one name", () => {
  const tasks: ReadonlyArray<Task.Any> = [Add, Add]
  assert.throws(() => TaskLibrary.make("maths", { version: "1.0.0" }, ...tasks), /Library maths has two tasks "Add"/)
})

it("makes modules that can be told from other exports", () => {
  const module = TaskModule.make("file:///tasks.ts", MathsLive.pipe(Layer.provide(Layer.succeed(Db, { base: 0 }))))
  assert.isTrue(TaskModule.is(module))
  assert.strictEqual(module.url, "file:///tasks.ts")
  for (const other of [undefined, {}, MathsLive]) assert.isFalse(TaskModule.is(other))
})

it.effect("has verbs that ask the submitter", () =>
  Effect.gen(function*() {
    const calls: Array<unknown> = []
    const call = (...args: ReadonlyArray<unknown>) => Effect.sync(() => void calls.push(args))
    const submitter = { run: call, submit: call, submitAll: call } as unknown as Submitter["Service"]
    const verbs = Effect.all([Add.run({ n: 1 }), Add.submit({ n: 2 }, { priority: 1 }), Add.submitAll([{ n: 3 }])])
    yield* Effect.provideService(verbs as Effect.Effect<unknown, unknown, Submitter>, Submitter, submitter)
    assert.deepStrictEqual(calls, [
      [Add, { n: 1 }, undefined],
      [Add, { n: 2 }, { priority: 1 }],
      [Add, [{ n: 3 }], undefined]
    ])
  }))

describe("describe", () => {
  it("is plain JSON", () => {
    const description = Pictures.describe()
    assert.deepStrictEqual(JSON.parse(JSON.stringify(description)), description)
    assert.isTrue(Schema.is(LibraryDescription)(description))
    assert.deepInclude(description.tasks[0], { name: "Render", services: ["app/Gpu"], retry: { Busy: "schedule" } })
    assert.strictEqual(Pictures.describe(), description)
  })

  it("says where two tasks differ", () => {
    const other = TaskLibrary.make("maths", { version: "1.0.1" }, Task.make("Add", { payload: { n: Schema.String } }))
    const [here, there] = [Maths, other].map(({ tasks }) => shapesOf(tasks.get("Add")!))
    assert.strictEqual(shapesDifference(here!, there!), "payload.n is a number here and a string there")
    assert.isUndefined(shapesDifference(here!, here!))
  })

  it.each(["binary", "json"] as const)("shows %s payloads without the code, and no secrets", (encoding) => {
    const payload = { scene: "x", token: Redacted.make("hunter2") }
    const bytes = bytesOf(PayloadCodec.make(Render.payload, encoding, sealer).encode(payload))
    const shown = now(viewer(Pictures.describe().tasks[0]!.payload, encoding)(bytes))
    assert.strictEqual(JSON.stringify(shown), `{"scene":"x","token":"<redacted>"}`)
  })

  it("leaves out what is code only", () => {
    const Odd = Task.make("Odd", {
      payload: { n: Schema.Int.check(Schema.makeFilter((n) => n % 2 === 1)), at: Schema.DateFromString },
      success: Schema.instanceOf(WeakMap)
    })
    const [odd] = TaskLibrary.make("odd", { version: "1.0.0" }, Odd).describe().tasks
    const bytes = bytesOf(PayloadCodec.make(Odd.payload, "binary").encode({ n: 3, at: new Date(0) }))
    assert.deepStrictEqual(now(viewer(odd!.payload, "binary")(bytes)), { n: 3, at: "1970-01-01T00:00:00.000Z" })
    assert.include(JSON.stringify(odd!.success.representation), "Unknown")
  })
})
