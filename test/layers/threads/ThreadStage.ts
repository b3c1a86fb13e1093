/**
 * A `Stage` for handlers in worker threads. All marks are kept by the test: a
 * thread that makes one goes on when the test has it, so that a mark is there
 * before whatever the thread reports after it.
 */
import { Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import { BroadcastChannel, getEnvironmentData, setEnvironmentData } from "node:worker_threads"
import { Stage } from "../../suites/Stage.ts"

/** What threads find the channel's name by. */
const key = "cadre/test/layers/threads/ThreadStage"

/* oxlint-disable unicorn/require-post-message-target-origin -- threads have no origins */

/** What a thread wants, and the number that it is answered by. */
interface Asked {
  readonly asked: string
  readonly what: string
  /** How often it is to have been said; absent where it is said now. */
  readonly times?: number
}

interface Answered {
  readonly answered: string
}

interface Received {
  readonly data: unknown
}

/** Real time: turns of this thread mean nothing to others. */
export const pause = (millis: number): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const timer = setTimeout(() => resume(Effect.void), millis)
    return Effect.sync(() => clearTimeout(timer))
  })

/** The test's side. Threads that are started while it is there are on it. */
export const layer = Layer.effect(
  Stage,
  Effect.gen(function*() {
    const stage = Stage.make(pause(60))
    const name = randomUUID()
    const channel = new BroadcastChannel(name)
    setEnvironmentData(key, name)
    yield* Effect.addFinalizer(() => Effect.sync(() => channel.close()))
    const run = Effect.runForkWith(yield* Effect.context())
    channel.addEventListener("message", ({ data }: Received) => {
      const { asked, times, what = "" } = data as Partial<Asked>
      if (asked === undefined) return
      const answer = Effect.sync(() => channel.postMessage({ answered: asked } satisfies Answered))
      run(Effect.andThen(times === undefined ? stage.mark(what) : stage.until(what, times), answer))
    })
    return stage
  })
)

/** A thread's side. */
export const layerThread = Layer.effect(
  Stage,
  Effect.gen(function*() {
    const channel = new BroadcastChannel(String(getEnvironmentData(key)))
    yield* Effect.addFinalizer(() => Effect.sync(() => channel.close()))
    const waiting = new Map<string, () => void>()
    channel.addEventListener("message", ({ data }: Received) => {
      const { answered } = data as Partial<Answered>
      if (answered === undefined) return
      const resume = waiting.get(answered)
      waiting.delete(answered)
      resume?.()
    })
    const ask = (what: string, times?: number) =>
      Effect.callback<void>((resume) => {
        const asked = randomUUID()
        waiting.set(asked, () => resume(Effect.void))
        channel.postMessage({ asked, what, ...(times !== undefined && { times }) } satisfies Asked)
        return Effect.sync(() => waiting.delete(asked))
      })
    return Stage.of({
      // Once it is sent it is said.
      mark: (what) => Effect.uninterruptible(ask(what)),
      until: (what, times = 1) => ask(what, times),
      marks: Effect.die(new Error("Only the test reads all marks")),
      settle: Effect.void
    })
  })
)
