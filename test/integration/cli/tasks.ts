/** A module of tasks as a user writes it, for the tests of the executable. */
import { Foreground, Task, TaskLibrary, TaskModule } from "cadre"
import { Effect, Option, Schedule, Schema } from "effect"

/** What `Factor` fails with. */
export class NotPositive extends Schema.TaggedError<NotPositive>()("NotPositive", { n: Schema.Int }) {
  override get message(): string {
    return `${this.n} is not positive`
  }
}

/** The tasks. */
export const Trial = TaskLibrary.make(
  "trial",
  { version: "1.0.0" },
  Task.make("Factor", {
    payload: { n: Schema.Int },
    success: Schema.Array(Schema.Int),
    error: NotPositive,
    retry: { NotPositive: "fail" },
    timeout: "1 minute"
  }),
  Task.make("Carry", {
    payload: { when: Schema.Date, big: Schema.BigInt, bytes: Schema.Uint8Array },
    success: Schema.Struct({ when: Schema.Date, big: Schema.BigInt, bytes: Schema.Uint8Array })
  }),
  Task.make("Nothing"),
  Task.make("Crash"),
  Task.make("Fill"),
  Task.make("Log", { success: Schema.String }),
  Task.make("Wait", { payload: Schema.Unknown }),
  Task.make("Linger", { payload: Schema.Unknown, grace: "1 minute" }),
  Task.make("Ask", { success: Schema.String, requires: [Foreground] }),
  Task.make("Flaky", { success: Schema.Int, error: NotPositive, retry: { NotPositive: Schedule.recurs(2) } })
)

const factors = (n: number): ReadonlyArray<number> => {
  const found: Array<number> = []
  let rest = n
  for (let factor = 2; factor * factor <= rest; factor++) {
    for (; rest % factor === 0; rest /= factor) found.push(factor)
  }
  return rest > 1 ? [...found, rest] : found
}

/** Takes all memory that there is. */
const fill = (): void => {
  const taken: Array<Uint8Array> = []
  for (;;) taken.push(new Uint8Array(1_000_000).fill(taken.length))
}

export default TaskModule.make(
  import.meta.url,
  Trial.toLayer({
    Factor: ({ n }) => n > 0 ? Effect.succeed(factors(n)) : Effect.fail(new NotPositive({ n })),
    Carry: (payload) => Effect.succeed(payload),
    Nothing: () => Effect.void,
    Fill: () => Effect.sync(fill),
    Crash: () => Effect.die(new Error("on purpose")),
    Log: () => Effect.as(Effect.log("said by the task"), "returned"),
    Wait: (payload) =>
      Effect.sync(() => payload === null || process.stderr.write("waiting\n")).pipe(
        Effect.andThen(Effect.never),
        Effect.onInterrupt(() => Effect.sync(() => process.stderr.write("cleaned up\n")))
      ),
    Linger: () =>
      Effect.sync(() => process.stderr.write("waiting\n")).pipe(
        Effect.andThen(Effect.never),
        Effect.onInterrupt(() =>
          Effect.andThen(Effect.sync(() => process.stderr.write("lingering\n")), Effect.sleep("1 minute"))
        )
      ),
    Ask: () =>
      Effect.flatMap(Foreground, ({ prompt }) => prompt("Name? ")).pipe(
        Effect.map((line) => `Hello, ${Option.getOrElse(line, () => "nobody")}`),
        Effect.orDie
      ),
    Flaky: () => Effect.fail(new NotPositive({ n: 0 }))
  })
)
