import { assert, describe, layer } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Layer, Stream } from "effect"
import * as InProcess from "../../../layers/InProcess.ts"
import { makeKeys } from "../../../layers/SealerNode.ts"
import * as Threads from "../../../layers/Threads.ts"
import { contentsOf } from "../../../layers/threads/Contents.ts"
import { ExecutorThread } from "../../../layers/threads/ExecutorThread.ts"
import { afterTurn } from "../../../layers/TurnScheduler.ts"
import { Executor } from "../../../services/Executor.ts"
import { Executors } from "../../../services/Executors.ts"
import { Server } from "../../../services/Server.ts"
import type { SubmitterNotice } from "../../../src/protocol/SubmitterPort.ts"
import { TurnQueue } from "../../../src/protocol/TurnQueue.ts"
import { ExecutorId, NodeId } from "../../../src/task/Attempt.ts"
import type { TaskDefinition } from "../../../src/task/TaskDefinition.ts"
import type { ConnectionLost } from "../../../src/task/TaskError.ts"
import { Conversation } from "../../suites/Conversation.ts"
import { mark, marks, settle, until } from "../../suites/Stage.ts"
import { Echo, Suite, SuiteLive, Wait } from "../../suites/Tasks.ts"
import type * as Artefact from "./Artefact.ts"
import * as ThreadStage from "./ThreadStage.ts"
import troubles, {
  Brief,
  Compute,
  Deadly,
  Follower,
  type Grave,
  type Mild,
  Parent,
  Piece,
  Single,
  Sum,
  Trouble,
  Troubles,
  TroublesLive
} from "./Trouble.ts"

/** What is survived, and what becomes of the neighbours. */
export const suite = (artefact: () => Artefact.Artefact): void => {
  /** Real time: threads have no other. */
  const real = { excludeTestServices: true }

  const threads = (options: Threads.ExecutorOptions) =>
    Layer.suspend(() => Threads.layer(artefact().module(troubles), { entry: artefact().entry, ...options })).pipe(
      Layer.provideMerge(ThreadStage.layer)
    )

  /** Counts the ends of tasks that are recorded from now on, by task. */
  const counting = Effect.gen(function*() {
    const ends = new Map<number, number>()
    const { records } = yield* Server
    const count = Stream.runForEach(records(), (record) =>
      Effect.sync(() => {
        if (record.kind !== "Ended") return
        for (let task = record.task; task < record.task + record.count; task++) {
          ends.set(task, (ends.get(task) ?? 0) + 1)
        }
      }))
    yield* Effect.forkScoped(count, { startImmediately: true })
    return ends
  })

  /** So many tasks have ended, and each of them once. */
  const endedOnce = Effect.fnUntraced(function*(ends: ReadonlyMap<number, number>, count: number) {
    yield* Effect.repeat(ThreadStage.pause(2), { until: () => ends.size >= count })
    assert.deepStrictEqual([...ends.values()], Array.from({ length: count }, () => 1))
  })

  /** How it ended, in words. */
  const endOf = (exit: Exit.Exit<unknown, unknown>): string => {
    if (Exit.isSuccess(exit)) return "Succeeded"
    const error = Cause.squash(exit.cause)
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  }

  const names = (id: string, count: number) => Array.from({ length: count }, (_, index) => `${id} ${index}`)
  const echoes = Array.from({ length: 40 }, (_, n) => ({ n }))

  /**
   * Runs a task that says `began <id>` and makes trouble when it is told to, while
   * all other slots are taken and more is queued, and gives how it ended. All
   * others end as they should, and all end once.
   */
  const amid = <E, R, R2 = never>(
    id: string,
    trouble: Effect.Effect<string, E, R>,
    { during, slots = 4 }: {
      readonly slots?: number
      readonly during?: (running: Fiber.Fiber<unknown>) => Effect.Effect<void, never, R2>
    } = {}
  ) =>
    Effect.scoped(Effect.gen(function*() {
      const ends = yield* counting
      const others = names(id, slots - 1)
      const handles = yield* Effect.forEach(others, (name) => Wait.submit({ name }))
      const running = yield* Effect.forkScoped(Effect.exit(trouble))
      for (const name of [id, ...others]) yield* until(`began ${name}`)
      const queued = yield* Echo.submitAll(echoes)
      yield* mark(`go ${id}`)
      if (during !== undefined) yield* during(running)
      const exit = yield* Fiber.join(running)
      for (const name of others) yield* mark(`go ${name}`)
      assert.deepStrictEqual(yield* Effect.forEach(handles, (handle) => handle.await), others)
      const outcomes = yield* queued.awaitAll
      assert.deepStrictEqual(
        outcomes.map((outcome) => outcome._tag === "Succeeded" && outcome.value),
        echoes.map(({ n }) => n)
      )
      yield* endedOnce(ends, slots + echoes.length)
      return exit
    }))

  type Case = readonly [
    how: (typeof Mild.Type) | (typeof Grave.Type),
    what: "ends" | "is cancelled" | "times out",
    end: RegExp
  ]

  const mild: ReadonlyArray<Case> = [
    ["throw", "ends", /^RangeError: out of luck$/],
    ["die", "ends", /^RangeError: out of luck$/],
    ["block", "ends", /^Succeeded$/],
    ["never", "is cancelled", /was cancelled by its submitter$/],
    ["never", "times out", /did not end within 300 ms$/],
    ["uninterruptible", "is cancelled", /was cancelled by .* and killed$/],
    ["uninterruptible", "times out", /did not end within 300 ms$/]
  ]

  const grave: ReadonlyArray<Case> = [
    ["exit", "ends", /lost its executors: .*its code called process\.exit\(3\)/],
    ["objects", "ends", /lost its executors: .*out of memory: it may use 128 MiB/],
    ["strings", "ends", /lost its executors: .*out of memory: it may use 128 MiB/],
    ["buffers", "ends", /lost its executors: .*out of memory: it may use 128 MiB/],
    ["loop", "times out", /did not end within 300 ms$/],
    ["loop", "is cancelled", /was cancelled by .* and killed$/],
    ["rejection", "ends", /lost its executors: .*RangeError: out of luck, which nobody caught/],
    ["timer", "ends", /lost its executors: .*RangeError: out of luck, which nobody caught/]
  ]

  const check = Effect.fnUntraced(function*([how, what, end]: Case) {
    const id = `${how} ${what}`
    if (what !== "is cancelled") {
      const exit = yield* what === "ends" ? amid(id, Trouble.run({ id, how })) : amid(id, Brief.run({ id, how }))
      return assert.match(endOf(exit), end)
    }
    yield* Effect.scoped(Effect.gen(function*() {
      const handle = yield* Trouble.submit({ id, how })
      // It is to be in the midst of it.
      const cancel = Effect.andThen(ThreadStage.pause(50), handle.interrupt)
      const exit = yield* amid(id, handle.await, { during: () => Effect.asVoid(cancel) })
      assert.match(endOf(exit), end)
    }))
  })

  describe("trouble in fibers", () => {
    const fibers = InProcess.layer(Layer.merge(SuiteLive, TroublesLive), { slots: 4 }).pipe(
      Layer.provideMerge(ThreadStage.layer)
    )
    layer(fibers, real)((it) => {
      for (const each of mild) it.effect(`${each[0]} ${each[1]}`, () => check(each))
    })
  })

  describe("trouble in threads", () => {
    layer(threads({ threads: 2, slots: 2, memory: "128 MiB" }), real)((it) => {
      for (const each of [...mild, ...grave]) it.effect(`${each[0]} ${each[1]}`, () => check(each))

      it.effect("at most once: nobody knows how far it came", () =>
        Effect.gen(function*() {
          const exit = yield* amid("single", Single.run({ id: "single", how: "exit" }))
          assert.match(endOf(exit), /may have run: its executor was lost \(its code called process\.exit\(3\)\)/)
        }))

      it.effect("after its end: others are run again", () =>
        Effect.gen(function*() {
          const others = names("late", 4)
          const running = yield* Effect.forkChild(
            Effect.forEach(others, (name) => Wait.run({ name }), { concurrency: "unbounded" })
          )
          yield* mark("go late")
          assert.strictEqual(yield* Trouble.run({ id: "late", how: "timerAfterwards" }), "late")
          // Two run in either thread, so that nobody knows which of them it was.
          for (const name of others) yield* until(`began ${name}`)
          yield* mark("throw")
          yield* Effect.repeat(Effect.andThen(ThreadStage.pause(10), marks), {
            until: (seen) =>
              others.filter((name) => seen.filter((what) => what === `began ${name}`).length === 2).length === 2
          })
          for (const name of others) yield* mark(`go ${name}`)
          assert.deepStrictEqual(yield* Fiber.join(running), others)
        }))
    })

    layer(threads({ threads: 2, slots: 1 }), real)("that do one thing at a time", (it) => {
      it.effect("names what nobody caught as the defect of the task that ran", () =>
        Effect.gen(function*() {
          for (const how of ["rejection", "timer"] as const) {
            const exit = yield* amid(how, Trouble.run({ id: how, how }), { slots: 2 })
            assert.isTrue(Exit.hasDies(exit))
            assert.strictEqual(endOf(exit), "RangeError: out of luck")
          }
        }))

      it.effect("gives up a task that was the death of three", () =>
        Effect.gen(function*() {
          const exit = yield* amid("deadly", Deadly.run({ id: "deadly", how: "exit" }), { slots: 2 })
          assert.match(endOf(exit), /is quarantined: it ran on (?:thread-[12].*){3} when they died$/)
          assert.lengthOf((yield* marks).filter((what) => what === "began deadly"), 3)
        }))

      it.effect("goes on elsewhere while one is busy, and does not take it for lost", () =>
        Effect.scoped(Effect.gen(function*() {
          const busy = yield* Trouble.submit({ id: "busy", how: "loop" })
          yield* until("began busy")
          const queued = yield* Echo.submitAll(Array.from({ length: 1_500 }, (_, n) => ({ n })))
          yield* mark("go busy")
          const outcomes = yield* queued.awaitAll
          assert.isTrue(outcomes.every(({ _tag }) => _tag === "Succeeded"))
          assert.strictEqual((yield* busy.poll)._tag, "None")
          yield* busy.interrupt
          assert.lengthOf((yield* marks).filter((what) => what === "began busy"), 1)
        })))

      it.effect("is as busy as it computes", () =>
        Effect.gen(function*() {
          const executors = yield* Executors
          const busy = Effect.map(executors.loads, (loads) => loads.map(({ busy }) => busy))
          const before = yield* busy
          yield* ThreadStage.pause(300)
          const running = yield* Effect.forkChild(
            Effect.forEach([1, 2], () => Compute.run({ millis: 300 }), { concurrency: 2 })
          )
          yield* ThreadStage.pause(150)
          const [first = 0, second = 0] = (yield* busy).map((now, index) => now - before[index]!)
          const where = yield* Fiber.join(running)
          const [one = 0, two = 0] = (yield* busy).map((now, index) => now - before[index]!)
          assert.sameMembers(where, ["thread-1", "thread-2"])
          // It is not idle time that counts, and what has not ended yet does.
          for (const value of [first, second]) assert.isTrue(value > 20 && value < 290, `${value} ms in the middle`)
          for (const value of [one, two]) assert.isTrue(value >= 295 && value < 450, `${value} ms in the end`)
        }))
    })
  })

  describe("handlers in threads that submit", () => {
    layer(threads({ threads: 2, slots: 2 }), real)((it) => {
      it.effect("take their tasks along when their thread dies, and the next starts from nothing", () =>
        Effect.scoped(Effect.gen(function*() {
          const ends = yield* counting
          for (const id of ["first", "second", "third"]) {
            // What is slow to end may still be there when the next thread submits.
            const running = yield* Effect.forkChild(Effect.exit(Parent.run({ id, slow: 500 })))
            yield* until(`began ${id}`)
            yield* mark(`go ${id}`)
            assert.match(endOf(yield* Fiber.join(running)), /process\.exit\(3\)/)
            const sums = yield* Effect.forEach([1, 2, 3, 4], () => Sum.run(), { concurrency: 4 })
            assert.deepStrictEqual(sums, [45, 45, 45, 45])
          }
          yield* endedOnce(ends, 3 * (3 + 4 * 11))
          assert.notInclude((yield* marks).join(), "ended")
        })))

      it.effect("hear of errors as everybody does", () =>
        Effect.gen(function*() {
          const [id, message] = yield* Follower.run()
          assert.include(message, `task ${id}, which it follows, failed`)
        }))
    })
  })

  describe("an executor that is a thread", () => {
    /** One that is told what to do by hand, and the names that its handlers submit under. */
    const serving = Effect.fnUntraced(function*(slots: number) {
      const { entry, module } = artefact()
      const thread = new ExecutorThread({
        url: module(troubles).url,
        entry,
        keys: makeKeys(),
        slots,
        name: "ada",
        memory: 2 ** 28
      })
      yield* Effect.addFinalizer(() => thread.close)
      const submitters: Array<string> = []
      // A server that never answers.
      const notices = new TurnQueue<SubmitterNotice, ConnectionLost>(yield* afterTurn)
      const silent = { notices, send: () => undefined, flush: () => undefined, idOf: String, positionOf: Number }
      const connect = (name: string) => Effect.sync(() => (submitters.push(name), silent))
      const executor = Executor.of({
        spec: {
          executorId: ExecutorId.make("ada"),
          node: { nodeId: NodeId.make("node") },
          slots,
          prefetch: 4,
          libraries: [],
          services: [],
          labels: [],
          heartbeat: false
        },
        serve: (port) => thread.serve(port, { executorId: "ada", libraries: [contentsOf(Suite)], connect }),
        load: Effect.sync(() => thread.load)
      })
      const server = yield* Effect.provideService(Conversation.begin, Executor, executor)
      const attempt = (task: TaskDefinition.Any, payload: unknown, position: number) =>
        server.attempt(task, payload, { task: position }, Troubles)
      return { server, attempt, submitters }
    })
    const exit = { n: 1, how: "exit" }

    layer(ThreadStage.layer, real)((it) => {
      it.effect("blames what it did last, and not what had just ended", () =>
        Effect.scoped(Effect.gen(function*() {
          const { attempt, server } = yield* serving(1)
          server.assign(
            attempt(Piece, { n: 1, how: "at once" }, 1),
            attempt(Piece, { n: 2, how: "at once" }, 2),
            attempt(Piece, exit, 3),
            attempt(Piece, { n: 4, how: "at once" }, 4)
          )
          yield* server.reports(3)
          yield* settle
          const reports = yield* server.reports(3)
          assert.deepStrictEqual(
            reports.map(({ isDeath, outcome, task }) => [task, outcome._tag, isDeath]),
            [[1, "Lost", false], [2, "Lost", false], [3, "Lost", true]]
          )
          assert.deepStrictEqual(server.recalled(), [4])
        })))

      it.effect("is killed for one attempt, and lays no blame on its neighbours", () =>
        Effect.scoped(Effect.gen(function*() {
          const { attempt, server } = yield* serving(2)
          server.assign(attempt(Piece, { n: 1, how: "never" }, 1), attempt(Piece, { n: 2, how: "loop" }, 2))
          // The thread is too busy to say so.
          yield* Effect.repeat(ThreadStage.pause(5), { until: () => server.started().length === 2 })
          server.say({ _tag: "Revoke", task: 2, epoch: 1, reason: "cancelled", kill: true })
          const [neighbour, guilty] = yield* server.reports(2)
          assert.deepInclude(neighbour, { task: 1, isDeath: false })
          assert.strictEqual(neighbour?.outcome._tag, "Lost")
          assert.deepInclude(guilty, { task: 2, outcome: { _tag: "Interrupted", by: "the server", cleanly: false } })
        })))

      it.effect("submits under a name of its own each time: what it submitted before may not be over", () =>
        Effect.scoped(Effect.gen(function*() {
          const { attempt, server, submitters } = yield* serving(2)
          for (const round of [1, 2, 3]) {
            server.assign(attempt(Sum, undefined, 2 * round))
            yield* Effect.repeat(ThreadStage.pause(5), { until: () => submitters.length === round })
            server.assign(attempt(Piece, exit, 2 * round + 1))
            yield* server.reports(2 * round)
          }
          assert.lengthOf(new Set(submitters), 3)
        })))
    })
  })
}
