/**
 * Where a server may listen: on a unix socket, whose file says who may connect,
 * and on loopback, always; elsewhere only over TLS and for peers that prove who
 * they are. Otherwise anybody on the network could run code here.
 *
 * @since 0.1.0
 */
import { Result, Schema } from "effect"
import * as NetAddress from "effect/net/NetAddress"

/** Where a server is to listen; `host` is undefined for a unix socket. */
export interface Binding {
  readonly host: string | undefined
  readonly isTls: boolean
  /** Peers may show a token. */
  readonly hasTokens: boolean
  /** Peers may show a certificate of a known authority. */
  readonly hasClientCertificates: boolean
}

const keyCommands = "`cadre key ca` and `cadre key server` make certificates"

/** The server does not listen there, as nothing would protect it. */
export class BindRefused extends Schema.TaggedError<BindRefused>("cadre/security/Binding/BindRefused")(
  "BindRefused",
  { host: Schema.String, lacks: Schema.Literals(["tls", "credentials"]) }
) {
  override get message(): string {
    const where = isEverywhere(this.host) ? "on all networks of this machine" : `on ${this.host}`
    return this.lacks === "tls"
      ? `The server does not listen ${where} without TLS: whoever reads along could do all that its peers can. ` +
        `Use tls://, ${keyCommands}; or listen on 127.0.0.1 or a unix socket`
      : `The server does not listen ${where} for peers that prove nothing: anybody who reaches it could run code here. ` +
        "Give it tokens (`cadre key token --role executor`) or the authority of client certificates (`cadre key client`)"
  }
}

/** Whether a host stands for every address of the machine. */
const isEverywhere = (host: string): boolean => {
  if (host === "" || host === "*") return true
  const ip = NetAddress.ipFromString(unbracketed(host))
  return Result.isSuccess(ip) && NetAddress.isUnspecified(ip.success)
}

const unbracketed = (host: string): string => host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host

/** Whether only this machine reaches a host. Any name but `localhost` may stand for another one. */
export const isLoopback = (host: string): boolean => {
  if (host.toLowerCase() === "localhost") return true
  const ip = NetAddress.ipFromString(unbracketed(host))
  return Result.isSuccess(ip) && NetAddress.isLoopback(ip.success)
}

/** Why a server must not listen there; undefined if it may. */
export const judge = (
  { hasClientCertificates, hasTokens, host, isTls }: Binding
): BindRefused | undefined => {
  if (host === undefined || isLoopback(host)) return undefined
  if (!isTls) return new BindRefused({ host, lacks: "tls" })
  return hasTokens || hasClientCertificates ? undefined : new BindRefused({ host, lacks: "credentials" })
}
