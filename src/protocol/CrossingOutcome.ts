/**
 * Outcomes on their way to another thread: what travels beside the bytes of a
 * result is not seen by who copies it, unless it is put in plain sight.
 *
 * @since 0.1.0
 */
import type { Outcome } from "../task/Outcome.ts"
import { partsOf, withParts } from "../task/Parts.ts"
import { TaskId } from "../task/TaskId.ts"

interface Crossing {
  readonly parts?: ReadonlyArray<Uint8Array>
}

/** The bytes themselves, if they are most of their buffer; else a copy of just them: a view takes all of its buffer along. */
export const compact = (bytes: Uint8Array): Uint8Array =>
  2 * bytes.byteLength >= bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)

/** The outcome as it may cross. */
export const leaving = (outcome: Outcome): Outcome => {
  if (outcome._tag !== "Succeeded") return outcome
  const { bytes, encoding } = outcome.value
  const parts = partsOf(bytes)
  const value: typeof outcome.value & Crossing = {
    encoding,
    bytes: compact(bytes),
    ...(parts && { parts })
  }
  return { _tag: "Succeeded", value }
}

/** The outcome as it was before it crossed. */
export const arrived = (outcome: Outcome): Outcome => {
  // Of what is no plain data only the fields have crossed.
  if (outcome._tag === "DependencyFailed") return { ...outcome, dependency: new TaskId(outcome.dependency) }
  if (outcome._tag !== "Succeeded") return outcome
  const value: typeof outcome.value & Crossing = outcome.value
  if (value.parts !== undefined) withParts(value.bytes, value.parts)
  return outcome
}
