/** What a measurement is, and how its rounds become one number. */
import { type Effect, Schema } from "effect"

/** How much is measured: `quick` says something, `smoke` only that it runs. */
export type Profile = "quick" | "smoke"

/** One measured number, a median of rounds. */
export const Result = Schema.Struct({
  name: Schema.String,
  measured: Schema.Finite,
  unit: Schema.String,
  target: Schema.optionalKey(
    Schema.Union([Schema.Struct({ atLeast: Schema.Finite }), Schema.Struct({ atMost: Schema.Finite })])
  ),
  /** The same of something else, measured in the same run. */
  against: Schema.optionalKey(Schema.Struct({ name: Schema.String, measured: Schema.Finite }))
})
export type Result = typeof Result.Type

/** One or several results that are measured together. */
export interface Figure {
  readonly name: string
  readonly description: string
  readonly measure: (profile: Profile) => Effect.Effect<ReadonlyArray<Result>, unknown>
}

/** The middle one of the numbers; of an even count, the mean of the two in the middle. */
export const median = (numbers: ReadonlyArray<number>): number => {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** How good a result is: 1 is on target, above is better. */
export const ratio = ({ measured, target }: Result): number | undefined => {
  if (target === undefined) return undefined
  if ("atLeast" in target) return measured / target.atLeast
  // Where there is to be none.
  return target.atMost === 0 ? Number(measured === 0) : target.atMost / measured
}
