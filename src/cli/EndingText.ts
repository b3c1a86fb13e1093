/**
 * How a task ended, where its schemas are not at hand: in words, and as data.
 *
 * @since 0.1.0
 */
import { Result } from "effect"
import type { Loss, Outcome } from "../task/Outcome.ts"
import type { Payload } from "../task/Payload.ts"
import { readJson } from "./Lines.ts"
import { bytesText, durationText } from "./Quantity.ts"
import { isoText, type LocalTime, timeText } from "./TimeText.ts"

/** What can be told of bytes: the JSON that they are, or how many there are. */
export interface Told {
  readonly json?: unknown
  readonly size: number
}

/** Reads what can be read without a schema. */
export const tell = ({ blob, bytes, encoding }: Payload): Told => {
  const size = blob?.size ?? bytes.length
  if (encoding !== "json" || blob !== undefined || bytes.length === 0) return { size }
  const json = readJson(new TextDecoder().decode(bytes))
  return Result.isSuccess(json) ? { json: json.success, size } : { size }
}

const toldText = ({ json, size }: Told): string =>
  json !== undefined ? JSON.stringify(json) : size === 0 ? "" : `${bytesText(size)}, which --module <file> can read`

const lossesText = (losses: ReadonlyArray<Loss>): string =>
  losses.map(({ executorId, reason }) => `${executorId} (${reason})`).join(", ")

/** What came of it, in a line; empty where there is nothing to tell. */
export const endingText = (outcome: Outcome, local: LocalTime): string => {
  switch (outcome._tag) {
    case "Succeeded":
      return toldText(tell(outcome.value))
    case "Failed":
      return `with an error of its own: ${toldText(tell(outcome.error))}`
    case "Crashed":
      return `${outcome.defect.name}: ${outcome.defect.message}`
    case "Interrupted":
      return `by ${outcome.by}${outcome.cleanly ? "" : ", and killed as it did not end by itself"}`
    case "TimedOut":
      return `after ${durationText(outcome.after)}`
    case "Expired":
      return `at its deadline, ${timeText(outcome.deadline, local)}`
    case "Lost":
      return `with ${lossesText(outcome.executors)}`
    case "MaybeExecuted":
      return `${outcome.executorId} may have run it, and it must not run twice: ${outcome.reason}`
    case "DependencyFailed":
      return `task ${outcome.dependency} came before it, and did not succeed`
    case "Quarantined":
      return `${outcome.deaths} executors died of it: ${lossesText(outcome.executors)}`
  }
}

/** The same as JSON data; `value` and `error` are there where they can be read, else `size` is in bytes. */
export const endingData = (outcome: Outcome): Readonly<Record<string, unknown>> => {
  const told = ({ json, size }: Told, name: "value" | "error") =>
    json !== undefined ? { [name]: json } : size === 0 ? {} : { size }
  switch (outcome._tag) {
    case "Succeeded":
      return { outcome: outcome._tag, ...told(tell(outcome.value), "value") }
    case "Failed":
      return { outcome: outcome._tag, ...told(tell(outcome.error), "error") }
    case "Expired":
      return { outcome: outcome._tag, deadline: isoText(outcome.deadline) }
    case "DependencyFailed":
      return { outcome: outcome._tag, dependency: `${outcome.dependency}` }
    default: {
      const { _tag, ...rest } = outcome
      return { outcome: _tag, ...rest }
    }
  }
}
