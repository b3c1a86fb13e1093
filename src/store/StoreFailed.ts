/**
 * Why a store cannot be used: what is wrong, where, and what to do.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/** Another server has the store. */
export class StoreInUse extends Schema.TaggedError<StoreInUse>("cadre/store/StoreFailed/StoreInUse")(
  "StoreInUse",
  { path: Schema.String, owner: Schema.String, pid: Schema.Int }
) {
  override get message(): string {
    return `The store ${this.path} is in use by ${this.owner} (PID ${this.pid}): stop that server, or name another store`
  }
}

/** The store cannot be read, or was made by a newer version. */
export class StoreUnusable extends Schema.TaggedError<StoreUnusable>("cadre/store/StoreFailed/StoreUnusable")(
  "StoreUnusable",
  { path: Schema.String, problem: Schema.String }
) {
  override get message(): string {
    return `The store ${this.path} cannot be used: ${this.problem}`
  }
}

/** Reading or writing failed: the disk is full, or broken. */
export class StoreFailed extends Schema.TaggedError<StoreFailed>("cadre/store/StoreFailed/StoreFailed")(
  "StoreFailed",
  { path: Schema.String, problem: Schema.String }
) {
  override get message(): string {
    return `The store ${this.path} failed: ${this.problem}`
  }
}
