import { assert, describe, it } from "@effect/vitest"
import { Clock, Deferred, Effect, Fiber, type Layer, Option, type Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import { type Child, Supervisor } from "../../services/Supervisor.ts"
import type { ChildOutput } from "../../src/process/ChildOutput.ts"
import type { ChildSpec } from "../../src/process/ChildSpec.ts"

/** Programs that behave in some way, as the layer at hand has them. */
export interface Cast {
  /** Prints `run` and a line end, and exits. */
  readonly exits: (code: number) => ChildSpec
  /** Writes bytes to stdout, text to stderr, and exits with code 0. */
  readonly writes: (stdout: Uint8Array, stderr: string) => ChildSpec
  /** Writes so many bytes `x` to stdout. */
  readonly floods: (bytes: number) => ChildSpec
  readonly crashes: (signal: string) => ChildSpec
  /** Prints `ready` and a line end, and waits for ever. */
  readonly waits: ChildSpec
  /** The same, and does not mind SIGTERM. */
  readonly stubborn: ChildSpec
  /** The same, but prints `bye` at SIGTERM and exits with code 7. */
  readonly polite: ChildSpec
  /** Takes more than 64 MiB of memory. */
  readonly greedy: ChildSpec
  /** Prints what it reads. */
  readonly echoes: ChildSpec
  /** Prints the value of a variable, or nothing. */
  readonly tells: (variable: string) => ChildSpec
  /** What it inherits from has this variable for children that may have everything. */
  readonly intrusion: { readonly name: string; readonly value: string }
  readonly isAlive: (pid: number) => boolean
}

const start = (spec: ChildSpec) => Effect.flatMap(Supervisor, (supervisor) => supervisor.start(spec))

/** Waits for a line. */
const said = (child: Child, text: string) =>
  Effect.asVoid(Stream.runHead(Stream.filter(child.lines(), (line) => line.text === text)))

const reaches = (child: Child, restarts: number) =>
  Effect.asVoid(Stream.runHead(Stream.filter(child.states, (state) => state.restarts >= restarts)))

const bytesOf = (pieces: ReadonlyArray<ChildOutput>): number =>
  pieces.reduce((sum, piece) => sum + (piece._tag === "Bytes" ? piece.bytes.length : 0), 0)

const cutOf = (pieces: ReadonlyArray<ChildOutput>): number =>
  pieces.reduce((sum, piece) => sum + (piece._tag === "Cut" ? piece.bytes : 0), 0)

const textsOf = Effect.map((lines: ReadonlyArray<{ readonly text: string }>) => lines.map(({ text }) => text))

type Law = (cast: Cast) => Effect.Effect<void, unknown, Supervisor | Scope.Scope>

const laws: { readonly [law: string]: Law } = {
  "typed: an exit code, a signal, and why it could not be started": ({ crashes, exits, waits }) =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* (yield* start(exits(0))).exit, { _tag: "Exited", code: 0 })
      assert.deepStrictEqual(yield* (yield* start(exits(3))).exit, { _tag: "Exited", code: 3 })
      const crashed = yield* (yield* start(crashes("SIGSEGV"))).exit
      assert.deepStrictEqual(crashed, { _tag: "Signalled", signal: "SIGSEGV", byUs: false })
      const child = yield* start(waits)
      assert.isTrue(yield* child.signal("SIGUSR1"))
      assert.deepStrictEqual(yield* child.exit, { _tag: "Signalled", signal: "SIGUSR1", byUs: true })
      assert.isFalse(yield* child.signal("SIGUSR1"))
      const missing = yield* (yield* start({ command: "no-such-command" })).exit
      if (missing._tag !== "CouldNotStart") return assert.fail(missing._tag)
      assert.include(missing.reason, "\"no-such-command\"")
      const wrong = yield* (yield* start({ command: "", args: ["x"] })).exit
      if (wrong._tag !== "CouldNotStart") return assert.fail(wrong._tag)
      assert.include(wrong.reason, "no command")
    }),

  "typed: too much memory": ({ greedy }) =>
    Effect.gen(function*() {
      const { capabilities } = yield* Supervisor
      if (capabilities.memory === "none") return
      const exit = yield* (yield* start({ ...greedy, limits: { memory: "32 MiB" } })).exit
      if (exit._tag !== "MemoryExceeded") return assert.fail(JSON.stringify(exit))
      assert.strictEqual(exit.limit, 32 * 1_024 ** 2)
      assert.isAbove(exit.used, exit.limit)
    }),

  "whole: all of the output is there with the exit, whatever it ends with": ({ writes }) =>
    Effect.gen(function*() {
      const child = yield* start(writes(Uint8Array.of(97, 10, 0xff, 98, 10, 99, 0xe2, 0x82), "no end"))
      yield* child.exit
      const lines = yield* Stream.runCollect(child.lines())
      assert.deepStrictEqual(lines.map(({ stream, text }) => `${stream} ${text}`).toSorted(), [
        "stderr no end",
        "stdout a",
        "stdout c\u{fffd}",
        "stdout \u{fffd}b"
      ])
      const bytes: Array<number> = []
      for (const piece of yield* Stream.runCollect(child.output())) {
        if (piece._tag === "Bytes" && piece.stream === "stdout") bytes.push(...piece.bytes)
      }
      assert.deepStrictEqual(bytes, [97, 10, 0xff, 98, 10, 99, 0xe2, 0x82])
      assert.sameMembers([...(yield* textsOf(child.lastLines))], ["a", "\u{fffd}b", "c\u{fffd}", "no end"])
    }),

  "marked: what is kept is the beginning": ({ floods }) =>
    Effect.gen(function*() {
      const child = yield* start({ ...floods(200_000), output: { beginning: 1_000 } })
      yield* child.exit
      const pieces = yield* child.beginning
      assert.strictEqual(pieces.at(-1)?._tag, "Cut")
      assert.isAtMost(bytesOf(pieces), 1_000)
      assert.isAtLeast(bytesOf(pieces), 900)
      assert.strictEqual(bytesOf(pieces) + cutOf(pieces), 200_000)
      assert.deepStrictEqual(yield* Stream.runCollect(child.output()), [...pieces])
    }),

  "marked: a follower that is slow misses something, or is waited for": ({ exits, floods }) =>
    Effect.gen(function*() {
      const size = 4_000_000
      const go = yield* Deferred.make<void>()
      const follow = (child: Child, whenBehind: "cut" | "wait") =>
        Effect.forkChild(Stream.runCollect(Stream.tap(child.output({ whenBehind }), () => Deferred.await(go))))
      const patient = yield* start({ ...floods(size), output: { beginning: 0 } })
      const all = yield* follow(patient, "wait")
      const child = yield* start({ ...floods(size), output: { beginning: 0 } })
      const some = yield* follow(child, "cut")
      yield* child.exit
      // One that was not held up would have ended by now.
      for (const code of [1, 2, 3]) yield* (yield* start(exits(code))).exit
      const { _tag } = yield* patient.state
      assert.strictEqual(_tag, "running")
      yield* Deferred.succeed(go, undefined)
      const pieces = yield* Fiber.join(some)
      assert.isBelow(bytesOf(pieces), size / 2)
      assert.strictEqual(bytesOf(pieces) + cutOf(pieces), size)
      const whole = yield* Fiber.join(all)
      // What was written before the follower came is cut: nothing was to be kept of it.
      assert.strictEqual(bytesOf(whole) + cutOf(whole), size)
      assert.isBelow(cutOf(whole), size / 2)
    }),

  "graceful: asked first": ({ polite }) =>
    Effect.gen(function*() {
      const child = yield* start(polite)
      yield* said(child, "ready")
      assert.deepStrictEqual(yield* child.stop("1 minute"), { _tag: "Exited", code: 7 })
      assert.deepStrictEqual(yield* textsOf(child.lastLines), ["ready", "bye"])
      const state = yield* child.state
      assert.strictEqual(state._tag, "ended")
    }),

  "graceful: killed after the grace": ({ stubborn }) =>
    Effect.gen(function*() {
      const child = yield* start({ ...stubborn, grace: "200 millis" })
      yield* said(child, "ready")
      const states = yield* Effect.forkChild(Stream.runCollect(child.states))
      yield* Effect.yieldNow
      const before = yield* Clock.currentTimeMillis
      assert.deepStrictEqual(yield* child.stop(), { _tag: "Signalled", signal: "SIGKILL", byUs: true })
      assert.isAtLeast((yield* Clock.currentTimeMillis) - before, 199)
      assert.deepStrictEqual((yield* Fiber.join(states)).map(({ _tag }) => _tag), ["running", "stopping", "ended"])
    }),

  "gone: with the exit, and with the scope": ({ isAlive, waits }) =>
    Effect.gen(function*() {
      const supervisor = yield* Supervisor
      const child = yield* Effect.scoped(Effect.gen(function*() {
        const child = yield* start({ ...waits, tags: { role: "test" } })
        yield* said(child, "ready")
        assert.deepStrictEqual((yield* supervisor.children).map(({ id, spec }) => [id, spec.tags?.["role"]]), [[
          child.id,
          "test"
        ]])
        const pid = Option.getOrThrow(yield* child.pid)
        assert.isTrue(isAlive(pid))
        return { ...child, was: pid }
      }))
      assert.isFalse(isAlive(child.was))
      assert.deepStrictEqual(yield* child.pid, Option.none())
      assert.deepStrictEqual(yield* child.exit, { _tag: "Signalled", signal: "SIGTERM", byUs: true })
      assert.deepStrictEqual(yield* supervisor.children, [])
    }),

  "kept: after failures, with waits that grow, until it is given up": ({ exits }) =>
    Effect.gen(function*() {
      const before = yield* Clock.currentTimeMillis
      const child = yield* start({ ...exits(1), keepRunning: { when: "onFailure", restarts: 3, backoff: "20 millis" } })
      assert.deepStrictEqual(yield* child.exit, { _tag: "Exited", code: 1 })
      const state = yield* child.state
      if (state._tag !== "ended") return assert.fail(state._tag)
      assert.deepStrictEqual([state.restarts, state.gaveUp], [3, true])
      assert.isAtLeast((yield* Clock.currentTimeMillis) - before, 20 + 40 + 80 - 3)
      assert.deepStrictEqual(yield* textsOf(child.lastLines), ["run", "run", "run", "run"])
    }),

  "kept: not when all went well": ({ exits }) =>
    Effect.gen(function*() {
      const child = yield* start({ ...exits(0), keepRunning: { when: "onFailure" } })
      yield* child.exit
      const { restarts } = yield* child.state
      assert.strictEqual(restarts, 0)
    }),

  "kept: until it is stopped": ({ exits, waits }) =>
    Effect.gen(function*() {
      const child = yield* start({ ...exits(0), keepRunning: { when: "always", backoff: "5 millis" } })
      yield* reaches(child, 2)
      yield* child.stop()
      const state = yield* child.state
      if (state._tag !== "ended") return assert.fail(state._tag)
      assert.isFalse(state.gaveUp)
      assert.isAtLeast(state.restarts, 2)
      const other = yield* start({ ...waits, keepRunning: { when: "always" } })
      yield* said(other, "ready")
      yield* other.stop()
      const { restarts } = yield* other.state
      assert.strictEqual(restarts, 0)
      // Between two runs there is nothing to ask: it ends at once.
      const waiting = yield* start({
        ...exits(1),
        keepRunning: { when: "always", backoff: "1 hour", backoffMost: "1 hour" }
      })
      yield* Stream.runHead(Stream.filter(waiting.states, ({ _tag }) => _tag === "waiting"))
      assert.deepStrictEqual(yield* waiting.stop(), { _tag: "Exited", code: 1 })
    }),

  "isolated: what one does concerns no other": ({ crashes, echoes, exits }) =>
    Effect.gen(function*() {
      const echo = yield* start({ ...echoes, stdin: "pipe" })
      assert.isTrue(yield* echo.write("one\n"))
      yield* Effect.forEach(
        [exits(1), crashes("SIGSEGV"), { command: "no-such-command" }, exits(2)],
        (spec) => Effect.flatMap(start(spec), (child) => child.exit),
        { concurrency: "unbounded" }
      )
      assert.isTrue(yield* echo.write("two\n"))
      yield* said(echo, "two")
      yield* echo.endInput
      assert.deepStrictEqual(yield* echo.exit, { _tag: "Exited", code: 0 })
      assert.isFalse(yield* echo.write("three\n"))
      assert.deepStrictEqual(yield* textsOf(echo.lastLines), ["one", "two"])
    }),

  "clean: nothing that loads code into it, unless that was asked for": ({ intrusion: { name, value }, tells }) =>
    Effect.gen(function*() {
      const told = (spec: ChildSpec) =>
        Effect.gen(function*() {
          const child = yield* start(spec)
          yield* child.exit
          return (yield* textsOf(child.lastLines))[0] ?? ""
        })
      assert.strictEqual(yield* told(tells(name)), "")
      assert.strictEqual(yield* told({ ...tells(name), inherit: "clean" }), "")
      assert.strictEqual(yield* told({ ...tells(name), inherit: "everything" }), value)
      assert.strictEqual(yield* told({ ...tells(name), env: { [name]: "asked" } }), "asked")
      assert.isNotEmpty(yield* told({ ...tells("PATH"), inherit: "clean" }))
      assert.strictEqual(yield* told({ ...tells("PATH_OF"), env: { PATH_OF: undefined } }), "")
    })
}

/** Lets the time of a test pass for as long as it takes. */
const passing = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    while (fiber.pollUnsafe() === undefined) {
      yield* Effect.repeat(Effect.yieldNow, { times: 20 })
      yield* TestClock.adjust("5 millis")
    }
    return yield* Fiber.join(fiber)
  })

/** The laws of `Supervisor`, for every layer that provides it; a `real` one runs on the clock of the machine. */
export const suite = (
  name: string,
  cast: Cast,
  layer: Layer.Layer<Supervisor>,
  options?: { readonly real?: boolean }
) =>
  describe(`Supervisor laws (${name})`, () => {
    for (const [law, check] of Object.entries(laws)) {
      const run = Effect.provide(Effect.scoped(Effect.suspend(() => check(cast))), layer)
      if (options?.real === true) it.live(law, () => run)
      else it.effect(law, () => passing(run))
    }
  })
