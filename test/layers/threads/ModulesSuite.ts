import { assert, describe, it } from "@effect/vitest"
import { Cause, type Context, Effect, Exit, Layer, Schema } from "effect"
import * as InProcess from "../../../layers/InProcess.ts"
import { makeKeys } from "../../../layers/SealerNode.ts"
import * as Threads from "../../../layers/Threads.ts"
import { ExecutorThread } from "../../../layers/threads/ExecutorThread.ts"
import { Executor } from "../../../services/Executor.ts"
import { Task } from "../../../services/Task.ts"
import { ExecutorId, NodeId } from "../../../src/task/Attempt.ts"
import type { Implements, Runs } from "../../../src/task/TaskDefinition.ts"
import { Conversation } from "../../suites/Conversation.ts"
import { terminal } from "../../suites/ForegroundSuite.ts"
import { Ping, SuiteLive } from "../../suites/Tasks.ts"
import type * as Artefact from "./Artefact.ts"
import places, { Anywhere, Everywhere, GpuLive, Labelled, PlacesLive, Print, Render } from "./Places.ts"
import type { texts } from "./Texts.ts"
import { pause } from "./ThreadStage.ts"

/** Which modules threads can use, and beside what. */
export const suite = (artefact: () => Artefact.Artefact): void => {
  /** The library of fibers, of which nothing is run. */
  const same = SuiteLive as unknown as Layer.Layer<Implements<typeof Ping>>

  const built = (name: keyof typeof texts, ...fibers: ReadonlyArray<InProcess.AnyFiberPlan>) =>
    Layer.build(InProcess.layerOf([
      Threads.executor(artefact().written(name), { entry: artefact().entry, threads: 2 }),
      ...fibers
    ]))

  /** Why threads of the module cannot be had. */
  const problemOf = (name: keyof typeof texts) =>
    Effect.map(Effect.flip(Effect.scoped(built(name))), ({ _tag, message, url }) => {
      assert.deepStrictEqual([_tag, url], ["EntryModuleInvalid", artefact().written(name).url])
      return message
    })

  describe("a module that threads cannot use", () => {
    it.live("throws when it is imported", () =>
      Effect.gen(function*() {
        assert.match(yield* problemOf("throws"), /throws.*\.js: It threw when it was imported: RangeError: no luck/)
        assert.match(yield* problemOf("rejects"), /It failed while it was imported: RangeError: no luck/)
      }))

    it.live("exits when it is imported", () =>
      Effect.gen(function*() {
        assert.match(
          yield* problemOf("exits"),
          /Its thread ended while it was imported: its code called process\.exit\(7\)$/
        )
      }))

    it.live("has a Layer that fails, or needs what nobody provides", () =>
      Effect.gen(function*() {
        assert.match(yield* problemOf("fails"), /could not be built: Error: no database at port 1$/)
        assert.match(yield* problemOf("lacks"), /It needs the service app\/Db, which nobody provides: give its Layer/)
      }))

    it.live("has a handler that needs what nobody provides: that is known when it runs", () =>
      Effect.scoped(Effect.gen(function*() {
        const exit = yield* Effect.exit(Effect.provide(Ping.run(), runs(yield* built("misses"))))
        assert.match(
          String(Exit.isFailure(exit) && Cause.squash(exit.cause)),
          /It needs the service app\/Db, which nobody provides/
        )
      })))

    it.live("starts threads when it is imported", () =>
      Effect.gen(function*() {
        const problem = yield* problemOf("bomb")
        assert.match(problem, /worker thread thread-[12] was about to start worker threads of its own/)
      }))
  })

  /** Says that somebody runs every task, which no compiler could know. */
  const runs = <R>(context: Context.Context<R>) => context as Context.Context<R | Runs<string>>

  describe("a module of another version", () => {
    it.live("differs at a field that the submitter names", () =>
      Effect.scoped(Effect.gen(function*() {
        const context = yield* built("differs")
        const echo = Task.make("Echo", { payload: { n: Schema.Struct({ deep: Schema.Int }) }, success: Schema.Int })
        const { message } = yield* Effect.flip(Effect.provide(echo.run({ n: { deep: 1 } }), runs(context)))
        assert.match(
          message,
          /library suite \(.*differs.*\) has a task of that name with other schemas: payload\.n\.deep/
        )
      })))

    it.live("must not have the name of another library's task", () =>
      Effect.gen(function*() {
        const exit = yield* Effect.exit(
          Effect.scoped(built("twice", InProcess.executor(same)))
        )
        assert.match(String(exit), /Libraries other and suite both have a task "Ping": rename one of them/)
      }))
  })

  describe("threads beside fibers and the foreground", () => {
    it.live("run what they are for", () =>
      Effect.scoped(Effect.gen(function*() {
        const { layer, shown } = yield* terminal
        const executors = InProcess.layerOf([
          Threads.executor(artefact().module(places), { entry: artefact().entry, threads: 2, labels: ["big"] }),
          InProcess.executor(PlacesLive, { slots: 1, provides: GpuLive }),
          InProcess.foreground(PlacesLive)
        ])
        yield* Effect.gen(function*() {
          assert.match(yield* Labelled.run(), /^thread-[12]$/)
          assert.match(yield* Render.run(), /^fast (?:thread-[12]|executor-1)$/)
          assert.strictEqual(yield* Print.run(), "executor-2")
          const everywhere = yield* Effect.forEach([1, 2, 3, 4, 5, 6], () => Everywhere.run(), {
            concurrency: "unbounded"
          })
          for (const [labelled = "", render = "", print = ""] of everywhere) {
            assert.match(`${labelled} ${render} ${print}`, /^thread-[12] fast (?:thread-[12]|executor-1) executor-2$/)
          }
          assert.lengthOf(shown, 7)
          const wide = yield* Effect.forEach(Array.from({ length: 200 }), () => Anywhere.run(), {
            concurrency: "unbounded"
          })
          // The second thread may not be up yet.
          assert.includeMembers(["thread-1", "thread-2", "executor-1", "executor-2"], [...new Set(wide)])
          for (const kind of ["thread", "executor"]) assert.include(wide.join(), kind)
          const rendered = yield* Effect.forEach(Array.from({ length: 200 }), () => Render.run(), {
            concurrency: "unbounded"
          })
          assert.includeMembers(["fast thread-1", "fast thread-2", "fast executor-1"], [...new Set(rendered)])
          for (const kind of ["thread", "executor"]) assert.include(rendered.join(), kind)
          const nowhere = yield* Effect.flip(Anywhere.run(undefined, { labels: ["big", "blue"] }))
          assert.match(nowhere.message, /label "?blue"?/)
        }).pipe(Effect.provide(Layer.provide(executors, layer)))
      })))
  })

  it.live("a thread that has ended before anybody serves is started again", () =>
    Effect.scoped(Effect.gen(function*() {
      const thread = new ExecutorThread({
        url: artefact().written("frail").url,
        entry: artefact().entry,
        keys: makeKeys(),
        slots: 1,
        name: "ada",
        memory: 2 ** 28
      })
      yield* Effect.addFinalizer(() => thread.close)
      yield* thread.ready
      yield* pause(200)
      const executor = Executor.of({
        spec: {
          executorId: ExecutorId.make("ada"),
          node: { nodeId: NodeId.make("node") },
          slots: 1,
          prefetch: 0,
          libraries: [],
          services: [],
          labels: [],
          heartbeat: false
        },
        serve: (port) =>
          thread.serve(port, { executorId: "ada", libraries: [], connect: () => Effect.die("It submits none") }),
        load: Effect.sync(() => thread.load)
      })
      const conversation = yield* Effect.provideService(Conversation.begin, Executor, executor)
      conversation.assign(conversation.attempt(Ping, undefined, { task: 3 }))
      const [report] = yield* conversation.reports(1)
      assert.deepStrictEqual([report?.task, report?.outcome._tag], [3, "Succeeded"])
    })))
}
