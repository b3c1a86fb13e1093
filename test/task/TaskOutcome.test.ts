import { assert, it } from "@effect/vitest"
import { Cause, Exit } from "effect"
import { ExecutorId } from "../../src/task/Attempt.ts"
import { type TaskOutcome, toExit } from "../../src/task/TaskOutcome.ts"

const ended = { index: 0, payload: { n: 1 }, taskId: "0.1.2", taskName: "Factor" }
const executors = [{ executorId: ExecutorId.make("ada"), reason: "SIGKILL" }]

const cases: ReadonlyArray<readonly [TaskOutcome<unknown, number, string>, Exit.Exit<unknown, unknown> | string]> = [
  [{ ...ended, _tag: "Succeeded", value: 7 }, Exit.succeed(7)],
  [{ ...ended, _tag: "Failed", error: "no" }, Exit.fail("no")],
  [{ ...ended, _tag: "Crashed", cause: Cause.die("oops") }, Exit.die("oops")],
  [{ ...ended, _tag: "Interrupted", by: "ada", cleanly: false }, "was cancelled by ada and killed"],
  [{ ...ended, _tag: "TimedOut", after: 50 }, "did not end within 50 ms"],
  [{ ...ended, _tag: "Expired", deadline: 0 }, "had not ended at its deadline"],
  [{ ...ended, _tag: "Lost", executors }, "lost its executors: ada (SIGKILL)"],
  [{ ...ended, _tag: "DependencyFailed", dependency: "0.1.1" }, "did not start: task 0.1.1, which it follows, failed"],
  [{ ...ended, _tag: "Quarantined", executors }, "is quarantined: it ran on ada (SIGKILL) when they died"],
  [{ ...ended, _tag: "MaybeExecuted", reason: "drained" }, "may have run: its executor was lost (drained)"]
]

it.each(cases)("$0._tag has an exit", (outcome, expected) => {
  const exit = toExit(outcome)
  if (typeof expected !== "string") return assert.deepStrictEqual(exit, expected)
  const message = Exit.isFailure(exit) ? String(Cause.squash(exit.cause)) : ""
  assert.include(message, `Task Factor (0.1.2) ${expected}`)
})
