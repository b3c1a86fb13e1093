/**
 * Whether and when a task whose handler failed is tried again. Attempts may run
 * on different executors, which share no schedule in progress: each replays the
 * schedule from its start.
 *
 * @since 0.1.0
 */
import { Duration, Effect, Option, Predicate, Schedule } from "effect"
import type { TaskDefinition } from "./TaskDefinition.ts"
import type { Retry } from "./TaskOptions.ts"

type Step = (now: number, error: never) => Effect.Effect<readonly [unknown, Duration.Duration], unknown>

/** What the task's definition says of an error, if it says anything. */
const policyOf = ({ delivery, retry }: TaskDefinition.Any, error: unknown): Retry | undefined => {
  if (delivery === "atMostOnce" || !Predicate.hasProperty(error, "_tag") || typeof error._tag !== "string") {
    return undefined
  }
  return Object.hasOwn(retry, error._tag) ? retry[error._tag] : undefined
}

/** The delays after the first `count` attempts; fewer where the schedule ends before. */
const delays = Effect.fnUntraced(function*(
  schedule: Schedule.Schedule<unknown, never>,
  error: unknown,
  count: number,
  start: number
) {
  const step: Step = yield* Schedule.toStep(schedule)
  const millis: Array<number> = []
  let now = start
  while (millis.length < count) {
    // The schedule stands under the tag of this very error, so it takes it.
    const stepped = yield* Effect.exit(step(now, error as never))
    if (stepped._tag === "Failure") break
    const delay = Duration.toMillis(stepped.value[1])
    millis.push(delay)
    now += delay
  }
  return millis
})

/**
 * How many milliseconds to wait before another attempt, after attempt number
 * `attempt` (counted from 1) failed with `error`; `now` is in milliseconds
 * since 1970. None when the task is not to be tried again: its definition says
 * `"fail"` or nothing of such an error, or its schedule has ended.
 */
export const delayFor = Effect.fnUntraced(function*(
  definition: TaskDefinition.Any,
  error: unknown,
  attempt: number,
  now: number
) {
  const policy = policyOf(definition, error)
  if (policy === undefined || policy === "fail") return Option.none<number>()
  let millis = yield* delays(policy, error, attempt, now)
  if (attempt > 1 && millis.length === attempt) {
    // Schedules may ask what time it is: the last step is to be at `now`, those before it as long ago as they waited.
    const waited = millis.slice(0, -1).reduce((sum, delay) => sum + delay, 0)
    millis = yield* delays(policy, error, attempt, now - waited)
  }
  const delay = millis.at(attempt - 1)
  return delay !== undefined && Number.isFinite(delay) ? Option.some(delay) : Option.none<number>()
})
