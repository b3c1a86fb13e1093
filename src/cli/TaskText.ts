/**
 * Payloads and results of a task as JSON, and what became of a task in words.
 *
 * @since 0.1.0
 */
import { Cause, Effect, Exit, Schema, SchemaIssue, SchemaParser } from "effect"
import { exitOf } from "../task/Coding.ts"
import type { TaskDefinition } from "../task/TaskDefinition.ts"
import type { MaybeExecuted } from "../task/TaskError.ts"
import { type TaskOutcome, toExit } from "../task/TaskOutcome.ts"
import { failureText } from "./Ending.ts"

/** An outcome of any task. */
export type AnyOutcome = TaskOutcome<unknown, unknown, unknown>

/** An outcome as it is printed: JSON data. */
export interface OutcomeRecord {
  readonly index: number
  readonly line?: number
  readonly taskId: string
  readonly outcome: AnyOutcome["_tag"]
  /** What the handler returned; absent where the task has no result, or did not succeed. */
  readonly value?: unknown
  /** What the handler failed with. */
  readonly error?: unknown
  /** Why it did not succeed, in words. */
  readonly message?: string
}

const issueText = (error: unknown): string =>
  SchemaIssue.isIssue(error)
    ? new Schema.SchemaError(error).message
    : error instanceof Error
    ? error.message
    : String(error)

const isVoid = (schema: Schema.Top): boolean => schema.ast._tag === "Void" && schema.ast.encoding === undefined

/** Whether a task takes no payload at all. */
export const takesNothing = (task: TaskDefinition.Any): boolean => isVoid(task.payload)

/** Reads a payload from JSON data; fails with what was expected, and at which path. */
export const payloadReader = (
  task: TaskDefinition.Any
): (json: unknown) => Effect.Effect<unknown, string> => {
  if (isVoid(task.payload)) {
    return (json) =>
      json === undefined || json === null
        ? Exit.void
        : Exit.fail(`Task ${task.name} takes no payload: expected null, got ${JSON.stringify(json)}`)
  }
  // A field that the task does not have is a mistake of who wrote it, not something to pass over.
  const decode = SchemaParser.decodeUnknownEffect(Schema.toCodecJson(task.payload), {
    onExcessProperty: "error",
    errors: "all"
  })
  return (json) => {
    const decoded = decode(json)
    const exit = exitOf(decoded)
    if (exit !== undefined && Exit.isSuccess(exit)) return Exit.succeed(exit.value)
    // A schema that needs services cannot be used where there are none: it dies here, and says what it misses.
    return Effect.mapError(decoded, issueText) as Effect.Effect<unknown, string>
  }
}

/** Turns a value into JSON data, or says why that cannot be. */
export type Printer = (
  value: unknown
) => Effect.Effect<{ readonly json?: unknown; readonly problem?: string }>

/** A printer for values of a schema. */
export const printer = (schema: Schema.Top): Printer => {
  if (isVoid(schema)) return () => Exit.succeed({})
  const encode = SchemaParser.encodeUnknownEffect(Schema.toCodecJson(schema))
  return (value) =>
    // As above: what needs services becomes a problem like any other.
    Effect.matchCause(Effect.suspend(() => encode(value) as Effect.Effect<unknown, SchemaIssue.Issue>), {
      onSuccess: (json) => ({ json }),
      onFailure: (cause) => ({ problem: `It cannot be shown as JSON: ${issueText(Cause.squash(cause))}` })
    })
}

/** Why a task gave no result, in words; a defect with its stack. */
export const outcomeText = (outcome: AnyOutcome): string => {
  if (outcome._tag === "Failed") return failureText(outcome.error)
  const exit = toExit<unknown, unknown, unknown, MaybeExecuted>(outcome)
  if (Exit.isSuccess(exit)) return ""
  const reason = exit.cause.reasons[0]
  return reason !== undefined && Cause.isFailReason(reason) ? failureText(reason.error) : Cause.pretty(exit.cause)
}

/** JSON for people: on one line where that is short. */
export const jsonText = (value: unknown): string => {
  const line = JSON.stringify(value)
  return line.length <= 100 ? line : JSON.stringify(value, undefined, 2)
}

/** Makes records of a task's outcomes, whose stacks `mapped` may translate. `line` is where the payload stood. */
export const recorder = (task: TaskDefinition.Any, mapped: (text: string) => string) => {
  const [value, error] = [printer(task.success), printer(task.error)]
  return (outcome: AnyOutcome, line?: number): Effect.Effect<OutcomeRecord> => {
    const start = {
      index: outcome.index,
      ...(line !== undefined && { line }),
      taskId: outcome.taskId,
      outcome: outcome._tag
    }
    switch (outcome._tag) {
      case "Succeeded":
        return Effect.map(value(outcome.value), ({ json, problem }) => ({
          ...start,
          ...(json !== undefined && { value: json }),
          ...(problem !== undefined && { message: problem })
        }))
      case "Failed":
        return Effect.map(error(outcome.error), ({ json }) => ({
          ...start,
          ...(json !== undefined && { error: json }),
          message: outcomeText(outcome)
        }))
      default:
        return Effect.succeed({ ...start, message: mapped(outcomeText(outcome)) })
    }
  }
}

/** The JSON Schema of what somebody writes or reads; undefined where a schema has none. */
export const jsonSchema = (schema: Schema.Top): unknown => {
  if (isVoid(schema) || schema.ast._tag === "Never") return undefined
  try {
    const { definitions, schema: root } = Schema.toJsonSchemaDocument(schema, { onExcessProperty: "error" })
    return Object.keys(definitions).length === 0 ? root : { ...root, $defs: definitions }
  } catch {
    return undefined
  }
}
