/**
 * The terminal on Effect's `Stdio`, shared by all who read from it.
 *
 * @since 0.1.0
 */
import { type Cause, Effect, Layer, Option, Queue, Semaphore, Stdio, Stream } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { Foreground } from "../services/Foreground.ts"

const make = Effect.gen(function*() {
  const stdio = yield* Stdio.Stdio
  const lines = yield* Queue.bounded<string, PlatformError | Cause.Done>(1)
  const reading = yield* Semaphore.make(1)
  let isReading = false
  const scope = yield* Effect.scope
  // Nothing is read from the terminal before somebody wants to.
  const read = stdio.stdin.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.runIntoQueue(lines),
    Effect.forkIn(scope)
  )
  const start = Effect.suspend(() => {
    if (isReading) return Effect.void
    isReading = true
    return read
  })
  const print = (text: string) => Stream.run(Stream.succeed(text), stdio.stdout({ endOnDone: false }))
  const next = Effect.andThen(start, Queue.take(lines)).pipe(
    Effect.map(Option.some),
    Effect.catchTag("Done", () => Effect.succeedNone)
  )
  return Foreground.of({
    readLine: reading.withPermits(1)(next),
    print,
    prompt: (text) => reading.withPermits(1)(Effect.andThen(print(text), next))
  })
})

/** Reads standard input only once somebody asks for a line. */
export const layer: Layer.Layer<Foreground, never, Stdio.Stdio> = Layer.effect(Foreground, make)

/** `Stdio` itself, for tasks that require no more than that. */
export const layerStdio: Layer.Layer<Stdio.Stdio, never, Stdio.Stdio> = Layer.effect(Stdio.Stdio, Stdio.Stdio)
