/**
 * Where the tasks of an entry are, and the lines of a task, as text.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import type { Restored } from "../dispatch/Event.ts"
import { ExecutorId } from "../task/Attempt.ts"
import { LogLine } from "../task/LogLine.ts"
import { Outcome } from "../task/Outcome.ts"

const State = Schema.fromJsonString(Schema.toCodecJson(Schema.Struct({
  generation: Schema.Number,
  first: Schema.Number,
  tasks: Schema.Array(Schema.Struct({
    index: Schema.Number,
    epoch: Schema.Number,
    deaths: Schema.Number,
    retries: Schema.optionalKey(Schema.Number),
    generation: Schema.Number,
    executorId: Schema.optionalKey(ExecutorId),
    isStarted: Schema.optionalKey(Schema.Boolean),
    retryAt: Schema.optionalKey(Schema.Number),
    outcome: Schema.optionalKey(Outcome)
  })),
  ended: Schema.optionalKey(Schema.Array(Schema.Struct({
    from: Schema.Number,
    to: Schema.Number,
    status: Schema.Literals(["succeeded", "failed", "cancelled"])
  })))
})))

/** Where the tasks of an entry are, as text. */
export const encodeState: (restored: Restored) => string = Schema.encodeSync(State)

/** Throws a `SchemaError` for what is none. */
export const decodeState: (text: string) => Restored = Schema.decodeUnknownSync(State)

/** Lines with the attempt that wrote each. */
const Lines = Schema.fromJsonString(Schema.toCodecJson(Schema.Array(Schema.Tuple([Schema.Int, LogLine]))))

/** Lines of one task, with the attempt that wrote each. */
export type TaskLines = ReadonlyArray<readonly [epoch: number, line: LogLine]>

/** Lines of one task as text. */
export const encodeLines: (lines: TaskLines) => string = Schema.encodeSync(Lines)

/** Throws a `SchemaError` for what is none. */
export const decodeLines: (text: string) => TaskLines = Schema.decodeUnknownSync(Lines)
