/**
 * What a server must know of a kind of task in order to place it: all of it is
 * plain data, none of it needs the task's code.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { NodeId } from "./Attempt.ts"
import { Encoding } from "./Payload.ts"

const Amount = Schema.Number.check(Schema.isGreaterThanOrEqualTo(0))

/** A vector of resources: cores, bytes of memory, slots. */
export const Resources = Schema.Struct({ cpu: Amount, bytes: Amount, slots: Amount })
export type Resources = typeof Resources.Type

/**
 * At most `concurrency` attempts at once, or at most `rate` starts in any
 * `per` milliseconds (a token bucket), over all tasks that name the limit.
 */
export const Limit = Schema.Union([
  Schema.Struct({ name: Schema.NonEmptyString, concurrency: Schema.Int.check(Schema.isGreaterThan(0)) }),
  Schema.Struct({
    name: Schema.NonEmptyString,
    rate: Schema.Int.check(Schema.isGreaterThan(0)),
    per: Schema.Number.check(Schema.isGreaterThan(0))
  })
])
export type Limit = typeof Limit.Type

/** `atMostOnce` is never started twice: when in doubt it ends as `MaybeExecuted`. */
export const Delivery = Schema.Literals(["atLeastOnce", "atMostOnce"])
export type Delivery = typeof Delivery.Type

/** Which executors may run a task: those that offer all that is asked for here. */
export const Requirement = Schema.Struct({
  library: Schema.NonEmptyString,
  version: Schema.String,
  /** Of the task's schemas; executors and submitters must agree. */
  fingerprint: Schema.String,
  taskName: Schema.NonEmptyString,
  /** Keys of the services that the executor must provide. */
  services: Schema.Array(Schema.String),
  labels: Schema.Array(Schema.String),
  node: Schema.optionalKey(NodeId),
  /** Taken from the executor's node while the attempt lasts; `{ cpu: 0, bytes: 0, slots: 1 }` where absent. */
  demand: Schema.optionalKey(Resources)
})
export type Requirement = typeof Requirement.Type

/** The kind of a task: shared by all tasks of one definition that were submitted with the same options. */
export const TaskSpec = Schema.Struct({
  requirement: Requirement,
  encoding: Encoding,
  delivery: Delivery,
  /** Milliseconds that one attempt may take. */
  timeout: Schema.optionalKey(Amount),
  /** How many attempts may be made in all when executors are lost. */
  attempts: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThan(0))),
  /** Milliseconds for which a result may stand for later tasks with the same payload. */
  cache: Schema.optionalKey(Amount),
  /** Milliseconds between a request to stop and a kill. */
  grace: Amount,
  limits: Schema.Array(Limit)
})
export type TaskSpec = typeof TaskSpec.Type
