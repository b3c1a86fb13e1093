/**
 * Why a server does not listen.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/** Somebody else listens there. */
export class AddressInUse extends Schema.TaggedError<AddressInUse>("cadre/wire/ListenFailed/AddressInUse")(
  "AddressInUse",
  { address: Schema.String }
) {
  override get message(): string {
    return `Somebody listens at ${this.address} already: stop that server, or choose another address`
  }
}

/** It is not possible to listen there. */
export class ListenFailed extends Schema.TaggedError<ListenFailed>("cadre/wire/ListenFailed/ListenFailed")(
  "ListenFailed",
  { address: Schema.String, problem: Schema.String }
) {
  override get message(): string {
    return `The server cannot listen at ${this.address}: ${this.problem}`
  }
}
