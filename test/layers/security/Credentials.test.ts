import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { chmodSync } from "node:fs"
import { join } from "node:path"
import * as Credentials from "../../../layers/security/Credentials.ts"
import { files } from "../../../layers/security/KeyFolder.ts"
import * as KeyRing from "../../../layers/security/KeyRing.ts"
import { shown } from "../../../src/security/Token.ts"
import { folder } from "./Folder.ts"

const message = (effect: Effect.Effect<unknown, Error>) => Effect.map(Effect.flip(effect), (error) => error.message)
const set = (variables: Readonly<Record<string, string>>) =>
  Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown(variables))

describe("credentials", () => {
  it.effect("of a server are what its folder of keys has", () =>
    Effect.gen(function*() {
      const home = yield* folder
      const none = yield* Credentials.server(home)
      assert.deepInclude(none, { tls: undefined, hasTokens: false, hasClientCertificates: false })
      const { path } = yield* KeyRing.makeToken(home, "executor", "none")
      const { token } = yield* Credentials.peer({ _tag: "Tcp", host: "localhost", port: 1 }, ["executor"], {
        folder: home
      })
      const verdict = () => none.authority.verify({ roles: ["executor"], token })._tag
      assert.strictEqual(verdict(), "Refused")
      yield* TestClock.adjust("1 second")
      // A token that comes later counts.
      assert.strictEqual(verdict(), "Granted")
      chmodSync(path, 0o644)
      assert.match(yield* message(Credentials.server(home)), /executor\.token: Others may read/)
      chmodSync(path, 0o600)

      yield* KeyRing.makeAuthority(home, { name: "a", days: 2 })
      yield* KeyRing.makeServer(home, ["localhost"], { days: 1, renew: false })
      const whole = yield* Credentials.server().pipe(set({ CADRE_KEYS_DIR: home }))
      assert.deepInclude(whole, { hasTokens: true, hasClientCertificates: true })
      assert.deepInclude(whole.tls, { minVersion: "TLSv1.3", requestCert: true, rejectUnauthorized: false })
    }).pipe(Effect.scoped))

  it.effect("of a peer are those of the roles that it wants, and go over TLS or stay on this machine", () =>
    Effect.gen(function*() {
      const home = yield* folder
      yield* KeyRing.makeToken(home, "executor", "none")
      yield* KeyRing.makeToken(home, "executor", "add")
      yield* KeyRing.makeToken(home, "operator", "none")
      yield* KeyRing.makeAuthority(home, { name: "a", days: 2 })
      yield* KeyRing.makeClient(home, "ci", ["submitter"], { days: 1, renew: false })
      const tls = { _tag: "Tls", host: "db.example.org", port: 7 } as const
      const tokens = (credentials: Credentials.PeerCredentials) =>
        credentials.token === undefined
          ? []
          : shown(Redacted.value(credentials.token)).map((word) => word.split("-")[1])
      const peer = (address: Parameters<typeof Credentials.peer>[0], variables = {}) =>
        Credentials.peer(address, ["executor", "operator", "submitter"], { folder: home }).pipe(set(variables))

      const found = yield* peer(tls)
      assert.deepStrictEqual(tokens(found), ["executor", "operator"])
      assert.deepInclude(found.tls, { minVersion: "TLSv1.3", rejectUnauthorized: true })
      assert.isString(found.tls?.ca)
      assert.isUndefined(found.tls?.cert)
      const own = files(home).client("ci")
      const certified = yield* peer(tls, { CADRE_CERTIFICATE_FILE: own.certificate })
      assert.isString(certified.tls?.key)
      assert.deepStrictEqual(tokens(yield* peer(tls, { CADRE_TOKEN_FILE: join(home, "operator.token") })), ["operator"])
      assert.deepStrictEqual(yield* peer({ _tag: "Unix", path: "/x" }), { token: undefined, tls: undefined })
      const near = yield* peer({ _tag: "Tcp", host: "127.0.0.1", port: 7 })
      assert.deepStrictEqual(tokens(near), ["executor", "operator"])
      assert.isUndefined(near.tls)
      assert.match(
        yield* message(peer({ _tag: "Tcp", host: "10.0.0.1", port: 7 })),
        /Nothing is sent to tcp:\/\/10\.0\.0\.1:7: .* Use tls:\/\/10\.0\.0\.1:7/
      )
      assert.match(yield* message(peer(tls, { CADRE_TOKEN_FILE: "/none" })), /\/none: It is not there/)
    }).pipe(Effect.scoped))
})
