/**
 * Calls for simple peers, in any language: each is answered, and may be made
 * again with the same `number` if the answer did not come. A `session` is 32
 * hexadecimal digits that nobody else knows.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import { Unavailable } from "../../operate/View.ts"
import { Outcome } from "../../task/Outcome.ts"
import { BlobRef, Encoding } from "../../task/Payload.ts"
import { SpecRow } from "../session/ExecutorRows.ts"
import { Needs, Permission } from "./Permission.ts"

const { Array: List, Boolean: Bool, Int, Number: Num, String: Text, Struct, Uint8Array: Bytes, optionalKey } = Schema
const Natural = Int.check(Schema.isGreaterThanOrEqualTo(0))
const session = Text.check(Schema.isPattern(/^[0-9a-f]{32}$/))
/** Milliseconds that the answer may take if there is nothing to tell. */
const wait = Num.check(Schema.isBetween({ minimum: 0, maximum: 60_000 }))
const lease = { task: Natural, epoch: Natural }

/** The session cannot go on: it is not known here any more, or is another's. */
export class SessionLost extends Schema.TaggedError<SessionLost>("cadre/protocol/rpc/ExchangeRpcs/SessionLost")(
  "SessionLost",
  { reason: Text }
) {
  override get message(): string {
    return `The session cannot go on: ${this.reason}. Begin another one`
  }
}

/** The tasks were refused, all of them. */
export class TasksRefused extends Schema.TaggedError<TasksRefused>("cadre/protocol/rpc/ExchangeRpcs/TasksRefused")(
  "TasksRefused",
  { reason: Text }
) {
  override get message(): string {
    return `The tasks were refused: ${this.reason}`
  }
}

/** An attempt to be made. */
export const ExchangedAttempt = Struct({
  ...lease,
  /** The task's name for people. */
  id: Text,
  taskName: Text,
  library: Text,
  version: Text,
  encoding: Encoding,
  payload: Bytes,
  blob: optionalKey(BlobRef)
})
/** See the schema. */
export type ExchangedAttempt = typeof ExchangedAttempt.Type

/** Outcomes in, attempts out. */
export const ExecutorRpcs = RpcGroup.make(
  Rpc.make("executor.exchange", {
    payload: {
      session,
      number: Natural,
      /** What it offers; the first time. */
      executor: optionalKey(SpecRow),
      started: List(Struct(lease)),
      ended: List(Struct({ ...lease, outcome: Outcome, retryAfter: optionalKey(Num) })),
      /** How many attempts it takes now, at most. */
      credits: Natural,
      wait
    },
    success: Struct({
      attempts: List(ExchangedAttempt),
      /** Attempts that are to be stopped; each is to be reported as ended. */
      revoked: List(Struct({ ...lease, reason: Text })),
      /** It is to end once it has reported what it has. */
      isStopping: Bool
    }),
    error: Schema.Union([SessionLost, Unavailable])
  }),
  Rpc.make("executor.leave", { payload: { session }, error: Schema.Union([SessionLost, Unavailable]) })
).middleware(Permission).annotateRpcs(Needs, ["executor"])

/** Tasks in, outcomes out. */
export const SubmitterRpcs = RpcGroup.make(
  Rpc.make("submitter.submit", {
    payload: {
      session,
      number: Natural,
      /** Names the submitter; the first time. */
      name: optionalKey(Text),
      taskName: Schema.NonEmptyString,
      library: Schema.NonEmptyString,
      version: Text,
      /** Of the task's schemas; empty for raw tasks. */
      fingerprint: Text,
      encoding: Encoding,
      payloads: List(Bytes).check(Schema.isMaxLength(1_000)),
      priority: optionalKey(Schema.Finite),
      labels: optionalKey(List(Text)),
      /** Whether they wait for an executor that can run them. */
      isPatient: Bool
    },
    /** In the order of the payloads. */
    success: Struct({ ids: List(Text) }),
    error: Schema.Union([SessionLost, TasksRefused, Unavailable])
  }),
  Rpc.make("submitter.fetch", {
    payload: {
      session,
      /** All up to that have come in, and are not told again. */
      after: Natural,
      limit: Natural,
      wait
    },
    success: Struct({
      results: List(Struct({ sequence: Natural, number: Natural, index: Natural, id: Text, outcome: Outcome }))
    }),
    error: Schema.Union([SessionLost, Unavailable])
  }),
  Rpc.make("submitter.leave", { payload: { session }, error: Schema.Union([SessionLost, Unavailable]) })
).middleware(Permission).annotateRpcs(Needs, ["submitter"])
