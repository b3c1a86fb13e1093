/**
 * How large payloads and results come to a server, and from it, piece by piece.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import { BlobInvalid, BlobMissing, BlobsFailed } from "../../blob/BlobFailed.ts"
import { BlobRef } from "../../task/Payload.ts"
import { Needs, Permission } from "./Permission.ts"

const { Boolean: Bool, Int, Union, Uint8Array: Bytes } = Schema

/** For those who submit and run tasks. */
export const BlobRpcs = RpcGroup.make(
  Rpc.make("blob.has", { payload: { blob: BlobRef }, success: Bool, error: BlobsFailed }),
  Rpc.make("blob.put", {
    payload: { blob: BlobRef, offset: Int, piece: Bytes },
    error: Union([BlobInvalid, BlobsFailed])
  }),
  Rpc.make("blob.get", {
    payload: { blob: BlobRef, offset: Int },
    success: Bytes,
    error: Union([BlobMissing, BlobsFailed])
  })
).middleware(Permission).annotateRpcs(Needs, ["submitter", "executor", "operator"])
