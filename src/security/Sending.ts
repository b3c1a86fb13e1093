/**
 * To whom credentials are sent: to servers whose certificate has been checked,
 * and on this machine. Whoever else answered there could use them.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import type { Address } from "../protocol/Address.ts"
import { isLoopback } from "./Binding.ts"

/** Nothing is sent there, as anybody could read along. */
export class SendRefused extends Schema.TaggedError<SendRefused>("cadre/security/Sending/SendRefused")(
  "SendRefused",
  { host: Schema.String, port: Schema.Int }
) {
  override get message(): string {
    return `Nothing is sent to tcp://${this.host}:${this.port}: another machine is reached over TLS alone, ` +
      `as anybody on the way could read along. Use tls://${this.host}:${this.port}`
  }
}

/** Why one must not connect there; undefined if one may. */
export const judge = (address: Address): SendRefused | undefined =>
  address._tag === "Tcp" && !isLoopback(address.host)
    ? new SendRefused({ host: address.host, port: address.port })
    : undefined
