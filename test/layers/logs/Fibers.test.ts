import { assert, describe, it } from "@effect/vitest"
import { Console, Context, Effect, Layer, Logger, References } from "effect"
import { TestClock, TestConsole } from "effect/testing"
import * as ExecutorFibers from "../../../layers/ExecutorFibers.ts"
import * as VirtualTime from "../../../layers/testing/VirtualTime.ts"
import { Executor } from "../../../services/Executor.ts"
import { implementations } from "../../../services/TaskLibrary.ts"
import { ExecutorId, NodeId } from "../../../src/task/Attempt.ts"
import { Conversation } from "../../suites/Conversation.ts"
import * as Tasks from "./Talkers.ts"
import { attemptOf, isSaidBefore, linesOf, outcomes, outputOf, textsOf } from "./Talks.ts"

const spec = {
  executorId: ExecutorId.make("ada"),
  node: { nodeId: NodeId.make("node") },
  slots: 4,
  prefetch: 4,
  services: [],
  labels: [],
  heartbeat: false
}

const executor = Layer.effect(
  Executor,
  Effect.flatMap(
    Layer.build(Tasks.TalkersLive as Layer.Layer<never>),
    (context) => ExecutorFibers.make({ implementations: implementations(context), provides: Context.empty(), spec })
  )
)

/** A logger that was there before. */
const seen: Array<unknown> = []
const before = Logger.layer([
  Logger.make(({ message }) => void seen.push(message)),
  Logger.defaultLogger
])

const surrounded = Layer.provideMerge(executor, Layer.provideMerge(before, TestConsole.layer))

describe("what attempts in fibers write", () => {
  it.effect("by the Logger and the Console goes to the log of each, and where it went before", () =>
    Effect.gen(function*() {
      const conversation = yield* Conversation.beginWith({ takesOutput: true })
      const names = ["logged", "followed", "plain"] as const
      yield* TestClock.adjust("1 hour")
      yield* outcomes(
        conversation,
        ...names.map((name, task) => attemptOf(conversation, Tasks.Effects, { name }, task, name))
      )
      for (const [task, name] of ["logged", "followed"].entries()) {
        assert.deepStrictEqual(textsOf(conversation, task), [
          `${name} {"n":1}`,
          `${name} by the console`,
          `${name} forked`
        ])
        assert.isTrue(isSaidBefore(conversation, task))
      }
      assert.deepStrictEqual(textsOf(conversation, 2), [])
      assert.deepStrictEqual(linesOf(conversation, 0)[0], {
        time: 3_600_000,
        level: "Warn",
        message: "logged {\"n\":1}",
        annotations: { who: "logged", n: "1" },
        spans: { outer: 0 }
      })
      const [, { message: _, ...printed } = {}] = linesOf(conversation, 0)
      assert.deepStrictEqual(printed, { time: 3_600_000, level: "Info", annotations: {}, stream: "stderr" })
      assert.deepStrictEqual(outputOf(conversation), [])
      // All three print as if nobody wanted to know.
      assert.lengthOf(seen, 6)
      const errors = yield* TestConsole.errorLines
      assert.sameMembers([...errors], names.map((name) => `${name} by the console`))
      const logged = (yield* TestConsole.logLines).filter((part) => /^\[\d\d:/.test(String(part)))
      assert.lengthOf(logged, 6)
    }).pipe(Effect.provide(surrounded)))

  it.effect("says nothing of what is below the level that was asked for", () =>
    Effect.gen(function*() {
      const conversation = yield* Conversation.begin
      yield* outcomes(conversation, attemptOf(conversation, Tasks.Effects, { name: "a" }, 0))
      assert.deepStrictEqual(textsOf(conversation, 0), ["a {\"n\":1}", "a by the console"])
    }).pipe(
      Effect.provide(surrounded),
      Effect.provideService(References.MinimumLogLevel, "Warn")
    ))

  it.effect("is no more than the executor may send", () =>
    Effect.gen(function*() {
      const conversation = yield* Conversation.begin
      const logged = (task: number) => attemptOf(conversation, Tasks.Groups, { name: "x".repeat(10_000) }, task)
      // Time stands still: there is a burst, and nothing more.
      for (let task = 0; task < 200; task += 2) yield* outcomes(conversation, logged(task), logged(task + 1))
      const lines = conversation.lines().map(({ line }) => line)
      const sizeOf = (text: string) => new TextEncoder().encode(text).length + 1
      const sent = lines.reduce((sum, { dropped, message }) => dropped === undefined ? sum + sizeOf(message) : sum, 0)
      assert.isAtMost(sent, 2 ** 20)
      assert.isAbove(sent, 2 ** 20 - 20_000)
      const dropped = lines.reduce((sum, { dropped = 0 }) => sum + dropped, 0)
      assert.strictEqual(sent + dropped, 200 * (10_001 + "  within\n".length + "  times: 1\n".length))
      yield* TestClock.adjust("1 second")
      yield* outcomes(conversation, logged(1_000), logged(1_001))
      assert.deepStrictEqual(linesOf(conversation, 1_000).map(({ dropped }) => dropped), [
        undefined,
        undefined,
        undefined
      ])
    }).pipe(
      Effect.provide(executor),
      Effect.provideService(Console.Console, quiet),
      Effect.provide(VirtualTime.layer())
    ))
})

const nothing = () => undefined
// Whatever is called on it does nothing.
const quiet = new Proxy({}, { get: () => nothing }) as Console.Console
