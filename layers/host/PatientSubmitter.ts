/**
 * A submitter of a program whose executors are started by the server: while
 * they are started, or started again, nobody can run its tasks, and that is no
 * reason to refuse them.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { Submitter } from "../../services/Submitter.ts"
import { NoExecutor } from "../../src/task/TaskError.ts"
import { pathOf } from "./ModulePath.ts"
import type { Provided } from "./Providing.ts"

/** Milliseconds within which word comes that a process has ended. */
const news = 200

/** What is refused for want of an executor is handed over once more when there should be one. */
export const patient = (
  submitter: Submitter["Service"],
  { module, settled, state }: Provided
): Submitter["Service"] => {
  const again = <A, E, R>(handing: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.catch(handing, (error): Effect.Effect<A, E, R> => {
      if (!(error instanceof NoExecutor)) return Effect.fail(error)
      const unmet: NoExecutor = error
      return Effect.gen(function*() {
        if (state()._tag === "Ready") yield* Effect.sleep(news)
        yield* settled
        const now = state()
        if (now._tag !== "Failed") return yield* handing
        const missing = [...unmet.missing, `the executors of ${pathOf(module)} do not start: ${now.reason}`]
        // It is what it was, and says more.
        return yield* Effect.fail(new NoExecutor({ taskName: unmet.taskName, missing }) as E)
      })
    })
  return Submitter.of({
    // Each is what it was made for.
    run: (task, payload, options) => again(submitter.run(task, payload, options)),
    runAll: submitter.runAll,
    submit: (task, payload, options) => again(submitter.submit(task, payload, options)),
    submitAll: (task, payloads, options) => again(submitter.submitAll(task, payloads, options)),
    submitGraph: (steps) => again(submitter.submitGraph(steps))
  })
}
