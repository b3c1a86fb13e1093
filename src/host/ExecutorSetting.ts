/**
 * What a process with executors is told when it is started.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

const Amount = Schema.Int.check(Schema.isGreaterThan(0))

/** What it runs, and for whom. */
export const ExecutorSetting = Schema.Struct({
  /** The server's address; the server of this machine where absent. */
  address: Schema.optionalKey(Schema.String),
  /** What the server calls the process, if it has started it. */
  process: Schema.optionalKey(Schema.String),
  /** The module, for people: a path. */
  name: Schema.String,
  /** URLs: the module, and what its threads are started with. */
  module: Schema.String,
  thread: Schema.String,
  threads: Schema.optionalKey(Amount),
  slots: Schema.optionalKey(Amount),
  memory: Schema.optionalKey(Amount),
  labels: Schema.Array(Schema.String)
})
export type ExecutorSetting = typeof ExecutorSetting.Type

const text = Schema.fromJsonString(ExecutorSetting)

/** As one word of a command line. It holds no secret. */
export const settingText: (setting: ExecutorSetting) => string = Schema.encodeSync(text)

/** The setting that a word is. */
export const parseSetting = Schema.decodeUnknownOption(text)
