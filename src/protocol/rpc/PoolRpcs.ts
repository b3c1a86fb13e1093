/**
 * What programs of this machine ask of its server: executors for their modules.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import { PoolView, ProcessReport, Provision, ProvisionState } from "../../host/Provision.ts"
import { Unavailable } from "../../operate/View.ts"
import { ConnectionLost } from "../../task/TaskError.ts"
import { Nearby, Needs, Permission } from "./Permission.ts"

const failed = Schema.Union([ConnectionLost, Unavailable])

/** Only over a unix socket: a module is started from its path. */
export const PoolRpcs = RpcGroup.make(
  Rpc.make("pool.provide", { payload: Provision, success: ProvisionState, error: failed, stream: true }),
  Rpc.make("pool.report", { payload: { report: ProcessReport }, error: failed }),
  Rpc.make("pool.view", { success: PoolView, error: failed })
).middleware(Permission).annotateRpcs(Needs, ["submitter", "executor", "operator"]).annotateRpcs(Nearby, true)
