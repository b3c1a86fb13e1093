/** How soon a server serves again that was killed with a million tasks in its queue. */
import { Effect, Schedule, Scope, Stream } from "effect"
import { type Figure, median } from "../Figure.ts"
import { house, kill } from "../server/House.ts"
import { Echo } from "../server/tasks.ts"

/** At last an executor is started with it: nobody could run the tasks before. */
export const serverRestart: Figure = {
  name: "server-restart",
  description: "a server on disk killed -9 with 1M queued tasks, and started again at once",
  measure: Effect.fnUntraced(function*(profile) {
    const count = profile === "quick" ? 1_000_000 : 10_000
    const home = yield* house({ isDurable: true })
    let pid = yield* home.server
    const { operator, submitter } = yield* home.client
    const payloads = Array.from({ length: count }, (_, n) => ({ n }))
    // Whoever asked for them is not to wait until they are cancelled.
    const set = yield* submitter.submitAll(Echo, payloads, { whenUnmet: "wait" }).pipe(
      Scope.provide(yield* Scope.make())
    )
    const answer = Effect.retry(operator.status, Schedule.spaced("5 millis"))
    const answers: Array<number> = []
    for (let round = 0; round < (profile === "quick" ? 3 : 1); round++) {
      const killedAt = performance.now()
      kill(pid)
      pid = yield* home.server
      const { queued } = yield* answer
      answers.push(performance.now() - killedAt)
      if (queued !== count) return yield* Effect.die(new Error(`${queued} of ${count} tasks are left`))
    }
    const killedAt = performance.now()
    kill(pid)
    yield* home.executor(8)
    pid = yield* home.server
    yield* Stream.runDrain(Stream.take(set.outcomes, 1))
    const outcome = performance.now() - killedAt
    kill(pid)
    return [
      { name: "1M queued: answers again", measured: median(answers), unit: "ms", target: { atMost: 3_000 } },
      { name: "1M queued: the first outcome", measured: outcome, unit: "ms", target: { atMost: 3_000 } }
    ]
  }, Effect.scoped)
}
