/**
 * Connects to a listener, and is let in.
 *
 * @since 0.1.0
 */
import { Effect, Redacted } from "effect"
import { connect as connectNet, isIP, type Socket } from "node:net"
import { connect as connectTls, type ConnectionOptions } from "node:tls"
import type { ServerInfo } from "../../services/Server.ts"
import { type Address, format } from "../../src/protocol/Address.ts"
import { readAnswer, type WireEncoding } from "../../src/protocol/Greeting.ts"
import { version } from "../../src/protocol/session/Frame.ts"
import type { Role } from "../../src/security/Role.ts"
import { type ConnectError, NotAdmitted, Unreachable, VersionDiffers } from "./Unreachable.ts"
import type { Pipe } from "./Wire.ts"

/** Where, as who, and with what to show for it. */
export interface Dialling {
  readonly address: Address
  readonly roles: ReadonlyArray<Role>
  readonly name: string
  readonly encoding: WireEncoding
  readonly token: Redacted.Redacted<string> | undefined
  readonly tls: ConnectionOptions | undefined
  /** Milliseconds that all of it may take. */
  readonly patience: number
}

/** A connection that was let in; `rest` came after the answer. */
export interface Dialled {
  readonly socket: Pipe
  readonly info: ServerInfo
  readonly rest: Buffer
}

/** An answer, with what the server says of itself, is no longer than that. */
const longest = 2 ** 20

const socketTo = ({ address, tls }: Dialling): Socket => {
  if (address._tag === "Unix") return connectNet(address.path)
  const { host, port } = address
  if (address._tag === "Tcp") return connectNet({ host, port, noDelay: true })
  return connectTls({
    host,
    port,
    minVersion: "TLSv1.3",
    ...(isIP(host) === 0 && { servername: host }),
    ...tls,
    rejectUnauthorized: true
  })
}

const problems: { readonly [code: string]: string } = {
  ENOENT: "there is no such socket. Is it running?",
  ECONNREFUSED: "nobody listens there. Is it running?",
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "the name of the host cannot be looked up",
  ETIMEDOUT: "it does not answer",
  EHOSTUNREACH: "there is no way to that host",
  ENETUNREACH: "there is no way to that network",
  EACCES: "this user may not",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another host",
  CERT_HAS_EXPIRED: "its certificate has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is signed by nobody that is known here: name its authority",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is of an authority that is not known here: name that authority",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is of an authority that is not known here: name that authority"
}

/** One attempt. */
export const dial = (dialling: Dialling): Effect.Effect<Dialled, ConnectError> =>
  Effect.callback((resume) => {
    const { encoding, name, patience, roles, token } = dialling
    const address = format(dialling.address)
    const socket = socketTo(dialling)
    let parts: Buffer = Buffer.alloc(0)
    const stop = () => {
      clearTimeout(timer)
      socket.off("data", read)
      socket.off("close", closed)
      socket.off("error", failed)
      // Nobody listens to it meanwhile.
      socket.on("error", () => undefined)
    }
    const fail = (error: ConnectError) => {
      stop()
      socket.destroy()
      resume(Effect.fail(error))
    }
    const failed = ({ code, message }: NodeJS.ErrnoException) => {
      const problem = problems[code ?? ""] ?? message
      fail(new Unreachable({ address, problem, ...(code !== undefined && { code }) }))
    }
    const closed = () => fail(new Unreachable({ address, problem: "it closes connections without a word" }))
    const read = (chunk: Buffer) => {
      parts = Buffer.concat([parts, chunk])
      const end = parts.indexOf(10)
      if (end === -1) {
        if (parts.length > longest) {
          fail(new Unreachable({ address, problem: "what answers there is no server of cadre" }))
        }
        return
      }
      const answer = readAnswer(parts.toString("utf8", 0, end))
      if (answer?._tag === "OtherVersion") return fail(new VersionDiffers({ address, problem: answer.message }))
      if (answer?._tag === "Refused") return fail(new NotAdmitted({ address, roles }))
      if (answer === undefined) {
        return fail(new Unreachable({ address, problem: "what answers there is no server of cadre" }))
      }
      socket.pause()
      stop()
      resume(Effect.succeed({ socket, info: answer.info, rest: parts.subarray(end + 1) }))
    }
    const timer = setTimeout(
      () => fail(new Unreachable({ address, problem: `it did not answer within ${patience} ms` })),
      patience
    )
    socket.on("error", failed)
    socket.on("close", closed)
    socket.on("data", read)
    const hello = {
      cadre: version,
      encoding,
      roles,
      name,
      ...(token !== undefined && { token: Redacted.value(token) })
    }
    socket.write(`${JSON.stringify(hello)}\n`)
    return Effect.sync(() => {
      stop()
      socket.destroy()
    })
  })
