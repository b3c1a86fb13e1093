import { assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { readFileSync, writeFileSync } from "node:fs"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import tls from "node:tls"
import * as CertificateFile from "../../../layers/security/CertificateFile.ts"
import { files, keyFolder } from "../../../layers/security/KeyFolder.ts"
import * as KeyRing from "../../../layers/security/KeyRing.ts"
import * as Minting from "../../../layers/security/Minting.ts"
import * as TlsFiles from "../../../layers/security/TlsFiles.ts"
import { rolesOf } from "../../../src/security/Granting.ts"
import { folder } from "./Folder.ts"

const making = { days: 60, renew: false }

/** A folder with an authority, a server's certificate for `localhost` and 127.0.0.1, and a client's. */
const stage = Effect.gen(function*() {
  const home = yield* folder
  yield* KeyRing.makeAuthority(home, { name: "test", days: 100 })
  yield* KeyRing.makeServer(home, ["localhost", "127.0.0.1"], making)
  yield* KeyRing.makeClient(home, "ci", ["submitter", "operator"], making)
  return { home, ...files(home) }
})

/** What comes of it when a client connects: what the server makes of it, or why there is no connection. */
const meet = (
  server: tls.TlsOptions,
  client: tls.ConnectionOptions
): Effect.Effect<{ readonly server: unknown; readonly client: string | undefined; readonly isGreeted: boolean }> =>
  Effect.callback((resume) => {
    let seen: unknown
    let isGreeted = false
    const listener = tls.createServer(server, (socket) => {
      seen = CertificateFile.peerCertificate(socket)
      socket.end("hello")
    })
    listener.on("tlsClientError", (error: NodeJS.ErrnoException) => seen = error.code)
    listener.listen(0, "127.0.0.1", () => {
      // It listens on a port.
      const { port } = listener.address() as AddressInfo
      const socket = tls.connect({ host: "127.0.0.1", port, ...client })
      let problem: string | undefined
      socket.on("error", (error: NodeJS.ErrnoException) => problem = error.code)
      socket.on("data", () => isGreeted = true)
      socket.on(
        "close",
        () => listener.close(() => resume(Effect.succeed({ server: seen, client: problem, isGreeted })))
      )
    })
  })

const readText = (path: string) => Effect.sync(() => readFileSync(path, "utf8"))

const pemOf = (minted: Minting.Minted) => ({ cert: minted.certificate, key: Redacted.value(minted.key) })

describe("certificates", () => {
  // What makes them takes a moment to load.
  beforeAll(() => Effect.runPromise(Minting.authority("warm", { days: 1 })))

  it.live("let a server and a client trust each other, and tell the client's roles", () =>
    Effect.gen(function*() {
      const { authority, client, server } = yield* stage
      const serverOptions = yield* TlsFiles.server({
        ...server,
        clientAuthority: authority.certificate,
        hasTokens: false
      })
      const own = client("ci")
      const options = yield* TlsFiles.client({ authority: authority.certificate, own })
      const met = yield* meet(serverOptions, options)
      assert.isUndefined(met.client)
      // The listener has seen it.
      const peer = met.server as NonNullable<ReturnType<typeof CertificateFile.peerCertificate>>
      assert.strictEqual(peer.name, "ci")
      assert.deepStrictEqual([...rolesOf(peer)], ["submitter", "operator"])
      assert.match(peer.serial, /^[\dA-F]{32}$/)
      const named = yield* meet(serverOptions, { ...options, servername: "localhost" })
      assert.isUndefined(named.client)
    }).pipe(Effect.scoped))

  it.live("are checked: authority, host, dates, purpose, version of TLS", () =>
    Effect.gen(function*() {
      const { authority, client, home, server } = yield* stage
      const serverOptions = yield* TlsFiles.server({
        ...server,
        clientAuthority: authority.certificate,
        hasTokens: false
      })
      const options = yield* TlsFiles.client({ authority: authority.certificate, own: client("ci") })
      const failure = (server: tls.TlsOptions, client: tls.ConnectionOptions) =>
        Effect.map(meet({ ...serverOptions, ...server }, { ...options, ...client }), ({ client, isGreeted }) => {
          assert.isFalse(isGreeted)
          return client ?? ""
        })
      /** Why a client is turned away is known to the server alone, after the client believes itself connected. */
      const turnedAway = (client: tls.ConnectionOptions) => Effect.asVoid(failure({}, client))

      assert.strictEqual(yield* failure({}, { servername: "other.example" }), "ERR_TLS_CERT_ALTNAME_INVALID")
      assert.strictEqual(
        yield* failure({ minVersion: "TLSv1.2", maxVersion: "TLSv1.2" }, {}),
        "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION"
      )
      assert.match(
        String(yield* failure({}, { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" })),
        /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/
      )
      const none = yield* TlsFiles.client({ authority: authority.certificate })
      yield* turnedAway({ cert: undefined, key: undefined })

      const other = yield* Minting.authority("test", { days: 100 })
      const foreign = yield* Minting.issue(other, "ci", { _tag: "Client", roles: ["operator"] }, { days: 30 })
      yield* turnedAway(pemOf(foreign))
      const strange = yield* Minting.issue(other, "localhost", { _tag: "Server", hosts: ["127.0.0.1"] }, { days: 30 })
      assert.match(String(yield* failure(pemOf(strange), {})), /SIGNATURE|UNABLE_TO_VERIFY|SELF_SIGNED/)

      const own = { certificate: authority.certificate, key: authority.key }
      const [cert, key] = [yield* readText(own.certificate), yield* readText(own.key)]
      const signer = { certificate: cert, key: Redacted.make(key) }
      const past = { days: 1, from: Date.now() - 3 * 86_400_000 }
      const hosts = ["127.0.0.1"]
      const expired = yield* Minting.issue(signer, "x", { _tag: "Server", hosts }, past)
      assert.strictEqual(yield* failure(pemOf(expired), {}), "CERT_HAS_EXPIRED")
      const future = yield* Minting.issue(signer, "x", { _tag: "Server", hosts }, {
        days: 1,
        from: Date.now() + 86_400_000
      })
      assert.strictEqual(yield* failure(pemOf(future), {}), "CERT_NOT_YET_VALID")
      const expiredClient = yield* Minting.issue(signer, "x", { _tag: "Client", roles: ["operator"] }, past)
      yield* turnedAway(pemOf(expiredClient))

      // A server's certificate makes no client, nor a client's a server.
      const asClient = yield* TlsFiles.client({ authority: authority.certificate, own: server })
      yield* turnedAway(asClient)
      const asServer = yield* TlsFiles.server({ ...client("ci"), hasTokens: true })
      assert.strictEqual((yield* meet(asServer, options)).client, "INVALID_PURPOSE")

      // Where tokens count, too, such a client is let in by TLS, but nothing is known of it.
      const lenient = yield* TlsFiles.server({ ...server, clientAuthority: authority.certificate, hasTokens: true })
      for (const certificate of [foreign, expiredClient]) {
        const met = yield* meet(lenient, { ...options, ...pemOf(certificate) })
        assert.deepStrictEqual(met, { server: undefined, client: undefined, isGreeted: true })
      }
      assert.deepStrictEqual(yield* meet(lenient, none), { server: undefined, client: undefined, isGreeted: true })
      assert.isTrue((yield* KeyRing.list(home)).every(({ standing }) => standing.status === "ok"))
    }).pipe(Effect.scoped))

  it.live("that do not fit are named before anything listens", () =>
    Effect.gen(function*() {
      const { authority, client, home, server } = yield* stage
      const problem = <A>(effect: Effect.Effect<A, Error>) => Effect.map(Effect.flip(effect), ({ message }) => message)
      const other = { certificate: server.certificate, key: client("ci").key }
      assert.match(
        yield* problem(TlsFiles.server({ ...other, hasTokens: true })),
        /client-ci\.key: It is not the key of .*server\.crt\. Name the two files/
      )
      writeFileSync(join(home, "bad.crt"), "hello")
      assert.match(
        yield* problem(TlsFiles.client({ authority: join(home, "bad.crt") })),
        /bad\.crt: It is no certificate in PEM\. Use a file/
      )
      writeFileSync(join(home, "loose.key"), yield* readText(server.key), { mode: 0o644 })
      assert.match(
        yield* problem(TlsFiles.server({ ...server, key: join(home, "loose.key"), hasTokens: true })),
        /loose\.key: Others may read/
      )
      assert.match(
        yield* problem(KeyRing.makeServer(home, ["x"], making)),
        /server\.key: It is there already\. Use --renew/
      )
      assert.match(yield* problem(KeyRing.makeAuthority(home, { name: "x", days: 1 })), /ca\.key: It is there already/)
      const bare = yield* folder
      assert.match(
        yield* problem(KeyRing.makeServer(bare, ["x"], making)),
        /There is no authority here.*`cadre key ca`/
      )
      yield* KeyRing.makeAuthority(bare, { name: "test", days: 100 })
      const stolen = { certificate: files(bare).authority.certificate, key: authority.key }
      const signer = {
        certificate: yield* readText(stolen.certificate),
        key: Redacted.make(yield* readText(stolen.key))
      }
      assert.match(
        yield* problem(Minting.issue(signer, "x", { _tag: "Server", hosts: ["x"] }, { days: 1 })),
        /no key that signs for ca\.crt/
      )
    }).pipe(Effect.scoped))

  it.live("are listed with how they stand, and made anew in place of others", () =>
    Effect.gen(function*() {
      const { authority, home, server } = yield* stage
      yield* KeyRing.makeToken(home, "executor", "none")
      const brief = Effect.map(KeyRing.list(home), (rows) =>
        rows.map(({ file, of, standing }) => `${file} ${of} ${standing.status}`))
      assert.deepStrictEqual(yield* brief, [
        "ca.crt test ok",
        "client-ci.crt ci: submitter, operator ok",
        "executor.token executor ok",
        "server.crt localhost, 127.0.0.1 ok"
      ])
      const before = yield* readText(server.certificate)
      yield* KeyRing.makeServer(home, ["::1"], { days: 5, renew: true })
      assert.notStrictEqual(yield* readText(server.certificate), before)
      writeFileSync(join(home, "server-old.crt"), before)
      writeFileSync(join(home, "server-old.key"), yield* readText(server.key), { mode: 0o644 })
      writeFileSync(join(home, "client-x.crt"), "hello")
      writeFileSync(join(home, "executor.token"), "hello")
      const other = yield* folder
      yield* KeyRing.makeAuthority(other, { name: "test", days: 100 })
      writeFileSync(authority.certificate, yield* readText(files(other).authority.certificate))
      const rows = yield* KeyRing.list(home)
      assert.deepStrictEqual(
        rows.map(({ file, standing }) =>
          `${file}: ${standing.found}`
        ),
        [
          "ca.crt: the key beside it is another's",
          "client-ci.crt: not signed by ca.crt here",
          "client-x.crt: no certificate in PEM",
          "executor.token: Line 1 is no token",
          "server-old.crt: not signed by ca.crt here",
          "server.crt: not signed by ca.crt here"
        ]
      )
      assert.strictEqual(rows.at(-1)?.of, "::1")
    }).pipe(Effect.scoped))

  it("are kept where the user's settings are", () => {
    assert.strictEqual(keyFolder({ CADRE_KEYS_DIR: "/k", HOME: "/home/a" }), "/k")
    assert.strictEqual(keyFolder({ XDG_CONFIG_HOME: "/c", HOME: "/home/a" }), "/c/cadre/keys")
    assert.strictEqual(keyFolder({ XDG_CONFIG_HOME: "c", HOME: "/home/a" }), "/home/a/.config/cadre/keys")
    assert.isUndefined(keyFolder({}))
  })
})
