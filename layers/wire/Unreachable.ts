/**
 * Why a server cannot be reached.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/** Nobody answers there, or not as a server does. */
export class Unreachable extends Schema.TaggedError<Unreachable>("cadre/wire/Unreachable/Unreachable")("Unreachable", {
  address: Schema.String,
  problem: Schema.String,
  /** What the system says: `ENOENT` and `ECONNREFUSED` where no server is. */
  code: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    return `No server can be reached at ${this.address}: ${this.problem}`
  }
}

/** The server does not let it in. */
export class NotAdmitted extends Schema.TaggedError<NotAdmitted>("cadre/wire/Unreachable/NotAdmitted")("NotAdmitted", {
  address: Schema.String,
  roles: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return `The server at ${this.address} lets nobody in as ${this.roles.join(", ")} with that token or certificate`
  }
}

/** The server is of another version. */
export class VersionDiffers extends Schema.TaggedError<VersionDiffers>("cadre/wire/Unreachable/VersionDiffers")(
  "VersionDiffers",
  { address: Schema.String, problem: Schema.String }
) {
  override get message(): string {
    return `The server at ${this.address} cannot be talked to: ${this.problem}`
  }
}

/** Why there is no connection. */
export type ConnectError = Unreachable | NotAdmitted | VersionDiffers
