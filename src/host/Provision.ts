/**
 * What a server is asked to have executors for: a module that lies on its
 * machine, ready to be started.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

const Amount = Schema.Int.check(Schema.isGreaterThan(0))

/** A module, and how it is to be run. */
export const Provision = Schema.Struct({
  /** Names it: the URL of its source. */
  module: Schema.String,
  /** Of its contents: another one is another version of the module. */
  key: Schema.String,
  /** File URLs: the module itself, what a process is started with, and what its threads are. */
  entries: Schema.Struct({ module: Schema.String, executor: Schema.String, thread: Schema.String }),
  /** Conditions of imports, for modules that are not bundled. */
  conditions: Schema.Array(Schema.String),
  /** How many threads at most; as many as the machine runs at a time where absent. */
  threads: Schema.optionalKey(Amount),
  /** How many attempts a thread runs at a time. */
  slots: Schema.optionalKey(Amount),
  /** Bytes that a thread may use. */
  memory: Schema.optionalKey(Amount),
  labels: Schema.Array(Schema.String),
  /** The working directory of its tasks. */
  cwd: Schema.String
})
export type Provision = typeof Provision.Type

/** How far the executors of a module are. */
export const ProvisionState = Schema.Union([
  Schema.TaggedStruct("Starting", {}),
  Schema.TaggedStruct("Ready", { executors: Schema.Array(Schema.String) }),
  Schema.TaggedStruct("Failed", { reason: Schema.String })
])
export type ProvisionState = typeof ProvisionState.Type

/** What a process with executors says of itself: `process` is what it was started as, or its own name. */
export const ProcessReport = Schema.Union([
  Schema.TaggedStruct("Ready", {
    process: Schema.String,
    pid: Schema.Int,
    /** Names the machine. */
    node: Schema.String,
    executors: Schema.Array(Schema.String),
    /** The names of the tasks that it can run. */
    tasks: Schema.Array(Schema.String)
  }),
  Schema.TaggedStruct("Failed", { process: Schema.String, reason: Schema.String })
])
export type ProcessReport = typeof ProcessReport.Type

/** A process of the pool, as people see it. */
export const ProcessRow = Schema.Struct({
  process: Schema.String,
  pid: Schema.optionalKey(Schema.Int),
  module: Schema.String,
  threads: Schema.Int,
  state: Schema.Literals(["starting", "ready", "draining"])
})
export type ProcessRow = typeof ProcessRow.Type

/** What a pool has in hand: processes, and modules that could not be started with the reason. */
export const PoolView = Schema.Struct({
  processes: Schema.Array(ProcessRow),
  failed: Schema.Array(Schema.Struct({ module: Schema.String, reason: Schema.String }))
})
export type PoolView = typeof PoolView.Type

/** Provisions of one family are versions of one module, run in the same way: the newest takes the place of the others. */
export const familyOf = ({ cwd, labels, memory, module, slots, threads }: Provision): string =>
  JSON.stringify([module, cwd, labels.toSorted(), memory, slots, threads])

/** The same id for the same module run in the same way. */
export const idOf = (provision: Provision): string => JSON.stringify([familyOf(provision), provision.key])
