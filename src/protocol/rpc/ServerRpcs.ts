/**
 * What submitters and executors elsewhere ask of a `Server` beside their
 * sessions, as calls.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import { ExecutorId } from "../../task/Attempt.ts"
import { Outcome } from "../../task/Outcome.ts"
import { Needs, Permission } from "./Permission.ts"

const { Array: List, Boolean: Bool, Int, Number: Num, String: Text, TaggedStruct, optionalKey } = Schema

const ServerStatus = Schema.Struct({
  executors: List(Schema.Struct({ executorId: Text, slots: Int, leases: Int, abandoned: Int, isDraining: Bool })),
  submissions: Int,
  refused: Int,
  repeated: Int
})

const running = { executorId: Text, epoch: Int }

/** Why a task does not run, or how far it is. */
const Explanation = Schema.Union([
  TaggedStruct("Unknown", {}),
  TaggedStruct("Ended", {}),
  TaggedStruct("Ending", {}),
  TaggedStruct("Running", running),
  TaggedStruct("Assigned", running),
  TaggedStruct("Stopping", running),
  TaggedStruct("WaitsForOthers", { count: Int }),
  TaggedStruct("WaitsForTime", { at: Schema.UndefinedOr(Num) }),
  TaggedStruct("WaitsForExecutor", { missing: List(Text) }),
  TaggedStruct("WaitsForLimit", { limits: List(Text) }),
  TaggedStruct("WaitsForCapacity", { passedOver: Int }),
  TaggedStruct("WaitsItsTurn", {}),
  TaggedStruct("WaitsForReturn", { executorId: Text }),
  TaggedStruct("WaitsForSession", { executorId: Text }),
  TaggedStruct("Retries", { epoch: Int })
])

/** One transition; of the last three at most one is there. */
export const TransitionRow = Schema.Struct({
  sequence: Int,
  at: Num,
  kind: Schema.Literals([
    "Accepted",
    "Assigned",
    "Started",
    "Adopted",
    "Released",
    "Retrying",
    "Stopping",
    "Ended",
    "Joined",
    "Left",
    "Forgotten"
  ]),
  task: Int,
  count: Int,
  epoch: Int,
  executorId: optionalKey(ExecutorId),
  outcome: optionalKey(Outcome),
  text: optionalKey(Text),
  number: optionalKey(Num)
})
/** See the schema. */
export type TransitionRow = typeof TransitionRow.Type

/** For whoever was let in. */
const open = RpcGroup.make(
  Rpc.make("server.status", { success: ServerStatus }),
  Rpc.make("server.explain", { payload: { id: Text }, success: Explanation })
).middleware(Permission).annotateRpcs(Needs, ["submitter", "executor", "operator"])

/** For operators. */
const closed = RpcGroup.make(
  Rpc.make("server.drain", { payload: { executorId: optionalKey(Text) } }),
  Rpc.make("server.records", { payload: { capacity: Int }, success: TransitionRow, stream: true })
).middleware(Permission)

/** All of them. */
export const ServerRpcs = open.merge(closed)
