/**
 * What an executor needs to know of each kind of task that it may be given:
 * the handler, and how its payload, result and errors are read and written.
 *
 * @since 0.1.0
 */
import { Cause, Context, Effect, Exit, type Schema, Scope } from "effect"
import type { Implementation } from "../services/TaskLibrary.ts"
import type { Offer } from "../src/dispatch/Event.ts"
import type { Attempt } from "../src/protocol/ExecutorPort.ts"
import { isValue } from "../src/task/Immediate.ts"
import type { Defect, Outcome } from "../src/task/Outcome.ts"
import type { Encoding } from "../src/task/Payload.ts"
import { PayloadCodec } from "../src/task/PayloadCodec.ts"
import { decodeWith, type ReferencedResult } from "../src/task/Reference.ts"
import { delayFor } from "../src/task/Retry.ts"
import type { Sealer } from "../src/task/Secret.ts"
import { type TaskDefinition, toSpec } from "../src/task/TaskDefinition.ts"
import type { TaskSpec } from "../src/task/TaskSpec.ts"

type Coded = Effect.Effect<Uint8Array, Schema.SchemaError, unknown>

/** One kind of task. */
export interface Handling {
  readonly definition: TaskDefinition.Any
  readonly handler: (payload: unknown) => Effect.Effect<unknown, unknown, unknown>
  /** All that its handler may ask for, but for what each attempt gets. */
  readonly context: Context.Context<never>
  readonly encoding: Encoding
  readonly decodePayload: (attempt: Attempt) => Effect.Effect<unknown, Schema.SchemaError, unknown>
  readonly encodeSuccess: (value: unknown) => Coded
  readonly encodeError: (error: unknown) => Coded
  readonly encodeProgress: (value: unknown) => Coded
}

/** What the executor says it can do. */
export const offers = (implementations: ReadonlyArray<Implementation>): ReadonlyArray<Offer> =>
  implementations.map(({ library: { encoding, name, tasks, version } }) => ({
    name,
    version,
    tasks: Object.fromEntries([...tasks].map(([taskName, definition]) => [
      taskName,
      toSpec(definition, { libraryName: name, version, encoding }).requirement.fingerprint
    ]))
  }))

/** Finds the handling of a kind of task; that of a kind met before at once. */
export const handlings = (
  implementations: ReadonlyArray<Implementation>,
  provides: Context.Context<never>,
  sealer: Sealer | undefined,
  payloads?: "kept" | "owned"
): (spec: TaskSpec) => Handling | undefined => {
  const found = new WeakMap<TaskSpec, { readonly handling: Handling | undefined }>()
  const find = ({ encoding, requirement }: TaskSpec): Handling | undefined => {
    const implementation = implementations.find(({ library }) => library.name === requirement.library)
    const definition = implementation?.library.tasks.get(requirement.taskName)
    const handler = implementation?.handlers.get(requirement.taskName)
    if (implementation === undefined || definition === undefined || handler === undefined) return undefined
    const payload = PayloadCodec.make(definition.payload, encoding, sealer)
    const results = [definition.success, definition.error, definition.progress].map((schema) =>
      PayloadCodec.make(schema, encoding, sealer)
    )
    // The handler's types were checked where it was given; a codec refuses whatever is of another type.
    const [encodeSuccess, encodeError, encodeProgress] = results.map(({ encode, encodeApart }, index) =>
      (index === 0 && payloads !== undefined ? encodeApart : encode) as (value: unknown) => Coded
    )
    const decode = payloads === "owned" ? payload.take : payload.decode
    return {
      definition,
      handler,
      encoding,
      context: Context.merge(implementation.context, provides),
      decodePayload: (attempt) =>
        attempt.refFields === undefined
          ? decode(attempt.payload)
          : decodeWith(definition.payload, encoding, sealer, attempt.payload, referenced(attempt)),
      encodeSuccess: encodeSuccess!,
      encodeError: encodeError!,
      encodeProgress: encodeProgress!
    }
  }
  return (spec) => {
    let known = found.get(spec)
    if (known === undefined) found.set(spec, known = { handling: find(spec) })
    return known.handling
  }
}

const referenced = ({ assignment: { refs = [] }, refFields = [] }: Attempt): ReadonlyArray<ReferencedResult> =>
  refFields.flatMap((field, index) => {
    const outcome = refs[index]
    return outcome?._tag === "Succeeded" ? [{ field, payload: outcome.value }] : []
  })

/** A defect as it crosses to the submitter. */
export const describeDefect = (defect: unknown): Defect => {
  if (!(defect instanceof Error)) return { name: "Defect", message: typeof defect === "string" ? defect : show(defect) }
  const { message, name, stack } = defect
  const unmet = unmetService(message)
  return { name, message: unmet ?? message, ...(stack !== undefined && { stack }) }
}

/** What to do about a service that somebody has asked for in vain; undefined for any other message. */
export const unmetService = (message: string): string | undefined => {
  const service = /^Service not found: (\S+)/.exec(message)?.[1]
  return service === undefined
    ? undefined
    : `It needs the service ${service}, which nobody provides: give its Layer to the implementation with Layer.provide`
}

const show = (value: unknown): string => {
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return String(value)
  }
}

/** The outcome, and how long to wait before another attempt if there is to be one. */
export interface Judged {
  readonly outcome: Outcome
  readonly retryAfter?: number
}

const crashed = (defect: unknown): Judged => ({ outcome: { _tag: "Crashed", defect: describeDefect(defect) } })

/** The outcome of a handler that has ended with a result, if nothing about it takes time. */
export const succeedNow = ({ encodeSuccess, encoding }: Handling, value: unknown): Outcome | undefined => {
  const coded = encodeSuccess(value)
  return isValue(coded) ? { _tag: "Succeeded", value: { encoding, bytes: coded.value } } : undefined
}

/** What the handler of a task returns for a payload, if that is as it must be. */
export const call = ({ definition, handler }: Handling, payload: unknown): Effect.Effect<unknown, unknown, unknown> => {
  try {
    const result = handler(payload)
    if (Effect.isEffect(result)) return result
    return Exit.die(new TypeError(`The handler of task ${definition.name} has not returned an Effect`))
  } catch (defect) {
    return Exit.die(defect)
  }
}

/** Runs what a handler has returned in that scope, which is closed with it, and judges how it ended. */
export const judged = (
  handling: Handling,
  { assignment: { batch: { trace }, retries } }: Attempt,
  result: Effect.Effect<unknown, unknown, unknown>,
  startedAt: number,
  scope: Scope.Closeable
): Effect.Effect<Judged, never, unknown> => {
  // As `Effect.scoped`, with a scope that is in the fiber's context from the beginning.
  const scoped = Effect.onExit(result, (exit) => Scope.closeUnsafe(scope, exit) ?? Effect.void)
  const traced = trace === undefined ? scoped : Effect.withSpan(scoped, handling.definition.name, {
    kind: "consumer",
    parent: { _tag: "ExternalSpan", ...trace, sampled: true, annotations: Context.empty() }
  })
  return Effect.flatMap(Effect.exit(traced), (exit) => judge(handling, exit, retries + 1, startedAt))
}

/** What a handler's end at its `attempt`th try means: its result and its errors are told from everything else that may come of it. */
export const judge = (
  { definition, encodeError, encodeSuccess, encoding }: Handling,
  exit: Exit.Exit<unknown, unknown>,
  attempt: number,
  now: number
): Effect.Effect<Judged, never, unknown> => {
  if (Exit.isSuccess(exit)) {
    const coded = encodeSuccess(exit.value)
    if (isValue(coded)) return Exit.succeed(succeeded(encoding, coded.value))
    return Effect.match(coded, {
      onSuccess: (bytes) => succeeded(encoding, bytes),
      onFailure: ({ message }) => crashed(invalid(definition, "result", message))
    })
  }
  const failure = exit.cause.reasons.find(Cause.isFailReason)
  if (failure === undefined) {
    return Exit.succeed(
      Cause.hasInterruptsOnly(exit.cause)
        ? { outcome: { _tag: "Interrupted", by: "its own handler", cleanly: true } }
        : crashed(Cause.squash(exit.cause))
    )
  }
  return Effect.matchEffect(encodeError(failure.error), {
    onFailure: ({ message }) => Effect.succeed(crashed(undeclared(definition, failure.error, message))),
    onSuccess: (bytes) =>
      Effect.map(delayFor(definition, failure.error, attempt, now), (retryAfter): Judged => ({
        outcome: { _tag: "Failed", error: { encoding, bytes } },
        ...(retryAfter._tag === "Some" && { retryAfter: retryAfter.value })
      }))
  })
}

const succeeded = (encoding: Encoding, bytes: Uint8Array): Judged => ({
  outcome: { _tag: "Succeeded", value: { encoding, bytes } }
})

const invalid = ({ name }: TaskDefinition.Any, what: string, issue: string): Defect & Error =>
  Object.assign(new TypeError(`The ${what} of task ${name} does not match its schema: ${issue}`), {
    name: "InvalidResult"
  })

const undeclared = (definition: TaskDefinition.Any, error: unknown, issue: string): unknown =>
  error instanceof Error ? error : invalid(definition, "error", `${show(error)}: ${issue}`)

/** A payload that this executor's schema refuses, although the submitter's did not. */
export const invalidPayload = (definition: TaskDefinition.Any, { message }: Schema.SchemaError): Judged =>
  crashed(invalid(definition, "payload", message))
