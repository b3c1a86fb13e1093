import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Deferred, Effect, Fiber, Layer, Option, Stream } from "effect"
import { TestClock } from "effect/testing"
import process from "node:process"
import * as ExecutorPoolSupervised from "../../../layers/host/ExecutorPoolSupervised.ts"
import * as SupervisorTest from "../../../layers/supervisor/SupervisorTest.ts"
import { ExecutorPool } from "../../../services/ExecutorPool.ts"
import { Operator } from "../../../services/Operator.ts"
import { parseSetting } from "../../../src/host/ExecutorSetting.ts"
import type { Provision, ProvisionState } from "../../../src/host/Provision.ts"
import type { ExecutorRow } from "../../../src/operate/View.ts"

const provision = (key = "1", more: Partial<Provision> = {}): Provision => ({
  module: "file:///project/tasks.ts",
  key,
  entries: {
    module: `file:///cache/${key}/module.js`,
    executor: "file:///cache/executor.js",
    thread: "file:///cache/thread.js"
  },
  conditions: [],
  labels: [],
  cwd: "/project",
  ...more
})

/** What a made-up process with executors does. */
type Behaviour = "serves" | "unusable" | "crashes"

/** A pool of made-up processes, and what has become of them. */
const setUp = Effect.fnUntraced(function*(options: Partial<ExecutorPoolSupervised.Options> = {}) {
  const started: Array<{ readonly process: string; readonly threads: number | undefined; readonly at: number }> = []
  const ended: Array<string> = []
  const gone: Array<string> = []
  const drained: Array<string> = []
  const waiting = new Set<string>()
  const busy = new Set<string>()
  const live = new Map<string, Deferred.Deferred<number>>()
  let behaviour: Behaviour = "serves"
  let pool: ExecutorPool["Service"] | undefined

  const executor: SupervisorTest.VirtualProgram = ({ args, printError, crash }) =>
    Effect.gen(function*() {
      const { process, threads } = Option.getOrThrow(parseSetting(args.at(-1) ?? ""))
      const name = process ?? ""
      started.push({ process: name, threads, at: yield* Clock.currentTimeMillis })
      if (behaviour === "crashes") {
        yield* printError("Segmentation fault\n")
        return yield* crash("SIGSEGV")
      }
      if (behaviour === "unusable") {
        yield* Effect.ignore(pool!.report({ _tag: "Failed", process: name, reason: "It threw when it was imported" }))
        return 2
      }
      const told = yield* Deferred.make<number>()
      live.set(name, told)
      yield* Effect.sleep(300)
      yield* Effect.ignore(
        pool!.report({ _tag: "Ready", process: name, pid: 1, node: "here", executors: [`${name}/1`], tasks: ["Add"] })
      )
      return yield* Deferred.await(told)
    })

  const row = (executorId: string): ExecutorRow => ({
    executorId,
    nodeId: "here",
    slots: 1,
    running: busy.has(executorId) ? 1 : 0,
    held: 0,
    isDraining: false,
    isConnected: true,
    libraries: [],
    labels: [],
    services: [],
    joinedAt: 0
  })
  // What the pool does not use is not here.
  const operator = {
    executors: Effect.sync(() => [...live.keys()].map((name) => row(`${name}/1`))),
    submissions: () =>
      Effect.sync(() => ({ items: [...waiting].map((name) => ({ taskNames: [name], isEnded: false })) })),
    drainExecutor: (executorId: string) =>
      Effect.suspend(() => {
        drained.push(executorId)
        const told = live.get(executorId.replace("/1", ""))
        live.delete(executorId.replace("/1", ""))
        return told === undefined ? Effect.void : Deferred.succeed(told, 0)
      })
  } as unknown as Operator["Service"]

  const layer = ExecutorPoolSupervised.layer({
    address: "unix:/run/cadre/server.sock",
    cores: 2,
    idle: 60_000,
    gone: (executorId, reason) => Effect.sync(() => void gone.push(`${executorId}: ${reason}`)),
    ...options
  }).pipe(
    Layer.provide(SupervisorTest.layer({ [process.execPath]: executor })),
    Layer.provide(Layer.succeed(Operator, operator))
  )
  pool = Context.get(yield* Layer.build(layer), ExecutorPool)
  const own = pool

  /** Asks for it as a client does, and notes what it is told. */
  const client = Effect.fnUntraced(function*(provision: Provision) {
    const states: Array<ProvisionState> = []
    const fiber = yield* Effect.forkScoped(
      Stream.runForEach(own.provide(provision), (state) => Effect.sync(() => void states.push(state)))
    )
    yield* Effect.yieldNow
    return { states, leave: Fiber.interrupt(fiber) }
  })
  return {
    pool: own,
    client,
    started,
    ended,
    gone,
    drained,
    waiting,
    busy,
    live,
    behave: (next: Behaviour) => void (behaviour = next)
  }
})

/** Time goes on in small steps, so that fibers that wake each other keep up with it. */
const pass = (millis: number) =>
  Effect.gen(function*() {
    const step = Math.max(50, millis / 200)
    for (let passed = 0; passed < millis; passed += step) {
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      yield* TestClock.adjust(step)
    }
    yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
  })

const settle = pass(600)

describe("a pool of executors", () => {
  it.effect("provided: has a process while somebody asks, and says when it serves", () =>
    Effect.gen(function*() {
      const { client, pool, started } = yield* setUp()
      const { states } = yield* client(provision())
      yield* settle
      assert.deepStrictEqual(started.map(({ process, threads }) => [process, threads]), [["process-1", 2]])
      assert.deepStrictEqual(states.map(({ _tag }) => _tag), ["Starting", "Ready"])
      const { processes } = yield* pool.view
      assert.deepStrictEqual(processes.map(({ module, state, threads }) => [module, state, threads]), [
        ["/project/tasks.ts", "ready", 2]
      ])
      // A second one that asks for the same gets the same.
      const other = yield* client(provision())
      yield* settle
      assert.strictEqual(started.length, 1)
      assert.deepStrictEqual(other.states, [{ _tag: "Ready", executors: ["process-1/1"] }])
    }))

  it.effect("provided: says why a module cannot be run, tries it no more, and once more when it is asked for anew", () =>
    Effect.gen(function*() {
      const { behave, client, pool, started } = yield* setUp()
      behave("unusable")
      const { leave, states } = yield* client(provision())
      yield* pass(300_000)
      assert.deepStrictEqual(states.at(-1), { _tag: "Failed", reason: "It threw when it was imported" })
      assert.strictEqual(started.length, 1)
      assert.deepStrictEqual((yield* pool.view).failed, [
        { module: "/project/tasks.ts", reason: "It threw when it was imported" }
      ])
      yield* leave
      yield* settle
      behave("serves")
      const again = yield* client(provision())
      yield* settle
      assert.strictEqual(again.states.at(-1)?._tag, "Ready")
    }))

  it.effect("shared: gives each module a thread at least", () =>
    Effect.gen(function*() {
      const { client, started } = yield* setUp()
      yield* client(provision())
      yield* settle
      yield* client(provision("1", { module: "file:///project/other.ts" }))
      yield* settle
      assert.deepStrictEqual(started.map(({ threads }) => threads), [2, 1])
    }))

  it.effect("retired: sends away what nobody needs once it was idle for long, and not what works", () =>
    Effect.gen(function*() {
      const { busy, client, drained, pool } = yield* setUp()
      const { leave } = yield* client(provision())
      yield* settle
      yield* leave
      busy.add("process-1/1")
      yield* pass(300_000)
      assert.deepStrictEqual(drained, [])
      busy.clear()
      yield* pass(50_000)
      assert.deepStrictEqual(drained, [])
      yield* pass(40_000)
      assert.deepStrictEqual(drained, ["process-1/1"])
      assert.deepStrictEqual((yield* pool.view).processes, [])
    }))

  it.effect("retired: keeps what a client needs, however idle it is", () =>
    Effect.gen(function*() {
      const { client, drained } = yield* setUp()
      yield* client(provision())
      yield* pass(3_600_000)
      assert.deepStrictEqual(drained, [])
    }))

  it.effect("retired: starts it again for tasks that nobody waits for", () =>
    Effect.gen(function*() {
      const { client, started, waiting } = yield* setUp()
      const { leave } = yield* client(provision())
      yield* settle
      yield* leave
      yield* pass(300_000)
      assert.strictEqual(started.length, 1)
      waiting.add("Add")
      yield* pass(11_000)
      assert.strictEqual(started.length, 2)
    }))

  it.effect("replaced: runs a module that has changed anew, and lets the old one finish", () =>
    Effect.gen(function*() {
      const { busy, client, drained, started } = yield* setUp()
      const { leave } = yield* client(provision("1"))
      yield* settle
      busy.add("process-1/1")
      yield* leave
      const { states } = yield* client(provision("2"))
      yield* settle
      assert.deepStrictEqual(drained, ["process-1/1"])
      assert.strictEqual(started.length, 2)
      assert.deepStrictEqual(states.at(-1), { _tag: "Ready", executors: ["process-2/1"] })
    }))

  it.effect("revived: starts again what ended by itself, later each time, and says whose executors are gone", () =>
    Effect.gen(function*() {
      const { behave, client, gone, live, started } = yield* setUp()
      const { states } = yield* client(provision())
      yield* pass(20_000)
      behave("crashes")
      yield* Deferred.succeed(live.get("process-1")!, 7)
      yield* pass(60_000)
      assert.deepStrictEqual(gone, ["process-1/1: its process exited with code 7"])
      const pauses = started.slice(1).map(({ at }, index, all) => at - (all[index - 1]?.at ?? 20_000))
      assert.deepStrictEqual(pauses.slice(0, 4), [200, 400, 800, 1_600])
      const last = states.at(-1)
      assert.strictEqual(last?._tag, "Failed")
      assert.include(
        last?._tag === "Failed" ? last.reason : "",
        "its process was killed by SIGSEGV. It said last: Segmentation fault"
      )
      behave("serves")
      yield* pass(60_000)
      assert.strictEqual(states.at(-1)?._tag, "Ready")
    }))

  it.effect("is provided again after a restart of the server what tasks wait for", () =>
    Effect.gen(function*() {
      const kept: Array<ExecutorPoolSupervised.Kept> = []
      const before = yield* setUp({ remember: (all) => void kept.push(all) })
      yield* before.client(provision())
      yield* settle
      assert.deepStrictEqual(kept.at(-1), {
        modules: [{ provision: provision(), tasks: ["Add"] }],
        processes: [{ pid: 1, executors: ["process-1/1"] }]
      })
      const remembered = kept.at(-1)?.modules ?? []
      const after = yield* setUp({ remembered })
      yield* settle
      assert.deepStrictEqual(after.started, [])
      after.waiting.add("Add")
      yield* pass(11_000)
      assert.strictEqual(after.started.length, 1)
    }))
})
