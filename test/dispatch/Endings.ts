import type { Transition } from "../../src/dispatch/Command.ts"
import type { Dispatcher } from "../../src/dispatch/Dispatcher.ts"
import type { Outcome } from "../../src/task/Outcome.ts"
import { check } from "./Checks.ts"
import type { TaskStory } from "./Ledger.ts"
import { type EntryView, stop } from "./Views.ts"
import type { Witness } from "./Witness.ts"

/** Whether a task may end so now: each outcome has its reason. */
export const judgeEnding = (judge: Witness, task: number, { detail }: Transition, dispatcher: Dispatcher): void => {
  if (typeof detail !== "object") return check.fail(`task ${task} ended without an outcome`)
  const story = judge.ledger.story(task)
  const view = judge.view(task)
  const isRight = isCopied(judge, task, detail) || isEarned(judge, story, view, detail, dispatcher)
  check.isTrue(
    isRight,
    () => `task ${task} ended as ${detail._tag}, and should not have: ${JSON.stringify([detail, story])}`
  )
}

/** It was handed over before, and the first has ended so. */
const isCopied = (judge: Witness, task: number, outcome: Outcome): boolean => {
  const first = judge.ledger.tasks.get(judge.aliases.get(task) ?? -1)
  return judge.isCommitted(first) && first?.end?.outcome === outcome
}

const isEarned = (
  judge: Witness,
  story: TaskStory,
  view: EntryView,
  outcome: Outcome,
  dispatcher: Dispatcher
): boolean => {
  const { holding, task } = story
  const { attempts, delivery } = view.entry.spec
  const report = judge.reportOf(story)
  const reason = holding?.stopping?.reason
  switch (outcome._tag) {
    case "Succeeded":
    case "Failed":
    case "Crashed":
      return report?.outcome === outcome && (reason === undefined || reason === "cancelled") &&
        (report.retryAfter === undefined || delivery === "atMostOnce")
    case "Interrupted":
      return isInterrupted(judge, story, view, outcome)
    case "TimedOut":
      return reason === "timedOut"
    case "Expired":
      return holding === undefined || isUnsent(judge, story)
        ? (view.entry.deadline ?? Infinity) <= judge.now && isOver(view)
        : reason === "expired" || isOfPast(judge, story)
    case "Lost":
      return judge.made(story) >= (attempts ?? Infinity) && isGone(judge, story)
    case "Quarantined":
      judge.countDeath(story)
      return judge.deaths.get(task) === outcome.deaths && outcome.deaths === 3
    case "MaybeExecuted":
      return delivery === "atMostOnce" && outcome.executorId === holding?.executorId &&
        (isGone(judge, story) || isOfPast(judge, story))
    case "DependencyFailed": {
      const { after = [], onDependencyFailure, refs = [] } = view.entry
      if (onDependencyFailure === "run" || holding !== undefined || after.length + refs.length === 0) return false
      // Where it follows nothing but what has no tasks itself, it is told of what that was to follow.
      const named = dispatcher.positionOf(outcome.dependency)
      const end = judge.ledger.tasks.get(named ?? -1)?.end
      if (end?.outcome._tag === "Succeeded") return false
      stop(view)
      return end === undefined || end.sequence <= judge.committed
    }
  }
}

const isOver = (view: EntryView): true => {
  stop(view)
  return true
}

const isUnsent = (judge: Witness, { holding, task }: TaskStory): boolean => judge.sent.get(task) !== holding?.epoch

/** It was given out by the server before, and has not been adopted. */
const isOfPast = (judge: Witness, { holding }: TaskStory): boolean =>
  holding !== undefined && holding.sequence <= judge.generationStart

const isInterrupted = (
  judge: Witness,
  story: TaskStory,
  { view: { submission, submitter } }: EntryView,
  outcome: Extract<Outcome, { readonly _tag: "Interrupted" }>
): boolean => {
  const report = judge.reportOf(story)
  const { holding, task } = story
  if (holding?.stopping === undefined && report?.outcome === outcome) return true
  const isAsked = judge.cancels.some(({ by, target }) =>
    by === outcome.by &&
    ("task" in target
      ? target.task === task
      : "submission" in target
      ? target.submission === submission
      : target.submitter === submitter)
  )
  const isClean = holding === undefined || isUnsent(judge, story) || judge.wasRecalled(story) ||
    (report !== undefined && (report.outcome._tag !== "Interrupted" || report.outcome.cleanly) &&
      report.outcome._tag !== "Lost")
  return isAsked && (holding?.stopping === undefined || holding.stopping.reason === "cancelled") &&
    outcome.cleanly === (isClean && !isOfPast(judge, story))
}

/** Whoever ran it is gone, or says that the attempt is. */
const isGone = (judge: Witness, story: TaskStory): boolean => {
  const { holding } = story
  const said = judge.events.some((event) => event._tag === "adopted" && event.executorId === holding?.executorId)
  return said || judge.reportOf(story)?.outcome._tag === "Lost" || isOfPast(judge, story) ||
    !judge.executors.has(holding?.executorId ?? "") || judge.left.has(holding?.executorId ?? "") ||
    judge.wasRecalled(story)
}
