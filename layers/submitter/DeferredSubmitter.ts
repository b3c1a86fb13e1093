/**
 * A submitter for handlers that are built before there is one.
 *
 * @since 0.1.0
 */
import { Effect, Stream } from "effect"
import { Submitter } from "../../services/Submitter.ts"

/** The submitter that will be there once everything is built; a layer that submits while it is built has come too soon. */
export const deferred = (get: () => Submitter["Service"] | undefined): Submitter["Service"] => {
  const submitter = Effect.suspend(() => {
    const found = get()
    return found === undefined
      ? Effect.die(new Error("Tasks were submitted before their executors were built"))
      : Effect.succeed(found)
  })
  return Submitter.of({
    run: (task, payload, options) => Effect.flatMap(submitter, ({ run }) => run(task, payload, options)),
    runAll: (task, payloads, options) =>
      Stream.unwrap(Effect.map(submitter, ({ runAll }) => runAll(task, payloads, options))),
    submit: (task, payload, options) => Effect.flatMap(submitter, ({ submit }) => submit(task, payload, options)),
    submitAll: (task, payloads, options) =>
      Effect.flatMap(submitter, ({ submitAll }) => submitAll(task, payloads, options)),
    submitGraph: (steps) => Effect.flatMap(submitter, ({ submitGraph }) => submitGraph(steps))
  })
}
