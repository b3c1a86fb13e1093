/**
 * The tasks that the suites run. What a handler does beside ending it says on
 * the `Stage`, so that it may run anywhere.
 */
import { Effect, Redacted, Schedule, Schema, SchemaGetter, Stream } from "effect"
import { Task } from "../../services/Task.ts"
import { TaskContext } from "../../services/TaskContext.ts"
import { TaskLibrary } from "../../services/TaskLibrary.ts"
import { mark, until } from "./Stage.ts"

export class NotPositive extends Schema.TaggedError<NotPositive>()("NotPositive", { n: Schema.Int }) {}
export class Busy extends Schema.TaggedError<Busy>()("Busy", { attempt: Schema.Int }) {}
export class Spoiled extends Schema.TaggedError<Spoiled>()("Spoiled", {}) {}
export class Undeclared extends Schema.TaggedError<Undeclared>()("Undeclared", {}) {}

export const Reading = Schema.Struct({
  at: Schema.Date,
  values: Schema.Array(Schema.Number),
  note: Schema.optionalKey(Schema.String)
})

const [payload, success] = [{ n: Schema.Int }, Schema.Int] as const
const named = { name: Schema.String }

/** Gives back what it is given. */
export const Echo = Task.make("Echo", { payload, success })
export const Mirror = Task.make("Mirror", { payload: Reading, success: Reading })
export const Raw = Task.make("Raw", { payload: Schema.Uint8Array, success: Schema.Uint8Array })
export const Ping = Task.make("Ping")
/** Fails with a number that is not positive. */
export const Root = Task.make("Root", { payload: { n: Schema.Int }, success: Schema.Number, error: NotPositive })

/** Ends badly, in that way. */
export const Bad = Task.make("Bad", {
  payload: {
    how: Schema.Literals([
      "throw",
      "die",
      "dieLater",
      "wrong",
      "wrongLater",
      "undeclared",
      "text",
      "interrupt",
      "nothing"
    ])
  },
  success
})
/** Says when it begins, is let go by the mark `go <name>`, and says how it went. */
export const Wait = Task.make("Wait", { payload: named, success: Schema.String, error: Spoiled })
/** As `Wait`, and says at its end when it was interrupted; its finalizer takes a moment. */
export const Tidy = Task.make("Tidy", { payload: { ...named, finalizer: Schema.Int } })
/** Cannot be interrupted for so many milliseconds. */
export const Stubborn = Task.make("Stubborn", { payload: { millis: Schema.Int }, grace: "1 second" })
export const Nap = Task.make("Nap", { payload: { millis: Schema.Int }, success: Schema.Int })
export const Hasty = Task.make("Hasty", { payload: { millis: Schema.Int }, success: Schema.Int, timeout: "1 second" })
export const Urgent = Task.make("Urgent", {
  payload: { millis: Schema.Int },
  success: Schema.Int,
  deadline: "1 second"
})

/** Fails before the attempt `good`; says when it is tried. */
export const Flaky = Task.make("Flaky", {
  payload: { good: Schema.Int },
  success,
  error: Schema.Union([Busy, Spoiled]),
  retry: { Busy: Schedule.exponential("1 second").pipe(Schedule.upTo({ times: 3 })), Spoiled: "fail" }
})
export const Report = Task.make("Report", {
  payload: { upTo: Schema.Int },
  progress: Schema.Struct({ step: Schema.Int })
})
export const Talk = Task.make("Talk", { payload: named })

export const Add = Task.make("Add", { payload: { left: Schema.Int, right: Schema.Int }, success })
export const Tell = Task.make("Tell", { payload: { text: Schema.String }, success: Schema.String })
/** Takes a `Wait`'s result. */
export const Once = Task.make("Once", { payload: named, success: Schema.String, delivery: "atMostOnce" })
export const Keyed = Task.make("Keyed", {
  payload: { key: Schema.String, n: Schema.Int },
  success,
  idempotencyKey: ({ key }) => key
})
export const Single = Task.make("Single", { payload: named, limits: [{ name: "single", concurrency: 1 }] })
export const Seldom = Task.make("Seldom", { payload: named, limits: [{ name: "seldom", rate: 2, per: "1 second" }] })
export const Marked = Task.make("Marked", { payload: named, labels: ["gpu"] })
/** Whether the secret is that. */
export const Unlock = Task.make("Unlock", {
  payload: { secret: Schema.Redacted(Schema.String) },
  success: Schema.Redacted(Schema.String)
})
/** A number whose every crossing takes two milliseconds. */
export const Slowly = Schema.Int.pipe(Schema.decodeTo(Schema.Int, {
  decode: SchemaGetter.transformEffect((n: number) => Effect.as(Effect.sleep(2), n)),
  encode: SchemaGetter.transformEffect((n: number) => Effect.as(Effect.sleep(2), n))
}))
export const Slow = Task.make("Slow", { payload: { n: Slowly }, success: Slowly })
/** Counts the tasks of a tree so deep. */
export const Tree = Task.make("Tree", { payload: { depth: Schema.Int }, success })
/** Follows its own sub-task by what that reports. */
export const Watcher = Task.make("Watcher", { success })
export const Self = Task.make("Self", {
  success: Schema.Struct({ taskId: Schema.String, attempt: Schema.Int, executor: Schema.String })
})

export const Suite = TaskLibrary.make(
  "suite",
  { version: "1.0.0" },
  Echo,
  Mirror,
  Raw,
  Ping,
  Root,
  Bad,
  Wait,
  Tidy,
  Stubborn,
  Nap,
  Hasty,
  Urgent,
  Flaky,
  Report,
  Talk,
  Add,
  Tell,
  Once,
  Keyed,
  Single,
  Seldom,
  Marked,
  Unlock,
  Slow,
  Tree,
  Watcher,
  Self
)

/** Lets a `Wait`, `Once`, `Single` or `Talk` of that name end. */
export const go = (name: string) => mark(`go ${name}`)

/** The same in JSON, as far as the difference may matter. */
export const JsonEcho = Task.make("JsonEcho", { payload, success })
export const JsonAdd = Task.make("JsonAdd", { payload: { left: Schema.Int, right: Schema.Int }, success })
export const JsonTell = Task.make("JsonTell", { payload: { text: Schema.String }, success: Schema.String })
export const JsonSuite = TaskLibrary.make("json", { version: "1.0.0", encoding: "json" }, JsonEcho, JsonAdd, JsonTell)

const nap = ({ millis }: { readonly millis: number }) => Effect.as(Effect.sleep(millis), millis)
const waiting = (name: string) =>
  Effect.acquireUseRelease(
    mark(`began ${name}`),
    () => until(`go ${name}`),
    (_, exit) => mark(`${exit._tag === "Success" ? "ended" : "stopped"} ${name}`)
  )

export const SuiteLive = Suite.toLayer({
  Echo: ({ n }) => Effect.succeed(n),
  Mirror: (reading) => Effect.succeed(reading),
  Raw: (bytes) => Effect.succeed(bytes.toReversed()),
  Ping: () => Effect.void,
  Root: ({ n }) => n > 0 ? Effect.succeed(Math.sqrt(n)) : Effect.fail(new NotPositive({ n })),
  Bad: ({ how }) => {
    // What no compiler would let pass.
    const wrong = "not a number" as unknown as number
    switch (how) {
      case "throw":
        throw new RangeError("thrown")
      case "die":
        return Effect.die(new RangeError("died"))
      case "dieLater":
        return Effect.andThen(Effect.yieldNow, Effect.die(new RangeError("died later")))
      case "wrong":
        return Effect.succeed(wrong)
      case "wrongLater":
        return Effect.as(Effect.yieldNow, wrong)
      case "undeclared":
        return Effect.fail(new Undeclared()) as unknown as Effect.Effect<number>
      case "text":
        return Effect.die("only text")
      case "interrupt":
        return Effect.interrupt
      case "nothing":
        return undefined as unknown as Effect.Effect<number>
    }
  },
  Wait: ({ name }) =>
    name === "spoiled"
      ? Effect.andThen(waiting(name), Effect.fail(new Spoiled()))
      : Effect.as(waiting(name), name),
  Tidy: ({ finalizer, name }) =>
    Effect.andThen(
      Effect.addFinalizer(() =>
        Effect.andThen(Effect.andThen(mark(`tidying ${name}`), Effect.sleep(finalizer)), mark(`tidy ${name}`))
      ),
      Effect.andThen(mark(`began ${name}`), Effect.never)
    ),
  Stubborn: ({ millis }) => Effect.uninterruptible(Effect.andThen(mark("began stubborn"), Effect.sleep(millis))),
  Nap: nap,
  Hasty: nap,
  Urgent: nap,
  Flaky: ({ good }) =>
    Effect.gen(function*() {
      const { attempt } = yield* TaskContext
      yield* mark(`try ${attempt}`)
      if (good < 0) return yield* new Spoiled()
      return attempt < good ? yield* new Busy({ attempt }) : attempt
    }),
  Report: ({ upTo }) =>
    Effect.gen(function*() {
      yield* mark("began report")
      yield* until("go report")
      for (let step = 1; step <= upTo; step++) yield* Report.report({ step })
    }),
  Talk: ({ name }) =>
    Effect.gen(function*() {
      yield* waiting(name)
      yield* Effect.log("hello", { name }).pipe(Effect.annotateLogs({ who: name, n: 1 }))
      yield* Effect.logError("trouble", new Error("inner"))
    }),
  Add: ({ left, right }) => Effect.succeed(left + right),
  Tell: ({ text }) => Effect.as(mark(`tell ${text}`), text),
  Once: ({ name }) => Effect.as(waiting(name), name),
  Keyed: ({ key, n }) => Effect.as(mark(`keyed ${key}`), n),
  Single: ({ name }) => waiting(name),
  Seldom: ({ name }) => mark(`seldom ${name}`),
  Marked: ({ name }) => mark(name),
  Unlock: ({ secret }) => Effect.succeed(Redacted.make(`${Redacted.value(secret)}!`)),
  Slow: ({ n }) => Effect.succeed(n),
  Tree: ({ depth }) =>
    depth === 0 ? Effect.succeed(1) : Effect.gen(function*() {
      const left = yield* Tree.run({ depth: depth - 1 })
      const handle = yield* Tree.submit({ depth: depth - 1 })
      const set = yield* Echo.submitAll([{ n: 1 }, { n: 1 }])
      const rest = yield* Stream.runCollect(Echo.runAll([{ n: 1 }]))
      return 1 + left + (yield* handle.await) + (yield* set.awaitAll).length + rest.length
    }).pipe(Effect.orDie),
  Watcher: () =>
    Effect.gen(function*() {
      const handle = yield* Report.submit({ upTo: 3 })
      const set = yield* Ping.submitAll([undefined, undefined])
      yield* mark("go report")
      yield* Stream.runDrain(handle.progress)
      yield* Stream.runDrain(handle.logs)
      yield* Stream.runDrain(set.progress)
      return (yield* Stream.runCollect(set.outcomes)).length
    }).pipe(Effect.orDie),
  Self: () => Effect.map(TaskContext, ({ attempt, executor, taskId }) => ({ attempt, executor, taskId }))
})

export const JsonLive = JsonSuite.toLayer({
  JsonEcho: ({ n }) => Effect.succeed(n),
  JsonAdd: ({ left, right }) => Effect.succeed(left + right),
  JsonTell: ({ text }) => Effect.succeed(text)
})
