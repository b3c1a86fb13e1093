/**
 * The frames of sessions. A connection has many sessions, each under a channel
 * that whoever connects has numbered. All of this is JSON, or `SchemaBinary`.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { ExecutorDownRow, ExecutorUpRow, SpecRow } from "./ExecutorRows.ts"
import { TaskSpecRow } from "./Specs.ts"
import { SubmitterDownRow, SubmitterUpRow } from "./SubmitterRows.ts"

const { Array: List, Boolean: Bool, String: Text, Struct, TaggedStruct } = Schema
const Natural = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const channel = Natural
/** `first` is the number of the first message; all up to `ack` have come in. `specs` are named before they are used. */
const run = { channel, first: Natural, ack: Natural, specs: List(Schema.Tuple([Natural, TaskSpecRow])) }

/** Begins a session or, if the server still has it, goes on with it; `session` is secret and random. */
export const Open = TaggedStruct("Open", {
  channel,
  session: Schema.String.check(Schema.isPattern(/^[0-9a-f]{32}$/)),
  /** The last message that has come in. */
  received: Natural,
  /** How often it has begun, as far as the peer has heard: a beginning that it has not heard of is told again. */
  begun: Schema.optionalKey(Natural),
  as: Schema.Union([
    TaggedStruct("submitter", { name: Schema.NonEmptyString.check(Schema.isMaxLength(256)) }),
    TaggedStruct("executor", { spec: SpecRow })
  ])
})
export type Open = typeof Open.Type

/** `isResumed` if it goes on; `isKnown` if the server had tasks of that submitter. */
const Opened = TaggedStruct("Opened", { channel, isResumed: Bool, received: Natural, isKnown: Bool })

/** All up to `ack` have come in. */
const Received = TaggedStruct("Received", { channel, ack: Natural })

/** To the server. */
export const UpFrame = Schema.Union([
  Open,
  TaggedStruct("Submitter", { ...run, messages: List(SubmitterUpRow) }),
  TaggedStruct("Executor", { ...run, messages: List(ExecutorUpRow) }),
  Received,
  /** It is there. */
  TaggedStruct("Beat", {})
])
export type UpFrame = typeof UpFrame.Type

/** To a peer. */
export const DownFrame = Schema.Union([
  Opened,
  /** There will be no such session; and why. */
  TaggedStruct("Denied", { channel, reason: Text }),
  TaggedStruct("Submitter", { ...run, messages: List(SubmitterDownRow) }),
  TaggedStruct("Executor", { ...run, messages: List(ExecutorDownRow) }),
  Received,
  TaggedStruct("Beat", {})
])
export type DownFrame = typeof DownFrame.Type

/** The version of all this. Peers of another one are refused. */
export const version = 1

/** Which server it is, as a peer hears when it is let in. */
export const InfoRow = Struct({
  partition: Natural,
  generation: Natural,
  incarnation: Text,
  past: List(Struct({ generation: Natural, count: Natural })),
  isDurable: Bool,
  wallOffset: Schema.Number,
  leaseTime: Schema.optionalKey(Schema.Number)
})
