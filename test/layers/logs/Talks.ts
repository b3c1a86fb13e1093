/** What came of attempts that talk. */
import { Effect } from "effect"
import type { TaskDefinition } from "../../../src/task/TaskDefinition.ts"
import type { Conversation } from "../../suites/Conversation.ts"
import { Talkers } from "./Talkers.ts"

/** An attempt whose log is kept, and one that is followed, and one that nobody cares for. */
export const attemptOf = (
  executor: Conversation,
  task: TaskDefinition.Any,
  payload: unknown,
  number: number,
  as: "logged" | "followed" | "plain" = "logged"
) => {
  const isFollowed = as === "followed"
  const attempt = executor.attempt(task, payload, { task: number, isFollowed }, Talkers)
  return as === "logged" ? { ...attempt, isLogged: true } : attempt
}

/** The lines of an attempt. */
export const linesOf = (executor: Conversation, task: number) =>
  executor.lines().flatMap(({ lease, line }) => lease.task === task ? [line] : [])

/** Just what they say. */
export const textsOf = (executor: Conversation, task: number): ReadonlyArray<string> =>
  linesOf(executor, task).map(({ message }) => message)

/** What belongs to no attempt. */
export const outputOf = (executor: Conversation): ReadonlyArray<string> =>
  executor.messages.flatMap((message) => message._tag === "output" ? [message.line.message] : [])

/** Whether all that an attempt wrote was said before its end was. */
export const isSaidBefore = (executor: Conversation, task: number): boolean => {
  const { messages } = executor
  const end = messages.findIndex((message) =>
    message._tag === "ended" && message.reports.some((report) => report.task === task)
  )
  const last = messages.findLastIndex((message) =>
    message._tag === "logs" && message.entries.some(({ lease }) => lease.task === task)
  )
  return last < end
}

/** Runs attempts until they have ended, and gives their outcomes. */
export const outcomes = (executor: Conversation, ...attempts: ReadonlyArray<ReturnType<typeof attemptOf>>) =>
  Effect.suspend(() => {
    const before = executor.messages.flatMap((message) => message._tag === "ended" ? message.reports : []).length
    executor.assign(...attempts)
    return Effect.map(
      executor.reports(before + attempts.length),
      (reports) => attempts.map(({ assignment: { task } }) => reports.find((report) => report.task === task)?.outcome)
    )
  })
