import { assert, describe, it } from "@effect/vitest"
import { Redacted, Result, Schema } from "effect"
import { type Binding, BindRefused, judge as judgeBinding } from "../../src/security/Binding.ts"
import { type CertificateFacts, judge as judgeCertificate } from "../../src/security/Certificate.ts"
import { type FileFacts, judgeFolder, judgeSecret } from "../../src/security/FileSafety.ts"
import { asked, rolesOf, unitOf } from "../../src/security/Granting.ts"
import { hostsOf, nameOf, rolesOf as rolesNamed } from "../../src/security/KeyNames.ts"
import { defaultLimits, Patience } from "../../src/security/Patience.ts"
import { roles } from "../../src/security/Role.ts"
import { make, parse, parseFile, shown, together } from "../../src/security/Token.ts"

describe("Binding", () => {
  const bare = { isTls: false, hasTokens: false, hasClientCertificates: false }
  const refused = (host: string | undefined, more: Partial<Binding> = {}) =>
    judgeBinding({ host, ...bare, ...more })?.lacks

  it("lets unix sockets and loopback be", () => {
    for (const host of [undefined, "localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"]) {
      assert.isUndefined(refused(host), host)
    }
  })

  it.each([
    "0.0.0.0",
    "::",
    "[::]",
    "",
    "*",
    "10.0.0.1",
    "localhost.example.org",
    "127.0.0.1.example.org",
    "128.0.0.1",
    "::ffff:10.0.0.1",
    "my-machine",
    "0x7f.1",
    "127.1"
  ])("takes %s for what others reach", (host) => {
    assert.strictEqual(refused(host), "tls")
    assert.strictEqual(refused(host, { hasTokens: true, hasClientCertificates: true }), "tls")
    assert.strictEqual(refused(host, { isTls: true }), "credentials")
    assert.isUndefined(refused(host, { isTls: true, hasTokens: true }))
    assert.isUndefined(refused(host, { isTls: true, hasClientCertificates: true }))
  })

  it("says what to do", () => {
    const plain = new BindRefused({ host: "0.0.0.0", lacks: "tls" })
    assert.match(plain.message, /on all networks of this machine without TLS.*cadre key ca.*unix socket/)
    assert.match(new BindRefused({ host: "db", lacks: "credentials" }).message, /on db for peers.*cadre key token/)
  })
})

describe("Token", () => {
  const Bits = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))).check(
    Schema.isMinLength(32),
    Schema.isMaxLength(32)
  )

  it.prop(
    "is read back with its role, and shown to nobody by accident",
    [Schema.Literals(roles), Bits],
    ([role, bits]) => {
      const token = make(role, Uint8Array.from(bits))
      const text = Redacted.value(token.secret)
      const read = parse(text)
      assert.strictEqual(read?.role, role)
      assert.strictEqual(read && Redacted.value(read.secret), text)
      assert.notInclude(`${token.secret} ${JSON.stringify(token)}`, text.slice(-43))
    }
  )

  it.each([
    "",
    "x",
    "cadre-submitter-",
    `cadre-root-${"A".repeat(43)}`,
    `cadre-executor-${"A".repeat(42)}`,
    `cadre-executor-${"A".repeat(44)}`,
    `cadre-executor-${"A".repeat(42)}+`,
    `cadre-executor-${"A".repeat(43)}\n`
  ])(
    "is not %j",
    (text) => assert.isUndefined(parse(text))
  )

  it("comes in files, one a line", () => {
    const one = Redacted.value(make("executor", new Uint8Array(32)).secret)
    const other = Redacted.value(make("executor", new Uint8Array(32).fill(1)).secret)
    const parsed = parseFile(`# the new one\r\n${other}\r\n\n  ${one}\n`)
    assert.deepStrictEqual("length" in parsed ? parsed.map(({ secret }) => Redacted.value(secret)) : parsed, [
      other,
      one
    ])
    assert.deepStrictEqual(parseFile("\n# none\n"), { line: undefined })
    assert.deepStrictEqual(parseFile(`${one}\nhunter2`), { line: 2 })
  })

  it("is shown with few others", () => {
    assert.deepStrictEqual(shown("a  b c"), ["a", "b", "c"])
    assert.isAtMost(shown("x ".repeat(1_000_000)).length, 4)
    const both = together([make("executor", new Uint8Array(32)), make("operator", new Uint8Array(32))])
    assert.deepStrictEqual(shown(Redacted.value(both)).map((word) => parse(word)?.role), ["executor", "operator"])
  })
})

describe("KeyNames", () => {
  const read = (result: Result.Result<unknown, string>) => Result.isSuccess(result) ? result.success : result.failure

  it("takes names and addresses for hosts, and nothing else", () => {
    const hosts = ["a", "tasks.example.org", "*.example.org", "10.0.0.1", "::1", "xn--bcher-kva.example"]
    assert.deepStrictEqual(read(hostsOf(hosts.join(" , "))), hosts)
    for (const host of ["a_b", "1.2.3", "a..b", "-a", "a.*", "a b", "https://a", "a:1", "a/b", "x".repeat(64)]) {
      assert.match(String(read(hostsOf(`ok,${host}`))), /is neither/, host)
    }
    assert.match(String(read(hostsOf(" , "))), /at least one/)
  })

  it("takes roles, each once", () => {
    assert.deepStrictEqual(read(rolesNamed("executor, submitter,executor")), ["executor", "submitter"])
    assert.match(String(read(rolesNamed("executor,root"))), /got "root"/)
    assert.match(String(read(rolesNamed(""))), /Expected submitter/)
  })

  it("takes names that are names of files as they are", () => {
    assert.strictEqual(read(nameOf("worker-1.example")), "worker-1.example")
    for (const name of ["", ".", "..", "../a", "a/b", "a\\b", "-a", "a\0", "a\n", "ä", "x".repeat(64)]) {
      assert.match(String(read(nameOf(name))), /Expected at most 63/, name)
    }
  })
})

describe("Granting", () => {
  it("takes roles for what they are", () => {
    assert.deepStrictEqual([...asked(["executor", "operator", "executor"]) ?? []], ["executor", "operator"])
    for (const words of [[], ["root"], ["executor", 1], ["__proto__"], Array(17).fill("executor")]) {
      assert.isUndefined(asked(words))
    }
  })

  it("reads the roles of a certificate from its units", () => {
    const of = (...units: ReadonlyArray<string>) => [...rolesOf({ name: "", serial: "", units })]
    assert.deepStrictEqual(of(unitOf("submitter"), "Engineering", unitOf("operator")), ["submitter", "operator"])
    assert.deepStrictEqual(of("executor", "cadre:", "cadre:root", "xcadre:executor", "cadre:executor:x"), [])
  })
})

describe("Patience", () => {
  it("shuts out who fails in a loop, and nobody else", () => {
    const patience = new Patience()
    for (let failure = 0; failure < defaultLimits.burst; failure++) {
      assert.isTrue(patience.allows("192.0.2.1", 0))
      patience.refused("192.0.2.1", 0, true)
    }
    assert.isFalse(patience.allows("192.0.2.1", 0))
    assert.isFalse(patience.allows("::ffff:192.0.2.1", 0))
    assert.isTrue(patience.allows("192.0.2.2", 0))
    assert.isFalse(patience.allows("192.0.2.1", defaultLimits.refillMillis - 1))
    assert.isTrue(patience.allows("192.0.2.1", defaultLimits.refillMillis))
  })

  it("does not keep somebody out for longer because he goes on", () => {
    const patience = new Patience()
    // Many at once, which were all looked at.
    for (let failure = 0; failure < 100; failure++) patience.refused("192.0.2.1", 0, true)
    for (let at = 0; at < defaultLimits.refillMillis; at += 100) {
      assert.isFalse(patience.allows("192.0.2.1", at))
      patience.refused("192.0.2.1", at, false)
    }
    assert.isTrue(patience.allows("192.0.2.1", defaultLimits.refillMillis))
  })

  it("never shuts out who tries now and then", () => {
    const patience = new Patience()
    for (let at = 0; at < 10_000_000; at += defaultLimits.refillMillis) {
      assert.isTrue(patience.allows("192.0.2.1", at))
      patience.refused("192.0.2.1", at, true)
    }
  })

  it("counts a site of IPv6 as one", () => {
    const patience = new Patience({ ...defaultLimits, burst: 2 })
    patience.refused("2001:db8::1", 0, true)
    patience.refused("2001:db8::ffff:2", 0, true)
    assert.isFalse(patience.allows("2001:db8::3%eth0", 0))
    assert.isTrue(patience.allows("2001:db8:0:1::1", 0))
  })

  it("names an address in the log now and then, with how often it was refused", () => {
    const patience = new Patience()
    assert.deepStrictEqual(patience.refused("a", 0, true), { isLogged: true, refusals: 1 })
    for (let index = 0; index < 50; index++) assert.isFalse(patience.refused("a", 1, true).isLogged)
    assert.deepStrictEqual(patience.refused("a", defaultLimits.logMillis, true), { isLogged: true, refusals: 51 })
    assert.isTrue(patience.refused("b", 1, true).isLogged)
  })

  it("remembers a bounded number, those that failed last", () => {
    const patience = new Patience({ ...defaultLimits, burst: 1, addresses: 100 })
    for (let index = 0; index < 20_000; index++) {
      patience.refused(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`, 0, true)
    }
    assert.strictEqual(patience.size, 100)
    assert.isFalse(patience.allows("10.0.78.31", 0))
    assert.isTrue(patience.allows("10.0.0.0", 0))
  })
})

describe("FileSafety", () => {
  const file = (more: Partial<FileFacts>): FileFacts => ({ kind: "file", mode: 0o600, owner: 7, ...more })
  const secret = (more: Partial<FileFacts>) => judgeSecret("/k", file(more), 7)?.message

  it("lets a secret be its owner's alone", () => {
    for (const mode of [0o600, 0o400, 0o700]) assert.isUndefined(secret({ mode }))
    assert.isUndefined(secret({ owner: 0, mode: 0o440 }))
    assert.isUndefined(judgeSecret("/k", file({ mode: undefined }), undefined))
    for (const mode of [0o640, 0o604, 0o644, 0o660, 0o601, 0o610]) {
      assert.match(secret({ mode }) ?? "", /\/k: Others may read or change it \(mode 0\d{3}\)\. chmod 600 \/k/)
    }
    assert.match(secret({ owner: 0, mode: 0o444 }) ?? "", /Others may/)
    assert.match(secret({ owner: 8 }) ?? "", /belongs to user 8, and this is user 7/)
    assert.match(secret({ kind: "link" }) ?? "", /is a link/)
    assert.match(secret({ kind: "folder" }) ?? "", /is no file/)
  })

  it("lets nobody else put files into its folder", () => {
    const folder = (more: Partial<FileFacts>) =>
      judgeFolder("/f", file({ kind: "folder", mode: 0o755, ...more }), 7)?.message
    assert.isUndefined(folder({}))
    assert.isUndefined(folder({ owner: 0, mode: 0o1777 }))
    assert.match(folder({ mode: 0o777 }) ?? "", /chmod go-w \/f/)
    assert.match(folder({ mode: 0o770 }) ?? "", /chmod go-w \/f/)
    assert.match(folder({ owner: 8 }) ?? "", /belongs to user 8/)
    assert.match(folder({ kind: "file" }) ?? "", /no folder/)
  })
})

describe("Certificate", () => {
  const day = 86_400_000
  const good: CertificateFacts = {
    kind: "client",
    name: "ci",
    hosts: [],
    roles: ["submitter"],
    serial: "1",
    notBefore: 0,
    notAfter: 100 * day,
    isSigned: true,
    isKeyOwn: true
  }
  const standing = (more: Partial<CertificateFacts>, now = day) => judgeCertificate({ ...good, ...more }, now)

  it("says what is wrong with it and what to do", () => {
    assert.deepStrictEqual(standing({}), { status: "ok", found: "good until 1970-04-11", mend: undefined })
    assert.deepStrictEqual(standing({}, 99 * day), {
      status: "warn",
      found: "good until 1970-04-11, 1 day more",
      mend: "cadre key client --role submitter --name ci --renew"
    })
    assert.strictEqual(standing({}, 100 * day).found, "expired on 1970-04-11")
    assert.strictEqual(standing({}, -1).status, "fail")
    assert.match(standing({ isSigned: false }).found, /not signed/)
    assert.match(standing({ isKeyOwn: false }).found, /another's/)
    assert.match(standing({ kind: "other" }).found, /not made for this/)
    assert.match(standing({ roles: [] }).found, /no role/)
    assert.strictEqual(
      standing({ kind: "server", hosts: ["a", "b"] }, 100 * day).mend,
      "cadre key server --host a,b --renew"
    )
  })
})
