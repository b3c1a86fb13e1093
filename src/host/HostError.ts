/**
 * Why there is no server to talk to, or no executor to run what was asked for.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/** A setting, or a folder that a setting names, cannot be used as it is. */
export class SettingInvalid extends Schema.TaggedError<SettingInvalid>("cadre/host/HostError/SettingInvalid")(
  "SettingInvalid",
  {
    /** The variable, or the folder. */
    what: Schema.String,
    problem: Schema.String,
    mend: Schema.String
  }
) {
  override get message(): string {
    return `${this.what}: ${this.problem}. ${this.mend}`
  }
}

/** No server answers, and none could be started. */
export class NoServer extends Schema.TaggedError<NoServer>("cadre/host/HostError/NoServer")("NoServer", {
  address: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `There is no server at ${this.address}: ${this.reason}`
  }
}

/** A server answers, and this program cannot be its client: another version, or not let in. */
export class ServerRefused extends Schema.TaggedError<ServerRefused>("cadre/host/HostError/ServerRefused")(
  "ServerRefused",
  { address: Schema.String, reason: Schema.String }
) {
  override get message(): string {
    return this.reason
  }
}

/** A server is there already: two cannot share a folder. */
export class AlreadyRunning extends Schema.TaggedError<AlreadyRunning>("cadre/host/HostError/AlreadyRunning")(
  "AlreadyRunning",
  { address: Schema.String, pid: Schema.optionalKey(Schema.Int) }
) {
  override get message(): string {
    const who = this.pid === undefined ? "" : ` (process ${this.pid})`
    return `A server is running already${who}: ${this.address}. Stop it with cadre server stop, or give this one a ` +
      "folder of its own with CADRE_RUNTIME_DIR"
  }
}

/** A server cannot be what its settings say. */
export class CannotServe extends Schema.TaggedError<CannotServe>("cadre/host/HostError/CannotServe")("CannotServe", {
  reason: Schema.String
}) {
  override get message(): string {
    return `The server cannot run: ${this.reason}`
  }
}

/** The executors of a module cannot be started, or did not live. */
export class ExecutorsFailed extends Schema.TaggedError<ExecutorsFailed>("cadre/host/HostError/ExecutorsFailed")(
  "ExecutorsFailed",
  { module: Schema.String, reason: Schema.String }
) {
  override get message(): string {
    return `No executor can run ${this.module}: ${this.reason}`
  }
}

/** All of them. */
export type HostError = AlreadyRunning | CannotServe | ExecutorsFailed | NoServer | ServerRefused | SettingInvalid
