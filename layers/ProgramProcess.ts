/**
 * Runs an effect as this process: signals interrupt it, and its end is the end
 * of the process.
 *
 * @since 0.1.0
 */
import { Effect, type Exit, type Fiber, type Layer } from "effect"
import process from "node:process"
import type { Writable } from "node:stream"
import { type Ending, endingOf, isImpatient, type Signal, signalCodes } from "../src/cli/Ending.ts"

/** How a process ends, where that is not as `endingOf` has it. */
export interface Options {
  /** What to say, and which exit code to end with. */
  readonly ending?: (exit: Exit.Exit<unknown, unknown>, signal: Signal | undefined) => Ending
  /**
   * Whether the program ends in good order, with exit code 0, when nobody reads
   * its standard output any more; else it goes on and its output is lost.
   */
  readonly endsWithOutput?: boolean
  /** What is said at once when a signal has interrupted it, before its finalizers are done. */
  readonly interrupted?: (signal: Signal) => string
  /** What the first signal does, where that is not to interrupt the program. */
  readonly asked?: (signal: Signal) => void
}

/** Waits until the reader has taken all that was written, or is gone. */
const flushed = (stream: Writable): Promise<void> =>
  new Promise((resolve) => {
    if (stream.destroyed || stream.writableEnded) resolve()
    else stream.once("error", () => resolve()).write("", () => resolve())
  })

/**
 * Runs it. The first SIGINT or SIGTERM interrupts it and waits for its
 * finalizers, the second ends the process at once. What was printed is written
 * out before the process ends, however slow its reader is; whatever else the
 * program has left open does not keep the process.
 */
export const run = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  services: Layer.Layer<NoInfer<R>>,
  options: Options = {}
): void => {
  const { asked = () => fiber?.interruptUnsafe(), ending = endingOf, endsWithOutput = false, interrupted } = options
  let signal: Signal | undefined
  let received = 0
  let isUnread = false
  // An effect that waits for nothing that Node knows of is not at its end.
  const alive = setInterval(() => undefined, 2_147_483_647)
  let fiber: Fiber.Fiber<A, E> | undefined

  const stop = (next: Signal): void => {
    const now = performance.now()
    if (signal !== undefined) {
      if (isImpatient(now - received)) process.exit(signalCodes[next])
      return
    }
    signal = next
    received = now
    if (interrupted !== undefined) process.stderr.write(`${interrupted(next)}\n`)
    asked(next)
  }
  // Listening alone keeps a closed pipe from crashing the process.
  const closed = (error: { readonly code?: unknown }): void => {
    if (!endsWithOutput || error.code !== "EPIPE" || isUnread) return
    isUnread = true
    fiber?.interruptUnsafe()
  }
  process.on("SIGINT", stop)
  process.on("SIGTERM", stop)
  process.stdout.on("error", closed)
  process.stderr.on("error", () => undefined)

  // Not before somebody listens for signals: it may print at once that it is ready for them.
  fiber = Effect.runFork(Effect.provide(effect, services))
  fiber.addObserver((exit) => {
    const { code, text } = isUnread ? { code: 0, text: undefined } : ending(exit, signal)
    if (text !== undefined) process.stderr.write(`${text}\n`)
    // For listeners of "exit", and for the case that a second signal comes while the output is still being read.
    process.exitCode = code
    // What threads printed last arrives with the next turn.
    setImmediate(() => {
      void Promise.all([flushed(process.stdout), flushed(process.stderr)]).then(() => {
        clearInterval(alive)
        process.exit(code)
      })
    })
  })
}
