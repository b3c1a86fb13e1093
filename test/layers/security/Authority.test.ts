import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { chmodSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as AuthorityFiles from "../../../layers/security/AuthorityFiles.ts"
import { makeToken } from "../../../layers/security/KeyRing.ts"
import type { Claim, PeerCertificate } from "../../../src/security/Claim.ts"
import { unitOf } from "../../../src/security/Granting.ts"
import type { Role } from "../../../src/security/Role.ts"
import { folder } from "./Folder.ts"

const tokenOf = (path: string) => Redacted.make(readFileSync(path, "utf8").split("\n")[0] ?? "")

/** A folder with a token for a submitter and one for an executor, and the authority that knows them. */
const stage = Effect.gen(function*() {
  const home = yield* folder
  const submitter = yield* makeToken(home, "submitter", "none")
  const executor = yield* makeToken(home, "executor", "none")
  const authority = yield* AuthorityFiles.make({ tokens: [submitter.path, executor.path], certificates: true })
  const verdict = (claim: Claim) => {
    const verdict = authority.verify({ address: "192.0.2.1", ...claim })
    return verdict._tag === "Granted" ? [...verdict.roles].toSorted().join() : verdict.because
  }
  return { home, submitter: submitter.path, executor: executor.path, authority, verdict }
})

const certificate = (...roles: ReadonlyArray<Role>): PeerCertificate => ({
  name: "ci",
  serial: "1",
  units: roles.map(unitOf)
})

describe("an authority", () => {
  it.effect("whole: a peer gets all the roles that it asks for, or none", () =>
    Effect.gen(function*() {
      const { executor, submitter, verdict } = yield* stage
      const both = Redacted.make(`${Redacted.value(tokenOf(submitter))} ${Redacted.value(tokenOf(executor))}`)
      assert.strictEqual(verdict({ roles: ["submitter"], token: both }), "submitter")
      assert.strictEqual(verdict({ roles: ["executor", "submitter"], token: both }), "executor,submitter")
      assert.strictEqual(verdict({ roles: ["submitter", "operator"], token: both }), "credentials")
      assert.strictEqual(
        verdict({ roles: ["operator", "submitter"], token: both, certificate: certificate("operator") }),
        "operator,submitter"
      )
      for (const roles of [[], ["root"], ["submitter", "root"], [{}], ["toString"]]) {
        assert.strictEqual(verdict({ roles, token: both }), "roles")
      }
    }).pipe(Effect.scoped))

  it.effect("apart: a token, and a certificate, grant their own roles and no others", () =>
    Effect.gen(function*() {
      const { executor, home, submitter, verdict } = yield* stage
      assert.strictEqual(verdict({ roles: ["executor"], token: tokenOf(executor) }), "executor")
      assert.strictEqual(verdict({ roles: ["submitter"], token: tokenOf(executor) }), "credentials")
      assert.strictEqual(verdict({ roles: ["executor"], token: tokenOf(submitter) }), "credentials")
      assert.strictEqual(verdict({ roles: ["executor"], certificate: certificate("executor") }), "executor")
      assert.strictEqual(
        verdict({ roles: ["executor"], certificate: certificate("submitter", "operator") }),
        "credentials"
      )
      const alone = yield* AuthorityFiles.make({ tokens: [join(home, "executor.token")] })
      assert.strictEqual(alone.verify({ roles: ["executor"], certificate: certificate("executor") })._tag, "Refused")
      const none = yield* AuthorityFiles.make({})
      assert.strictEqual(none.verify({ roles: ["executor"], token: tokenOf(executor) })._tag, "Refused")
      assert.strictEqual(none.verify({ roles: ["executor"] })._tag, "Refused")
      assert.strictEqual(none.verify({ roles: ["executor"], isOwner: true })._tag, "Granted")
      assert.strictEqual(none.verify({ roles: ["root"], isOwner: true })._tag, "Refused")
    }).pipe(Effect.scoped))

  it.effect("silent: missing, malformed and wrong credentials are one thing", () =>
    Effect.gen(function*() {
      const { executor, verdict } = yield* stage
      const right = Redacted.value(tokenOf(executor))
      const wrong = [
        undefined,
        "",
        " ",
        right.slice(0, -1),
        `${right}A`,
        right.toUpperCase(),
        right.replace("executor", "submitter"),
        "\0",
        "x".repeat(4_096),
        // The right one comes after as many as are looked at.
        `a b c d ${right}`
      ]
      for (const token of wrong) {
        const claim = { roles: ["executor"], token: token === undefined ? undefined : Redacted.make(token) }
        assert.strictEqual(verdict(claim), "credentials", String(wrong.indexOf(token)))
      }
      assert.strictEqual(verdict({ roles: ["executor"], token: Redacted.make(`a b ${right}`) }), "executor")
    }).pipe(Effect.scoped))

  it.effect("patient: an address that fails again and again is refused without a look, for a while; others are not", () =>
    Effect.gen(function*() {
      const { executor, verdict } = yield* stage
      for (let index = 0; index < 30; index++) assert.strictEqual(verdict({ roles: ["executor"] }), "credentials")
      assert.strictEqual(verdict({ roles: ["executor"] }), "attempts")
      assert.strictEqual(verdict({ roles: ["executor"], token: tokenOf(executor) }), "attempts")
      assert.strictEqual(verdict({ roles: ["executor"], token: tokenOf(executor), address: "192.0.2.2" }), "executor")
      assert.strictEqual(verdict({ roles: ["executor"], isOwner: true }), "executor")
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(verdict({ roles: ["executor"], token: tokenOf(executor) }), "executor")
    }).pipe(Effect.scoped))

  it.effect("fresh: a token that was added or taken away counts from the next peer on", () => {
    const lines: Array<string> = []
    const logger = Logger.make(({ message }) => {
      lines.push(String(message))
    })
    return Effect.gen(function*() {
      const { executor, home, verdict } = yield* stage
      const first = tokenOf(executor)
      yield* makeToken(home, "executor", "add")
      const second = tokenOf(executor)
      assert.strictEqual(verdict({ roles: ["executor"], token: second }), "credentials")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(verdict({ roles: ["executor"], token: second }), "executor")
      assert.strictEqual(verdict({ roles: ["executor"], token: first }), "executor")
      yield* makeToken(home, "executor", "retire")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(verdict({ roles: ["executor"], token: first }), "credentials")
      assert.strictEqual(verdict({ roles: ["executor"], token: second }), "executor")
      chmodSync(executor, 0o644)
      for (let second = 0; second < 3; second++) {
        yield* TestClock.adjust("1 second")
        assert.strictEqual(verdict({ roles: ["executor"], token: tokenOf(executor) }), "credentials")
      }
      chmodSync(executor, 0o600)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(verdict({ roles: ["executor"], token: second }), "executor")
      assert.lengthOf(lines, 1)
      assert.match(lines[0] ?? "", /Tokens no longer count\. .*executor\.token: Others may read or change it/)
    }).pipe(Effect.scoped, Effect.provide(Logger.layer([logger])))
  })

  it.effect("is none at all if a file of tokens is not one, and says which and why", () =>
    Effect.gen(function*() {
      const home = yield* folder
      const path = join(home, "executor.token")
      const problem = Effect.map(Effect.flip(AuthorityFiles.make({ tokens: [path] })), ({ message }) => message)
      assert.strictEqual(yield* problem, `${path}: It is not there. \`cadre key\` makes keys, certificates and tokens`)
      writeFileSync(path, "hunter2\n", { mode: 0o600 })
      assert.match(yield* problem, /Line 1 is no token/)
      assert.notInclude(yield* problem, "hunter2")
      writeFileSync(path, "\n")
      assert.match(yield* problem, /There is no token in it/)
    }).pipe(Effect.scoped))
})
