/**
 * How calls are written, in either encoding.
 *
 * @since 0.1.0
 */
import { Context, Effect, Layer, type Scope } from "effect"
import { RpcSerialization } from "effect/rpc"
import type { WireEncoding } from "../../src/protocol/Greeting.ts"

/** An encoding of calls. */
export type Serialization = RpcSerialization.RpcSerialization["Service"]

/** The serialization of an encoding; what it reads has at most so many bytes. */
export const of = (encoding: WireEncoding, most: number): Effect.Effect<Serialization, never, Scope.Scope> =>
  encoding === "ndjson"
    ? Effect.succeed(RpcSerialization.makeNdjson({ maxBufferSize: most }))
    : Effect.map(
      Layer.build(RpcSerialization.layerSchemaBinary({ maxFrameSize: most })),
      (context) => Context.get(context, RpcSerialization.RpcSerialization)
    )
