/**
 * Where a server listens: `unix:/path`, `tcp://host:port` or `tls://host:port`.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/** A place to listen at, or to connect to. A host is a name or an IP address, without brackets. */
export type Address =
  | { readonly _tag: "Unix"; readonly path: string }
  | { readonly _tag: "Tcp" | "Tls"; readonly host: string; readonly port: number }

/** A text that is no address. */
export class AddressInvalid extends Schema.TaggedError<AddressInvalid>("cadre/protocol/Address/AddressInvalid")(
  "AddressInvalid",
  { address: Schema.String, problem: Schema.String }
) {
  override get message(): string {
    return `"${this.address}" is no address: ${this.problem}. ` +
      "Write unix:/path/to/socket, tcp://host:port or tls://host:port"
  }
}

/** What `sun_path` holds on Linux, less the byte that ends it; macOS has four fewer. */
const longestPath = 103

const isHost = (host: string): boolean => /^[A-Za-z0-9._:%*-]+$/.test(host)

/** Reads an address. Port 0 stands for any that is free, and is for who listens. */
export const parse = (text: string): Address | AddressInvalid => {
  const invalid = (problem: string) => new AddressInvalid({ address: text, problem })
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length).replace(/^\/\/(?=\/)/, "")
    if (!path.startsWith("/")) return invalid("the path of a socket begins with /")
    if (path.includes("\0")) return invalid("a path has no NUL in it")
    if (new TextEncoder().encode(path).length > longestPath) {
      return invalid(`the path of a socket has at most ${longestPath} bytes`)
    }
    return { _tag: "Unix", path }
  }
  const scheme = /^(tcp|tls):\/\//.exec(text)?.[1]
  if (scheme === undefined) return invalid("it begins with none of unix:, tcp:// and tls://")
  const rest = text.slice("tcp://".length).replace(/\/$/, "")
  const parts = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(rest)
  if (parts === null) {
    return invalid(
      rest.split(":").length > 2 ? "an IPv6 address stands in brackets, before a port" : "it names no port"
    )
  }
  const host = parts[1] ?? parts[2] ?? ""
  const port = /^\d{1,5}$/.test(parts[3] ?? "") ? Number(parts[3]) : Number.NaN
  if (host === "") return invalid("it names no host")
  if (!isHost(host)) return invalid(`${JSON.stringify(host)} is no host`)
  if (!(port >= 0 && port <= 65_535)) return invalid(`${JSON.stringify(parts[3])} is no port from 0 to 65535`)
  return { _tag: scheme === "tcp" ? "Tcp" : "Tls", host, port }
}

/** The address as it is written. */
export const format = (address: Address): string => {
  if (address._tag === "Unix") return `unix:${address.path}`
  const host = address.host.includes(":") ? `[${address.host}]` : address.host
  return `${address._tag === "Tcp" ? "tcp" : "tls"}://${host}:${address.port}`
}
