/**
 * Says in words why a task is not running, and why it ended like that.
 *
 * @since 0.1.0
 */
import { DateTime } from "effect"
import type { Transition } from "../dispatch/Command.ts"
import type { Explanation } from "../dispatch/Explaining.ts"
import type { Loss, Outcome } from "../task/Outcome.ts"
import type { Reason } from "./View.ts"

/** Sentences, and what to do. */
export type Words = Pick<Reason, "because" | "mend">

const words = (because: string, ...mend: ReadonlyArray<string>): Words => ({ because: [because], mend })

const iso = (millis: number): string => DateTime.formatIso(DateTime.makeUnsafe(millis))

const span = (millis: number): string =>
  millis >= 120_000 ? `${Math.round(millis / 60_000)} min` : millis >= 2_000
    ? `${Math.round(millis / 1_000)} s`
    : `${Math.max(0, Math.round(millis))} ms`

/** What the dispatcher says of a task that has not ended; `now` is in milliseconds since 1970. */
export const whyWaiting = (explanation: Explanation, transitions: ReadonlyArray<Transition>, now: number): Words => {
  switch (explanation._tag) {
    case "Running":
      return words(`It runs on ${explanation.executorId}, attempt ${explanation.epoch}`)
    case "Assigned":
      return words(`${explanation.executorId} has it and starts it when a slot is free`)
    case "Stopping":
      return words(`${explanation.executorId} was told to stop it, and has not said yet that it has`)
    case "Ending":
      return words("It has ended; the store has not taken that in yet")
    case "Ended":
    case "Unknown":
      return words("It has ended")
    case "WaitsForOthers":
      return words(
        `It follows ${explanation.count} other task${explanation.count === 1 ? "" : "s"} that have not ended`
      )
    case "WaitsForTime":
      return words(
        explanation.at === undefined
          ? "It was submitted with a delay"
          : `It was submitted with a delay and starts at ${iso(explanation.at)}, in ${span(explanation.at - now)}`
      )
    case "WaitsForExecutor":
      return {
        because: [
          "No executor that is there can run it",
          ...explanation.missing.map((missing) =>
            missing === "there is no executor" ? "There is none at all" : `It lacks ${missing}`
          )
        ],
        mend: ["Start one that can: cadre executor start --library <module> [--labels ...]"]
      }
    case "WaitsForLimit":
      return words(`As many as the limit ${explanation.limits.join(", ")} allows are running`)
    case "WaitsForCapacity":
      return words(
        `No node has room for what it demands; it was passed over ${explanation.passedOver} times, after 64 a node is kept for it`,
        "Free a node, or demand less"
      )
    case "WaitsItsTurn":
      return words("All executors that can run it are busy; others came before it")
    case "WaitsForReturn":
      return words(
        `${explanation.executorId} ran it when the server was started anew: it is held for one lease time, for that to come back`
      )
    case "WaitsForSession":
      return words(`It goes to ${explanation.executorId}, which runs the tasks of its session`)
    case "Retries": {
      const last = transitions.findLast(({ kind }) => kind === "Retrying")
      const at = last !== undefined && typeof last.detail === "number" ? last.at + last.detail : undefined
      return words(
        `Attempt ${explanation.epoch} failed; the next is made ${
          at === undefined ? "soon" : `at ${iso(at)}, in ${span(at - now)}`
        }`
      )
    }
  }
}

const lossesOf = (losses: ReadonlyArray<Loss>): ReadonlyArray<string> =>
  losses.map(({ executorId, reason }) => `${executorId} was lost: ${reason}`)

/** How it ended. */
export const whyEnded = (outcome: Outcome, id: string): Words => {
  switch (outcome._tag) {
    case "Succeeded":
      return words("It succeeded")
    case "Failed":
      return words("Its handler failed with an error of its own type, and its retry policy allows no further attempt")
    case "Crashed":
      return words(
        `Its handler crashed: ${outcome.defect.name}: ${outcome.defect.message}`,
        `See its stack: cadre task show ${id}`
      )
    case "Interrupted":
      return words(`It was cancelled by ${outcome.by}${outcome.cleanly ? "" : ", and killed"}`)
    case "TimedOut":
      return words(`One attempt took longer than its timeout of ${span(outcome.after)}`)
    case "Expired":
      return words("It had not ended at its deadline")
    case "Lost":
      return {
        because: ["Its executors were lost, and no attempts are left", ...lossesOf(outcome.executors)],
        mend: []
      }
    case "MaybeExecuted":
      return words(
        `It is run at most once, and ${outcome.executorId} was lost while it had it (${outcome.reason}): it may have run`,
        `If it has not, hand it over again: cadre task retry ${id}`
      )
    case "DependencyFailed":
      return words(
        `It follows ${outcome.dependency.toString()}, which did not succeed`,
        `cadre task explain ${outcome.dependency.toString()}`
      )
    case "Quarantined":
      return {
        because: [`${outcome.deaths} executors died while they ran it`, ...lossesOf(outcome.executors)],
        mend: [`Look at what it does to them: cadre task logs ${id}`]
      }
  }
}
