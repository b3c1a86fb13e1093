import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, type Scope, Stream } from "effect"
import process from "node:process"
import { makeKeys } from "../../../layers/SealerNode.ts"
import * as Threads from "../../../layers/Threads.ts"
import { ExecutorThread } from "../../../layers/threads/ExecutorThread.ts"
import { Executor } from "../../../services/Executor.ts"
import { ExecutorId, NodeId } from "../../../src/task/Attempt.ts"
import { Conversation } from "../../suites/Conversation.ts"
import * as Artefact from "../threads/Artefact.ts"
import talkers, * as Tasks from "./Talkers.ts"
import { attemptOf, isSaidBefore, linesOf, outcomes, outputOf, textsOf } from "./Talks.ts"

let artefact: Artefact.Artefact

beforeAll(async () => {
  artefact = await Artefact.make([talkers])
})

afterAll(() => artefact.remove())

/** Talks with a thread as a server does. */
const talk = <A, E>(
  slots: number,
  during: (executor: Conversation) => Effect.Effect<A, E, Scope.Scope>,
  takesOutput = true
) =>
  Effect.scoped(Effect.gen(function*() {
    const { entry, module } = artefact
    const { url } = module(talkers)
    const thread = yield* Effect.acquireRelease(
      Effect.sync(() => new ExecutorThread({ url, entry, keys: makeKeys(), slots, name: "ada", memory: 2 ** 28 })),
      ({ close }) => close
    )
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
      serve: (port) =>
        thread.serve(port, {
          executorId: "ada",
          libraries: [],
          connect: () => Effect.die("Its tasks submit none here")
        }),
      load: Effect.sync(() => thread.load)
    })
    const conversation = yield* Effect.provideService(
      Conversation.beginWith({ takesOutput }),
      Executor,
      executor
    )
    return yield* during(conversation)
  }))

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `line ${index}`)

/** Keeps what threads print in this program, until the scope is left. */
const printing = Effect.fnUntraced(function*() {
  const printed = { stdout: "", stderr: "" }
  let check = () => undefined as void
  const names = ["stdout", "stderr"] as const
  const originals = names.map((name) => process[name].write)
  for (const name of names) {
    const stream = process[name]
    // Whoever prints here gives nothing but text, or bytes of it.
    stream.write = ((chunk: Uint8Array | string, ...rest: ReadonlyArray<unknown>) => {
      printed[name] += String(chunk)
      check()
      const done = rest.at(-1)
      if (typeof done === "function") done()
      return true
    }) as typeof stream.write
  }
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      for (const [index, name] of names.entries()) process[name].write = originals[index] ?? process[name].write
    })
  )
  const isThere = (text: string) =>
    Effect.callback<void>((resume) => {
      check = () => {
        if (`${printed.stdout}\0${printed.stderr}`.includes(text)) resume(Effect.void)
      }
      check()
    })
  return { isThere, printed }
})

describe("what attempts in a thread write", () => {
  it.live("goes to the log of each, however many run at a time, and however they wake each other", () =>
    talk(4, (executor) =>
      Effect.gen(function*() {
        const names = ["a", "b", "c", "d"]
        const attempts = names.map((name, task) => attemptOf(executor, Tasks.Everyway, { name, together: 4 }, task))
        yield* outcomes(executor, ...attempts)
        for (const [task, name] of names.entries()) {
          assert.deepStrictEqual(textsOf(executor, task), [
            `${name} 1`,
            `${name} 2, in pieces`,
            `${name} 3`,
            `${name} 4`,
            `${name} {"n":1}`,
            `${name} by the console`,
            `${name} forked`
          ])
          assert.isTrue(isSaidBefore(executor, task))
        }
        const streams = linesOf(executor, 0).map(({ stream }) => stream)
        assert.deepStrictEqual(streams, ["stdout", "stdout", "stderr", "stdout", undefined, "stderr", undefined])
        const [, , , , logged] = linesOf(executor, 0)
        assert.strictEqual(logged?.level, "Warn")
        assert.deepStrictEqual(logged?.annotations, { who: "a", n: "1" })
        assert.deepStrictEqual(Object.keys(logged?.spans ?? {}), ["outer"])
        // Whose it is that was there before them nobody can know.
        yield* outcomes(executor, ...names.map((name, task) => attemptOf(executor, Tasks.Pool, { name }, 10 + task)))
        assert.deepStrictEqual(outputOf(executor), names.map((name) => `the pool, for ${name}`))
        yield* outcomes(
          executor,
          attemptOf(executor, Tasks.Groups, { name: "a" }, 20),
          attemptOf(executor, Tasks.Groups, { name: "b" }, 21)
        )
        assert.deepStrictEqual([20, 21].map((task) => textsOf(executor, task)), [
          ["a", "  within", "  times: 1"],
          ["b", "  within", "  times: 1"]
        ])
      })))

  it.live("goes to the one that runs, and to the executor when it has ended", () =>
    talk(1, (executor) =>
      Effect.gen(function*() {
        yield* outcomes(executor, attemptOf(executor, Tasks.Body, { name: "ada" }, 1))
        assert.deepStrictEqual(textsOf(executor, 1), ["ada has a body", "and so has ada"])
        yield* outcomes(executor, attemptOf(executor, Tasks.Pool, { name: "ada" }, 2))
        assert.deepStrictEqual(textsOf(executor, 2), ["the pool, for ada"])
        yield* outcomes(
          executor,
          attemptOf(executor, Tasks.Stray, undefined, 3),
          attemptOf(executor, Tasks.AfterStray, undefined, 4)
        )
        assert.deepStrictEqual([textsOf(executor, 3), textsOf(executor, 4), outputOf(executor)], [[], [], ["stray"]])
        yield* outcomes(executor, attemptOf(executor, Tasks.Bytes, undefined, 5))
        assert.deepStrictEqual(linesOf(executor, 5).map(({ message, stream }) => [stream, message]), [
          ["stdout", "a\u{1f980}b"],
          ["stdout", "next\0fr\ufffd\u001b[31m\ufffd"],
          ["stderr", "to another stream"]
        ])
        yield* outcomes(executor, attemptOf(executor, Tasks.Odd, undefined, 6))
        const [odd, long, mark] = linesOf(executor, 6)
        assert.strictEqual(odd?.message, "odd [inspection threw]")
        assert.strictEqual(long?.message, "x".repeat(2 ** 14))
        assert.strictEqual(mark?.message, "3,617 bytes left out here: a line has 16,384 bytes at most")
      })))

  it.live("has its bounds, and its end if that is a bad one", () =>
    talk(1, (executor) =>
      Effect.gen(function*() {
        const flood = (isBad: boolean, task: number) => attemptOf(executor, Tasks.Flood, { lines: 12_345, isBad }, task)
        yield* outcomes(executor, flood(false, 1))
        const lines = linesOf(executor, 1)
        assert.strictEqual(lines.length, 10_001)
        assert.strictEqual(lines[9_999]?.message, "line 9999")
        const size = Array.from({ length: 2_345 }, (_, index) => `line ${10_000 + index}\n`).join("").length
        assert.strictEqual(lines[10_000]?.dropped, size)
        yield* outcomes(executor, flood(true, 2))
        const bad = textsOf(executor, 2)
        assert.strictEqual(bad.length, 10_051)
        assert.match(bad[10_000] ?? "", /^2,295 lines \([\d,]+ bytes\) left out here/)
        assert.strictEqual(bad.at(-1), "line 12344")
        assert.isTrue(isSaidBefore(executor, 2))
        // Few lines leave at once, and many together.
        assert.isBelow(executor.messages.filter(({ _tag }) => _tag === "logs").length, 10_000)
      })))

  it.live("is not lost with the thread, and goes with the reason for its loss", () =>
    talk(1, (executor) =>
      Effect.gen(function*() {
        const [exit] = yield* outcomes(executor, attemptOf(executor, Tasks.Exit, { lines: 10_100 }, 1))
        const texts = textsOf(executor, 1)
        assert.strictEqual(texts.length, 10_000 + 1 + 50)
        assert.deepStrictEqual(texts.slice(-2), ["line 10099", "its last words"])
        if (exit?._tag !== "Lost") return assert.fail(exit?._tag)
        assert.strictEqual(exit.executors[0]?.reason, "its code called process.exit(3)")
        assert.deepStrictEqual(exit.executors[0]?.lines, texts.slice(-10))
        const [thrown] = yield* outcomes(executor, attemptOf(executor, Tasks.Throw, { name: "ada" }, 2))
        assert.strictEqual(thrown?._tag, "Crashed")
        assert.deepStrictEqual(textsOf(executor, 2), ["ada throws", "ada has thrown"])
        executor.assign(attemptOf(executor, Tasks.Loop, { name: "eve" }, 3))
        yield* executor.seen(() => textsOf(executor, 3).length === 3)
        executor.say({ _tag: "Revoke", task: 3, epoch: 1, reason: "timedOut", kill: true })
        yield* executor.reports(3)
        assert.deepStrictEqual(textsOf(executor, 3), ["eve 1", "eve 2", "eve 3"])
      })))

  it.live("is known nearly to the end even of a thread that had no time to say what it left out", () =>
    talk(1, (executor) =>
      Effect.gen(function*() {
        const [vanished] = yield* outcomes(executor, attemptOf(executor, Tasks.Vanish, { lines: 10_400 }, 1))
        const lines = linesOf(executor, 1)
        assert.deepStrictEqual(lines.slice(0, 10_000).map(({ message }) => message), numbered(10_000))
        const last = lines.slice(10_000).filter(({ dropped }) => dropped === undefined)
        assert.isAbove(last.length, 0)
        assert.isAtMost(last.length, 10)
        if (vanished?._tag !== "Lost") return assert.fail(vanished?._tag)
        const all = [...numbered(10_000), ...last.map(({ message }) => message)]
        assert.deepStrictEqual(vanished.executors[0]?.lines, all.slice(-10))
        assert.match(all.at(-1) ?? "", /^line 10[0-3]\d\d$/)
      })))

  it.live("goes to who follows the task, and with the error that says what became of it", () => {
    return Effect.gen(function*() {
      yield* printing()
      const handle = yield* Tasks.Quit.submit({ name: "ada" })
      const error = yield* Effect.flip(handle.await)
      if (error._tag !== "ExecutorLost") return assert.fail(error._tag)
      assert.deepStrictEqual(error.executors.map(({ lines }) => lines), [["ada quits"]])
      assert.notInclude(error.message, "ada quits")
      const lines = yield* Stream.runCollect(handle.logs)
      assert.deepStrictEqual(lines.map(({ message }) => message), ["ada quits"])
    }).pipe(
      Effect.provide(Threads.layer(artefact.module(talkers), { entry: artefact.entry, threads: 1 })),
      Effect.scoped
    )
  })

  it.live("stays the program's where nobody keeps it", () => {
    return Effect.gen(function*() {
      const { isThere, printed } = yield* printing()
      yield* talk(1, (executor) =>
        Effect.gen(function*() {
          const { Body, Effects } = Tasks
          yield* outcomes(executor, attemptOf(executor, Body, { name: "plain" }, 1, "plain"))
          yield* outcomes(executor, attemptOf(executor, Effects, { name: "followed" }, 2, "followed"))
          assert.deepStrictEqual(textsOf(executor, 1), [])
          assert.deepStrictEqual(textsOf(executor, 2), [
            "followed {\"n\":1}",
            "followed by the console",
            "followed forked"
          ])
          yield* outcomes(executor, attemptOf(executor, Body, { name: "logged" }, 3))
          yield* outcomes(executor, attemptOf(executor, Effects, { name: "logged" }, 4))
          yield* outcomes(executor, attemptOf(executor, Body, { name: "plain again" }, 5, "plain"))
          yield* outcomes(executor, attemptOf(executor, Tasks.Loud, undefined, 6))
          yield* outcomes(executor, attemptOf(executor, Effects, { name: "followed" }, 7, "followed"))
          assert.deepStrictEqual(textsOf(executor, 3), ["logged has a body", "and so has logged"])
          assert.deepStrictEqual(textsOf(executor, 6), ["loud"])
          assert.deepStrictEqual(textsOf(executor, 7), textsOf(executor, 2))
          assert.deepStrictEqual([textsOf(executor, 5), outputOf(executor)], [[], []])
        }), false)
      yield* isThere("and so has plain again")
      yield* talk(4, (executor) =>
        Effect.gen(function*() {
          yield* outcomes(executor, attemptOf(executor, Tasks.Body, { name: "one of four" }, 1, "plain"))
          assert.deepStrictEqual(outputOf(executor), [])
        }))
      yield* isThere("one of four has a body")
      yield* isThere("followed by the console\n")
      assert.match(
        printed.stdout,
        /plain has a body\nand so has plain.*WARN .* outer=\d+ms: followed \{ n: 1 \}.*followed forked\nplain again/s
      )
      assert.notMatch(`${printed.stdout}${printed.stderr}`, /logged|loud/)
    }).pipe(Effect.scoped)
  })
})
