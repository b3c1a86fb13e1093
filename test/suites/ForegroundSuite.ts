import { assert, describe, it } from "@effect/vitest"
import { type Cause, Effect, Exit, Fiber, Layer, Option, Queue, Sink, Stdio, Stream } from "effect"
import * as PlatformError from "effect/PlatformError"
import { Foreground } from "../../services/Foreground.ts"

/** A terminal at which the test types. */
export const terminal = Effect.gen(function*() {
  const typed = yield* Queue.unbounded<Uint8Array, PlatformError.PlatformError | Cause.Done>()
  const shown: Array<string> = []
  const text = (chunk: string | Uint8Array) => typeof chunk === "string" ? chunk : new TextDecoder().decode(chunk)
  return {
    shown,
    type: (input: string) => Queue.offer(typed, new TextEncoder().encode(input)),
    end: Queue.end(typed),
    fail: (error: PlatformError.PlatformError) => Queue.fail(typed, error),
    layer: Stdio.layerTest({
      stdin: Stream.fromQueue(typed),
      stdout: () => Sink.forEach((chunk: string | Uint8Array) => Effect.sync(() => shown.push(text(chunk))))
    })
  }
})

const settle = Effect.repeat(Effect.yieldNow, { times: 50 })
const readLine = Effect.flatMap(Foreground, (foreground) => foreground.readLine)
const print = (text: string) => Effect.flatMap(Foreground, (foreground) => foreground.print(text))
const prompt = (text: string) => Effect.flatMap(Foreground, (foreground) => foreground.prompt(text))

type Terminal = Effect.Success<typeof terminal>
type Law = (terminal: Terminal) => Effect.Effect<void, unknown, Foreground>

const laws: { readonly [law: string]: Law } = {
  "whole: each reader gets a line, in the order in which they asked": ({ type }) =>
    Effect.gen(function*() {
      const readers: Array<Fiber.Fiber<Option.Option<string>, unknown>> = []
      for (let reader = 0; reader < 4; reader++) {
        readers.push(yield* Effect.forkChild(readLine))
        yield* settle
      }
      yield* type("fi")
      yield* type("rst\nsecond\r\nth")
      yield* settle
      assert.isUndefined(readers[2]?.pollUnsafe())
      yield* type("ird\n\n")
      const lines = yield* Effect.forEach(readers, Fiber.join)
      assert.deepStrictEqual(lines, ["first", "second", "third", ""].map(Option.some))
    }),

  "kept: an interrupted reader takes nothing with it": ({ type }) =>
    Effect.gen(function*() {
      const [first, second] = [yield* Effect.forkChild(readLine), yield* Effect.forkChild(readLine)]
      yield* settle
      yield* Fiber.interrupt(first)
      yield* settle
      yield* Effect.all([type("a\n"), Effect.andThen(Effect.yieldNow, type("b\n"))], { concurrency: 2 })
      assert.deepStrictEqual(yield* Fiber.join(second), Option.some("a"))
      assert.deepStrictEqual(yield* readLine, Option.some("b"))
      for (let line = 0; line < 30; line++) {
        const reader = yield* Effect.forkChild(readLine)
        yield* Effect.repeat(Effect.yieldNow, { times: line })
        yield* type(`${line}\n`)
        yield* Fiber.interrupt(reader)
        const got = reader.pollUnsafe()
        const own = got !== undefined && Exit.isSuccess(got) ? got.value : yield* readLine
        assert.deepStrictEqual(own, Option.some(`${line}`))
      }
    }),

  "ended: at the end of input every read ends, with nothing": ({ end, type }) =>
    Effect.gen(function*() {
      const readers = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(readLine))
      yield* settle
      yield* type("last")
      yield* end
      const lines = yield* Effect.forEach(readers, Fiber.join)
      assert.deepStrictEqual(lines, [Option.some("last"), Option.none(), Option.none()])
      assert.deepStrictEqual(yield* readLine, Option.none())
      assert.deepStrictEqual(yield* prompt("? "), Option.none())
    }),

  "free: a pending read holds up no output": ({ shown, type }) =>
    Effect.gen(function*() {
      const reader = yield* Effect.forkChild(readLine)
      yield* settle
      yield* print("hello\n")
      yield* Effect.all([print("a"), print("b")], { concurrency: 2 })
      assert.deepStrictEqual(shown, ["hello\n", "a", "b"])
      assert.isUndefined(reader.pollUnsafe())
      yield* type("x\n")
      yield* Fiber.join(reader)
    }),

  "whole: a prompt is shown when it is its reader's turn": ({ shown, type }) =>
    Effect.gen(function*() {
      const [one, two] = [yield* Effect.forkChild(prompt("1? ")), yield* Effect.forkChild(prompt("2? "))]
      yield* settle
      assert.deepStrictEqual(shown, ["1? "])
      yield* type("one\n")
      assert.deepStrictEqual(yield* Fiber.join(one), Option.some("one"))
      yield* settle
      assert.deepStrictEqual(shown, ["1? ", "2? "])
      yield* type("two\n")
      assert.deepStrictEqual(yield* Fiber.join(two), Option.some("two"))
    }),

  "ended: an input that breaks is a typed error": ({ fail }) =>
    Effect.gen(function*() {
      const reader = yield* Effect.forkChild(Effect.flip(readLine))
      yield* settle
      yield* fail(PlatformError.badArgument({ module: "Stdio", method: "stdin", description: "unplugged" }))
      assert.include((yield* Fiber.join(reader)).message, "unplugged")
      assert.include((yield* Effect.flip(readLine)).message, "unplugged")
    })
}

/** The laws of `Foreground`, for every layer that provides it on `Stdio`. */
export const suite = <E>(name: string, layer: Layer.Layer<Foreground, E, Stdio.Stdio>) =>
  describe(`Foreground laws (${name})`, () => {
    for (const [law, check] of Object.entries(laws)) {
      it.effect(
        law,
        () =>
          Effect.flatMap(
            terminal,
            (terminal) => Effect.provide(Effect.scoped(check(terminal)), Layer.provide(layer, terminal.layer))
          )
      )
    }
  })
