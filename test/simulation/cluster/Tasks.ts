import { Effect, Schedule, Schema, Stream } from "effect"
import { Task } from "../../../services/Task.ts"
import { TaskContext } from "../../../services/TaskContext.ts"
import { TaskLibrary } from "../../../services/TaskLibrary.ts"

export class Busy extends Schema.TaggedError<Busy>()("Busy", { attempt: Schema.Int }) {}

const [payload, success] = [{ n: Schema.Int }, Schema.Int] as const

/** Ends at once. */
export const Echo = Task.make("Echo", { payload, success })
/** Takes `n` milliseconds. */
export const Nap = Task.make("Nap", { payload, success, priority: 1, progress: Schema.Int })
/** Fails so often, and is tried again five times. */
export const Flaky = Task.make("Flaky", {
  payload,
  success,
  error: Busy,
  retry: { Busy: Schedule.spaced("200 millis").pipe(Schedule.upTo({ times: 5 })) }
})
export const Broken = Task.make("Broken", { payload, success })
/** Never ends by itself. */
export const Endless = Task.make("Endless", { payload, timeout: "700 millis" })
/** Does not let itself be interrupted for `n` milliseconds. */
export const Stubborn = Task.make("Stubborn", { payload, success, grace: "1 second" })
/** Must not start twice. */
export const Once = Task.make("Once", { payload, success, delivery: "atMostOnce" })
export const Few = Task.make("Few", { payload, success, limits: [{ name: "few", concurrency: 2 }] })
export const Seldom = Task.make("Seldom", { payload, success, limits: [{ name: "seldom", rate: 3, per: "1 second" }] })
export const Large = Task.make("Large", { payload, success, demand: { cpu: 3, bytes: "1 KiB" } })
export const Fat = Task.make("Fat", { payload, success, demand: { cpu: 0.1, bytes: "3 MiB" } })
export const Keyed = Task.make("Keyed", { payload, success, idempotencyKey: ({ n }) => `${n}` })
/** Adds up what its sub-tasks result in, `n` levels deep. */
export const Parent = Task.make("Parent", { payload, success })
export const Add = Task.make("Add", { payload: { left: Schema.Int, right: Schema.Int }, success })

export const Mixed = TaskLibrary.make(
  "mixed",
  { version: "1.0.0" },
  Echo,
  Nap,
  Flaky,
  Broken,
  Endless,
  Stubborn,
  Once,
  Few,
  Seldom,
  Large,
  Fat,
  Keyed,
  Parent,
  Add
)

const nap = ({ n }: { readonly n: number }) => Effect.as(Effect.sleep(n), n)

export const MixedLive = Mixed.toLayer({
  Echo: ({ n }) => Effect.succeed(n),
  Nap: ({ n }) => Effect.andThen(Nap.report(n), nap({ n })),
  Flaky: ({ n }) =>
    Effect.flatMap(
      TaskContext,
      ({ attempt }) =>
        Effect.andThen(Effect.sleep(30), attempt <= n ? Effect.fail(new Busy({ attempt })) : Effect.succeed(attempt))
    ),
  Broken: ({ n }) =>
    n % 2 === 0 ? Effect.die(new Error("broken")) : Effect.andThen(Effect.sleep(n), Effect.die("broken")),
  Endless: () => Effect.never,
  Stubborn: ({ n }) => Effect.uninterruptible(nap({ n })),
  Once: nap,
  Few: nap,
  Seldom: nap,
  Large: nap,
  Fat: nap,
  Keyed: nap,
  Parent: ({ n }) =>
    n === 0 ? Effect.succeed(1) : Effect.gen(function*() {
      const [left, right] = yield* Effect.all([Parent.run({ n: n - 1 }), Parent.run({ n: n - 1 })], { concurrency: 2 })
      const rest = yield* Stream.runCollect(Echo.runAll([{ n: 0 }, { n: 1 }]))
      return left + right + rest.reduce((sum, outcome) => sum + (outcome._tag === "Succeeded" ? outcome.value : 0), 0)
    }).pipe(Effect.orDie),
  Add: ({ left, right }) => Effect.succeed(left + right)
})
