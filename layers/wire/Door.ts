/**
 * Listens at an address, and lets those in who may.
 *
 * @since 0.1.0
 */
import { Effect, Redacted, type Scope } from "effect"
import { chmodSync, lstatSync, mkdirSync, unlinkSync } from "node:fs"
import { connect, createServer, type Server as NetServer, type Socket } from "node:net"
import { dirname } from "node:path"
import process from "node:process"
import { createServer as createTlsServer, type TlsOptions, TLSSocket } from "node:tls"
import { type Address, format } from "../../src/protocol/Address.ts"
import { answerLine, type Greeting, longest, readGreeting, refusal } from "../../src/protocol/Greeting.ts"
import { BindRefused, judge } from "../../src/security/Binding.ts"
import type { Claim, PeerCertificate, Verdict } from "../../src/security/Claim.ts"
import { defaultLimits, Patience } from "../../src/security/Patience.ts"
import { isRole, type Role } from "../../src/security/Role.ts"
import type { Settled } from "./Limits.ts"
import { AddressInUse, ListenFailed } from "./ListenFailed.ts"

/** Somebody who was let in; `rest` is what came after the first line. */
export interface Admitted {
  readonly socket: Socket
  /** Its address, or that of the unix socket. */
  readonly from?: string
  readonly greeting: Greeting
  readonly roles: ReadonlySet<Role>
  readonly name: string
  readonly rest: Buffer
}

/** Where, for whom, and what becomes of them. */
export interface Options {
  readonly address: Address
  readonly tls: TlsOptions | undefined
  readonly verify: ((claim: Claim) => Verdict) | undefined
  readonly limits: Settled
  /** Writes the answer, and goes on with them. */
  readonly admitted: (admitted: Admitted) => void
  /** A line for the log. */
  readonly refused: (message: string) => void
}

const certificateOf = (socket: Socket): PeerCertificate | undefined => {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined
  const { serialNumber, subject } = socket.getPeerCertificate()
  // Absent where the peer has shown none, whatever the types say.
  if (subject as unknown === undefined) return undefined
  const { CN, OU = [] } = subject
  // A subject with several units has a list of them.
  const units: string | ReadonlyArray<string> = OU
  return {
    name: Array.isArray(CN) ? CN.join(" ") : CN ?? "",
    units: typeof units === "string" ? [units] : units,
    serial: serialNumber
  }
}

/** On a unix socket the mode of its file has decided already. */
const verdictOf = (greeting: Greeting, socket: Socket, { address, verify }: Options): Verdict => {
  const { roles, token } = greeting
  if (address._tag === "Unix" || verify === undefined) {
    const asked = roles.filter(isRole)
    return asked.length > 0 && asked.length === roles.length
      ? { _tag: "Granted", roles: new Set(asked), name: undefined }
      : { _tag: "Refused", because: "roles", isLogged: true, refusals: 1 }
  }
  return verify({
    roles,
    token: token === undefined ? undefined : Redacted.make(token),
    certificate: certificateOf(socket),
    address: socket.remoteAddress
  })
}

/** Reads the first line of a stranger. */
const receive = (socket: Socket, options: Options & { readonly patience: Patience }, done: () => void): void => {
  let parts: Buffer = Buffer.alloc(0)
  const stop = () => {
    clearTimeout(timer)
    socket.off("data", read)
    socket.off("close", stop)
    done()
  }
  const refuse = (because: string | undefined, line = refusal) => {
    stop()
    if (because !== undefined) options.refused(`A peer from ${sourceOf(socket, options)} was not let in: ${because}`)
    socket.end(line)
    // Whatever it still says is not read.
    setTimeout(() => socket.destroy(), 1_000).unref()
    socket.resume()
  }
  /** What has nothing to do with who it is. */
  const refuseNonsense = (because: string, line?: string) => {
    const { isLogged, refusals } = options.patience.refused(sourceOf(socket, options), performance.now(), true)
    refuse(isLogged ? `${because}${timesOf(refusals)}` : undefined, line)
  }
  const read = (chunk: Buffer) => {
    const end = chunk.indexOf(10)
    if (parts.length + (end === -1 ? chunk.length : end) > longest) return refuseNonsense("its first line is too long")
    parts = Buffer.concat([parts, end === -1 ? chunk : chunk.subarray(0, end)])
    if (end === -1) return
    const greeting = readGreeting(parts.toString("utf8"))
    if (greeting === undefined) return refuseNonsense("its first line is no greeting")
    if ("_tag" in greeting) return refuseNonsense("it speaks another version of the protocol", answerLine(greeting))
    const verdict = verdictOf(greeting, socket, options)
    if (verdict._tag === "Refused") {
      return refuse(verdict.isLogged ? `${reasons[verdict.because]}${timesOf(verdict.refusals)}` : undefined)
    }
    socket.pause()
    stop()
    const name = verdict.name ?? greeting.name ?? socket.remoteAddress ?? "somebody here"
    options.admitted({
      socket,
      from: sourceOf(socket, options),
      greeting,
      roles: verdict.roles,
      name,
      rest: chunk.subarray(end + 1)
    })
  }
  const timer = setTimeout(() => refuseNonsense("it did not say in time who it is"), options.limits.handshakeTime)
  socket.on("error", () => socket.destroy())
  socket.on("close", stop)
  socket.on("data", read)
}

const sourceOf = (socket: Socket, { address }: Options): string => socket.remoteAddress ?? format(address)

const timesOf = (refusals: number): string => refusals > 1 ? `, ${refusals} times by now` : ""

const reasons = {
  roles: "it asks for roles that do not exist",
  credentials: "its token or certificate does not grant what it asks for",
  attempts: "it has failed too often"
}

/** What the answer of nobody at a socket says. */
const isNobody = (path: string): Effect.Effect<boolean> =>
  Effect.callback((resume) => {
    const socket = connect(path)
    socket.once("connect", () => {
      socket.destroy()
      resume(Effect.succeed(false))
    })
    socket.once("error", (error: NodeJS.ErrnoException) => resume(Effect.succeed(error.code === "ECONNREFUSED")))
  })

const bind = (server: NetServer, address: Address): Effect.Effect<void, AddressInUse | ListenFailed> =>
  Effect.callback((resume) => {
    const failed = (error: NodeJS.ErrnoException) => {
      server.off("listening", listening)
      resume(Effect.fail(
        error.code === "EADDRINUSE"
          ? new AddressInUse({ address: format(address) })
          : new ListenFailed({ address: format(address), problem: problemOf(error) })
      ))
    }
    const listening = () => {
      server.off("error", failed)
      resume(Effect.void)
    }
    server.once("error", failed)
    server.once("listening", listening)
    if (address._tag !== "Unix") return void server.listen(address.port, address.host)
    // The socket is made within the call: nobody else may connect, from its first moment on.
    const mask = process.umask(0o177)
    try {
      server.listen(address.path)
    } finally {
      process.umask(mask)
    }
  })

const problemOf = ({ code, message }: NodeJS.ErrnoException): string =>
  code === "EACCES"
    ? "this user may not"
    : code === "EADDRNOTAVAIL"
    ? "this machine has no such address"
    : code === "ENOTFOUND" || code === "EAI_AGAIN"
    ? "there is no such host"
    : message

/** The folder of a socket, made for this user alone where there is none. */
const prepare = (path: string): Effect.Effect<void, ListenFailed> =>
  Effect.try({
    try: () => void mkdirSync(dirname(path), { recursive: true, mode: 0o700 }),
    catch: (error) => new ListenFailed({ address: `unix:${path}`, problem: String(error) })
  })

const listenAt = Effect.fnUntraced(function*(server: NetServer, address: Address) {
  if (address._tag !== "Unix") return yield* bind(server, address)
  const { path } = address
  yield* prepare(path)
  yield* Effect.catchTag(
    bind(server, address),
    "AddressInUse",
    Effect.fnUntraced(function*(inUse) {
      const isSocket = yield* Effect.sync(() => lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? true)
      if (!isSocket) {
        return yield* new ListenFailed({ address: format(address), problem: "there is a file that is no socket" })
      }
      if (!(yield* isNobody(path))) return yield* inUse
      yield* Effect.sync(() => {
        try {
          unlinkSync(path)
        } catch {
          // Somebody else was as quick: what follows says how it went.
        }
      })
      yield* bind(server, address)
    })
  )
  yield* Effect.sync(() => chmodSync(path, 0o600))
})

/** Listens until the scope is left; gives the address with the port that it has. */
export const open = Effect.fnUntraced(
  function*(options: Options): Effect.fn.Return<Address, AddressInUse | ListenFailed | BindRefused, Scope.Scope> {
    const { address, limits, tls, verify } = options
    if (address._tag !== "Unix") {
      const refused = judge({
        host: address.host,
        isTls: address._tag === "Tls",
        hasTokens: verify !== undefined,
        hasClientCertificates: tls?.ca !== undefined
      })
      if (refused !== undefined) return yield* refused
      // Every user of this machine reaches its loopback.
      if (verify === undefined) return yield* new BindRefused({ host: address.host, lacks: "credentials" })
    }
    if (address._tag === "Tls" && tls === undefined) {
      return yield* new ListenFailed({ address: format(address), problem: "tls:// needs a key and a certificate" })
    }
    const sockets = new Set<Socket>()
    const strangers = new Set<Socket>()
    const patience = new Patience({ ...defaultLimits, logMillis: limits.logTime })
    const arrived = (socket: Socket) => {
      if (sockets.size >= limits.connections || strangers.size >= limits.strangers) {
        // Who means well has said who he is long before others fill all places.
        const [oldest] = strangers
        if (oldest === undefined) return socket.destroy()
        strangers.delete(oldest)
        sockets.delete(oldest)
        oldest.destroy()
      }
      sockets.add(socket)
      strangers.add(socket)
      socket.on("close", () => sockets.delete(socket))
      socket.setNoDelay(true)
      receive(socket, { ...options, patience }, () => strangers.delete(socket))
    }
    const server = address._tag === "Tls"
      ? createTlsServer({
        // One without a certificate may have a token.
        ...(tls?.ca !== undefined && { requestCert: true, rejectUnauthorized: false }),
        ...tls,
        minVersion: "TLSv1.3",
        handshakeTimeout: limits.handshakeTime
      }, arrived)
      : createServer(arrived)
    server.maxConnections = limits.connections
    server.on("tlsClientError", (_, socket) => {
      const source = sourceOf(socket, options)
      const { isLogged, refusals } = patience.refused(source, performance.now(), true)
      if (isLogged) options.refused(`A peer from ${source} was not let in: TLS with it failed${timesOf(refusals)}`)
      socket.destroy()
    })
    yield* Effect.acquireRelease(listenAt(server, address), () =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        for (const socket of sockets) {
          socket.destroySoon()
          // What was said last is still sent, to those who take it.
          setTimeout(() => socket.destroy(), 500).unref()
        }
      }))
    const at = server.address()
    return address._tag === "Unix" || typeof at !== "object" || at === null ? address : { ...address, port: at.port }
  }
)
