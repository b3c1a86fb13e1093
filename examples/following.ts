/** Tasks that are followed while they run: one, a set, and some that wait for each other. */
import { NodeRuntime } from "@effect/platform-node"
import { InProcess, Submission, Task, TaskLibrary } from "cadre"
import { Console, Effect, Schema, Stream } from "effect"

const Copy = Task.make("Copy", {
  payload: { text: Schema.String, times: Schema.Int },
  success: Schema.String,
  progress: Schema.Int
})
const Measure = Task.make("Measure", { payload: { text: Schema.String }, success: Schema.Int })
const Texts = TaskLibrary.make("texts", { version: "1.0.0" }, Copy, Measure)

const TextsLive = Texts.toLayer({
  Copy: Effect.fnUntraced(function*({ text, times }) {
    let copies = ""
    for (let done = 1; done <= times; done++) {
      copies += text
      yield* Copy.report(done)
      yield* Effect.log(`copied ${done} times`)
      yield* Effect.sleep("1 millis")
    }
    return copies
  }),
  Measure: ({ text }) => Effect.succeed(text.length)
})

/** One task: a handle on it. */
export const one = Effect.gen(function*() {
  const copy = yield* Copy.submit({ text: "ab", times: 3 })
  yield* Effect.forkScoped(Stream.runForEach(copy.progress, (done) => Console.log(`${done} of 3`)))
  yield* Effect.forkScoped(Stream.runForEach(copy.logs, ({ message }) => Console.log(message)))
  yield* Console.log(copy.id, yield* copy.await)
})

/** A set of tasks that ends, or is cancelled, as a whole. */
export const set = Effect.gen(function*() {
  const submission = yield* Measure.submitAll([{ text: "a" }, { text: "bc" }])
  const counts = Stream.runForEach(
    submission.progress,
    ({ succeeded, total }) => Console.log(`${succeeded} of ${total}`)
  )
  yield* Effect.forkScoped(counts)
  for (const outcome of yield* submission.awaitAll) yield* Console.log(outcome.payload.text, outcome._tag)
})

/** A task that is given the result of another; it crosses from executor to executor. */
export const chain = Effect.gen(function*() {
  const copy = yield* Copy.submit({ text: "abc", times: 2 })
  const length = yield* Measure.submit({ text: Task.ref(copy) })
  yield* Console.log("the length is", yield* length.await)
})

/** Several tasks, of which some start only when others have succeeded; accepted or refused as a whole. */
export const graph = Effect.gen(function*() {
  const { second } = yield* Submission.graph({
    first: Submission.step(Copy, { text: "x", times: 1 }),
    second: Submission.step(Measure, { text: "abcd" }, { after: ["first"] })
  })
  yield* Console.log("second gave", yield* second.await)
})

/** One after the other. */
export const program = Effect.all([one, set, chain, graph], { discard: true }).pipe(
  // What was submitted and has not ended by then is cancelled.
  Effect.scoped,
  Effect.provide(InProcess.layer(TextsLive))
)

if (import.meta.main) NodeRuntime.runMain(program)
