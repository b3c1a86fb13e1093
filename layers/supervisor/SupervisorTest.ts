/**
 * Children that are made up: a program is an Effect, found by the name of its
 * command, and runs on the clock of the test.
 *
 * @example
 * ```ts
 * const Worker = SupervisorTest.layer({
 *   worker: ({ print }) => Effect.as(Effect.andThen(print("ready\n"), Effect.sleep("1 minute")), 0)
 * })
 * ```
 *
 * @since 0.1.0
 */
import { Cause, Deferred, Effect, Exit, Fiber, Layer, Queue } from "effect"
import { Supervisor } from "../../services/Supervisor.ts"
import type { Capabilities } from "../../src/process/Capabilities.ts"
import type { OutputStream } from "../../src/process/ChildOutput.ts"
import { environmentOf, type Variables } from "../../src/process/Environment.ts"
import { exitOf, type ProcessExit } from "../../src/process/ProcessExit.ts"
import { excess } from "../../src/process/Watching.ts"
import { type Order, type Run, supervise } from "./Children.ts"

/** What a program of a test can see and do. */
export interface VirtualProcess {
  readonly pid: number
  readonly args: ReadonlyArray<string>
  readonly env: Variables
  readonly cwd: string | undefined
  readonly print: (output: string | Uint8Array) => Effect.Effect<void>
  readonly printError: (output: string | Uint8Array) => Effect.Effect<void>
  /** The next piece of its stdin; undefined at the end, and where stdin is no pipe. */
  readonly read: Effect.Effect<Uint8Array | undefined>
  /** From now on it takes so many bytes of memory, and has so many processes. */
  readonly take: (usage: { readonly memory?: number; readonly processes?: number }) => Effect.Effect<void>
  /** It ends by a signal of its own, such as SIGSEGV. */
  readonly crash: (signal: string) => Effect.Effect<never>
  /** From now on such a signal does this instead of ending it. */
  readonly onSignal: (signal: string, act: Effect.Effect<void>) => Effect.Effect<void>
}

/** Ends with its exit code. A defect is an exit with code 1, the text on stderr; finalizers run before it has ended. */
export type VirtualProgram = (process: VirtualProcess) => Effect.Effect<number>

/** Programs by the command that starts them. Any other command cannot be started. */
export type VirtualPrograms = { readonly [command: string]: VirtualProgram }

/** Everything is enforced on what is made up. */
const capabilities: Capabilities = {
  memory: "kernel",
  cpu: "kernel",
  openFiles: "kernel",
  processes: "kernel",
  descendants: "kernel",
  orphans: true
}

/** Signals that a process survives that does not know them. */
const harmless = new Set(["SIGCHLD", "SIGCONT", "SIGURG", "SIGWINCH"])

const encoder = new TextEncoder()

interface World {
  readonly programs: VirtualPrograms
  readonly env: Variables
  readonly nextPid: () => number
}

const launch = ({ env, nextPid, programs }: World) =>
  Effect.fnUntraced(function*({ feed, mark, plan }: Order): Effect.fn.Return<Run, string> {
    const program = Object.hasOwn(programs, plan.command) ? programs[plan.command] : undefined
    if (program === undefined) return yield* Effect.fail(`there is no command "${plan.command}"`)
    const pid = nextPid()
    const input = yield* Queue.unbounded<Uint8Array, Cause.Done>()
    if (plan.stdin !== "pipe") yield* Queue.end(input)
    const killed = yield* Deferred.make<string>()
    const ended = yield* Deferred.make<ProcessExit>()
    const handlers = new Map<string, Effect.Effect<void>>()
    const sent = new Set<string>()
    let exceeded: ProcessExit | undefined
    let usage = { memory: 0, processes: 1 }
    let hasEnded = false
    const room = Effect.callback<void>((resume) => {
      feed.onRoom = () => resume(Effect.void)
    })
    const write = (stream: OutputStream) => (output: string | Uint8Array) =>
      Effect.suspend(() => {
        if (hasEnded) return Effect.void
        feed.write(stream, typeof output === "string" ? encoder.encode(output) : output)
        return feed.isFull ? room : Effect.void
      })
    const crash = (signal: string) => Effect.andThen(Deferred.succeed(killed, signal), Effect.never)
    const context = yield* Effect.context<never>()
    const receive = (signal: string): boolean => {
      if (hasEnded) return false
      const handler = signal === "SIGKILL" ? undefined : handlers.get(signal)
      if (handler !== undefined) Effect.runForkWith(context)(handler)
      else if (!harmless.has(signal)) Deferred.doneUnsafe(killed, Effect.succeed(signal))
      return true
    }
    const virtual: VirtualProcess = {
      pid,
      args: plan.args,
      env: environmentOf(plan, env, mark),
      cwd: plan.cwd,
      print: write("stdout"),
      printError: write("stderr"),
      read: Effect.catch(Queue.take(input), () => Effect.succeed(undefined)),
      take: (more) =>
        Effect.suspend(() => {
          usage = { ...usage, ...more }
          exceeded = excess(plan.limits, usage)
          return exceeded === undefined ? Effect.void : crash("SIGKILL")
        }),
      crash,
      onSignal: (signal, act) => Effect.sync(() => handlers.set(signal, act))
    }
    const run = Effect.gen(function*() {
      const fiber = yield* Effect.forkDetach(program(virtual))
      const end = yield* Effect.raceFirst(
        Effect.map(Fiber.await(fiber), (exit) => ({ exit, signal: null })),
        Effect.map(Deferred.await(killed), (signal) => ({ exit: undefined, signal }))
      )
      // What was killed is not waited for if it does not end soon.
      if (end.signal !== null) {
        hasEnded = true
        yield* Effect.raceFirst(Fiber.interrupt(fiber), Effect.repeat(Effect.yieldNow, { times: 100 }))
      }
      let code: number | null = null
      if (end.exit !== undefined && Exit.isSuccess(end.exit)) code = end.exit.value
      else if (end.exit !== undefined) {
        code = 1
        yield* virtual.printError(`${Cause.pretty(end.exit.cause)}\n`)
      }
      hasEnded = true
      feed.onRoom?.()
      feed.onRoom = undefined
      yield* Deferred.succeed(ended, exitOf({ code, signal: end.signal, sent, exceeded }))
    })
    yield* Effect.forkDetach(run)
    const stop = (grace: number) =>
      Effect.suspend(() => {
        sent.add("SIGTERM").add("SIGKILL")
        receive("SIGTERM")
        return Effect.andThen(Effect.sleep(grace), Effect.sync(() => receive("SIGKILL")))
      })
    return {
      pid,
      ended: Deferred.await(ended),
      stop: (grace) => Effect.asVoid(Effect.forkDetach(Effect.raceFirst(stop(grace), Deferred.await(ended)))),
      signal: (signal) => {
        sent.add(signal)
        return receive(signal)
      },
      write: (bytes) => Effect.suspend(() => hasEnded ? Effect.succeed(false) : Queue.offer(input, bytes)),
      endInput: () => {
        // @effect-diagnostics-next-line runEffectInsideEffect:off - it only closes the queue
        Effect.runSync(Queue.end(input))
      }
    }
  })

/** A supervisor of such programs; `env` is what its children inherit from. */
export const layer = (programs: VirtualPrograms, options?: { readonly env?: Variables }): Layer.Layer<Supervisor> =>
  Layer.effect(
    Supervisor,
    Effect.suspend(() => {
      let pid = 100
      const world = { programs, env: options?.env ?? {}, nextPid: () => ++pid }
      return supervise({ name: "virtual", capabilities, launch: launch(world) })
    })
  )
