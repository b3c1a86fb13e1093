/**
 * Makes trouble.
 *
 * @since 0.1.0
 */
import { Duration, Effect } from "effect"
import process from "node:process"
import { durationOfTime } from "../../services/standard/Quantity.ts"
import type { Crash, Hang } from "../../services/standard/Trouble.ts"
import type { TaskDefinition } from "../../src/task/TaskDefinition.ts"

/**
 * In small steps: a thread is told of the end of its memory between them. Who
 * asks for more at once may get there too late, and V8 then ends the whole
 * process.
 */
const fillMemory = Effect.suspend(() => {
  const hoard: Array<object> = []
  const step = Effect.sync(() => {
    for (let more = 0; more < 1_000; more++) {
      hoard.push({ index: hoard.length, text: `${hoard.length}`, list: [hoard.length] })
    }
  })
  return Effect.forever(Effect.andThen(step, Effect.yieldNow))
})

const patience = "5 seconds"

/** Crashes the task, or the thread or process that runs it. */
export const crash = ({ code, how, message }: TaskDefinition.Payload<typeof Crash>): Effect.Effect<void> => {
  if (how === "outOfMemory") return fillMemory
  const blow = Effect.sync(() => {
    switch (how) {
      case "exit":
        return process.exit(code)
      case "unhandledRejection":
        void Promise.reject(new Error(message))
        return undefined
      case "uncaughtException":
        setImmediate(() => {
          throw new Error(message)
        })
        return undefined
      case "defect":
        throw new Error(message)
    }
  })
  const survived = Effect.die(
    new Error(`${message}: but a listener of this thread took it for ${how}, and it lives on`)
  )
  return Effect.andThen(blow, Effect.delay(survived, patience))
}

/** Computes nothing until the time is over. */
const loop = (millis: number): void => {
  const until = performance.now() + millis
  while (performance.now() < until);
}

/** Hangs for a time, or for good. */
export const hang = ({ atMost, how }: TaskDefinition.Payload<typeof Hang>): Effect.Effect<void> => {
  const duration = atMost === undefined ? Duration.infinity : durationOfTime(atMost)
  if (how === "loop") return Effect.sync(() => loop(Duration.toMillis(duration)))
  const idle = Duration.isFinite(duration) ? Effect.sleep(duration) : Effect.never
  return how === "never" ? idle : Effect.uninterruptible(idle)
}
