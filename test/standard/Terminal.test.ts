import { assert, describe, it } from "@effect/vitest"
import { InProcess, Submitter } from "cadre"
import { Echo, Print, Prompt, ReadLine, StandardLive } from "cadre/standard"
import { Effect, Fiber, Layer } from "effect"
import * as PlatformError from "effect/PlatformError"
import { terminal } from "../suites/ForegroundSuite.ts"

type Terminal = Effect.Success<typeof terminal>

const settle = Effect.repeat(Effect.yieldNow, { times: 100 })

const foreground = InProcess.layerOf([InProcess.foreground(StandardLive)])

const at = <A, E>(use: (terminal: Terminal) => Effect.Effect<A, E, Layer.Success<typeof foreground>>) =>
  Effect.flatMap(terminal, (terminal) => Effect.provide(use(terminal), Layer.provide(foreground, terminal.layer)))

const line = (text: string) => ({ _tag: "Line" as const, text })
const endOfInput = { _tag: "EndOfInput" as const }

describe("the tasks of the terminal", () => {
  it.effect("Print writes a line, or a text as it is", () =>
    at(({ shown }) =>
      Effect.gen(function*() {
        yield* Print.run({ text: "one" })
        yield* Print.run({ text: "two", newline: false })
        assert.deepStrictEqual(shown, ["one\n", "two"])
      })
    ))

  it.effect("ReadLine gives lines, and then the end of input for ever", () =>
    at(({ end, type }) =>
      Effect.gen(function*() {
        yield* type("a\n\nlast")
        yield* end
        const read = yield* Effect.replicateEffect(ReadLine.run(), 5)
        assert.deepStrictEqual(read, [line("a"), line(""), line("last"), endOfInput, endOfInput])
      })
    ))

  it.effect("a read that waits holds up nobody", () =>
    at(({ shown, type }) =>
      Effect.gen(function*() {
        const reading = yield* Effect.forkChild(ReadLine.run())
        yield* settle
        yield* Print.run({ text: "meanwhile" })
        assert.deepStrictEqual(yield* Echo.run({ value: 1 }), 1)
        assert.deepStrictEqual(shown, ["meanwhile\n"])
        assert.isUndefined(reading.pollUnsafe())
        yield* type("typed\n")
        assert.deepStrictEqual(yield* Fiber.join(reading), line("typed"))
      })
    ))

  it.effect("a read that is cancelled takes no line with it", () =>
    at(({ type }) =>
      Effect.gen(function*() {
        const reading = yield* Effect.forkChild(ReadLine.run())
        yield* settle
        yield* Fiber.interrupt(reading)
        yield* type("kept\n")
        assert.deepStrictEqual(yield* ReadLine.run(), line("kept"))
      })
    ))

  it.effect("Prompt asks, and takes an empty answer for the default, but not the end of input", () =>
    at(({ end, shown, type }) =>
      Effect.gen(function*() {
        yield* type("Ada\n\n\n")
        assert.deepStrictEqual(yield* Prompt.run({ question: "Who?" }), line("Ada"))
        assert.deepStrictEqual(yield* Prompt.run({ question: "Who?", default: "me" }), line("me"))
        assert.deepStrictEqual(yield* Prompt.run({ question: "Who?" }), line(""))
        yield* end
        assert.deepStrictEqual(yield* Prompt.run({ question: "Who?", default: "me" }), endOfInput)
        assert.deepStrictEqual(shown, ["Who? ", "Who? [me] ", "Who? ", "Who? [me] "])
      })
    ))

  it.effect("a terminal that breaks is a typed error", () =>
    at(({ fail }) =>
      Effect.gen(function*() {
        yield* fail(PlatformError.badArgument({ module: "Stdio", method: "stdin", description: "unplugged" }))
        const error = yield* Effect.flip(ReadLine.run())
        assert.strictEqual(error._tag, "TerminalBroken")
        assert.include(error.message, "The terminal cannot be used: ")
        assert.include(error.message, "unplugged")
      })
    ))

  it.effect("they run on the foreground and nowhere else", () =>
    Effect.gen(function*() {
      // A submitter that has slipped by the compiler, which asks for an executor that `Runs<"Print">`.
      const { run } = yield* Submitter
      const error = yield* Effect.flip(run(Print, { text: "" }))
      assert.match(String(error), /No executor can run task Print.*cadre\/services\/Foreground/s)
    }).pipe(Effect.provide(InProcess.layer(StandardLive))))
})
