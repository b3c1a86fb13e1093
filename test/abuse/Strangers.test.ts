import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { readFileSync } from "node:fs"
import { connect } from "node:net"
import { files } from "../../layers/security/KeyFolder.ts"
import * as Minting from "../../layers/security/Minting.ts"
import { refusal } from "../../src/protocol/Greeting.ts"
import { build, type Fortress, memory, serves } from "./Fortress.ts"
import { answers, judged, secret, settled } from "./Judging.ts"
import { greeting, Raw, soon, type Way } from "./Raw.ts"

const { fail } = assert

/** First lines that mean nothing, or what must not be. */
const nonsense: Readonly<Record<string, string | Uint8Array>> = {
  "HTTP": "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
  "SSH": "SSH-2.0-OpenSSH_9.6\r\n",
  "nothing": "\n",
  "NUL": "\0\0\0\0\n",
  "no UTF-8": Uint8Array.of(0x7b, 0xff, 0xfe, 0xc0, 0x80, 0x0a),
  "half a character": Uint8Array.of(0xf0, 0x9f, 0x98, 0x0a),
  "a frame": Uint8Array.of(0, 0, 0, 4, 1, 0, 0, 0, 0, 10),
  "null": "null\n",
  "a list": "[]\n",
  "no fields": "{}\n",
  "depth bomb": `${"[".repeat(4_000)}\n`,
  "nested objects": `${"{\"a\":".repeat(600)}1${"}".repeat(600)}\n`,
  "a prototype": `{"__proto__":{"cadre":1,"encoding":"binary","roles":["operator"]}}\n`,
  "a constructor": `{"constructor":{"prototype":{"cadre":1}},"cadre":1}\n`,
  "1e999": `{"cadre":1e999,"encoding":"binary","roles":["submitter"]}\n`,
  "NaN": `{"cadre":NaN,"encoding":"binary","roles":["submitter"]}\n`,
  "a version as text": `{"cadre":"1","encoding":"binary","roles":["submitter"]}\n`,
  "a version of halves": `{"cadre":1.5,"encoding":"binary","roles":["submitter"]}\n`,
  "an unsafe version": `{"cadre":9007199254740993,"encoding":"binary","roles":["submitter"]}\n`,
  "an unknown encoding": `{"cadre":1,"encoding":"pickle","roles":["submitter"]}\n`,
  "no roles": `{"cadre":1,"encoding":"binary","roles":[]}\n`,
  "an unknown role": `{"cadre":1,"encoding":"binary","roles":["root"]}\n`,
  "a role of the prototype": `{"cadre":1,"encoding":"binary","roles":["__proto__","toString"]}\n`,
  "roles as text": `{"cadre":1,"encoding":"binary","roles":"submitter"}\n`,
  "roles as an object": `{"cadre":1,"encoding":"binary","roles":{"length":1e9}}\n`,
  "a token as a list": `{"cadre":1,"encoding":"binary","roles":["submitter"],"token":["${secret}"]}\n`,
  "a lone surrogate": `{"cadre":1,"encoding":"\\ud800","roles":["submitter"]}\n`,
  "twice the same key": `{"cadre":1,"encoding":"binary","roles":["submitter"],"roles":["${secret}"]}\n`,
  "trailing garbage": `{"cadre":1,"encoding":"binary","roles":["submitter"]}}${secret}\n`,
  "too long": `${" ".repeat(4_097)}\n`,
  "no end": "x".repeat(100_000)
}

/** Connects, says something, and takes what comes until the connection is gone. */
const told = async (way: Way, bytes: string | Uint8Array): Promise<string> => {
  const raw = await Raw.open(way)
  raw.write(bytes)
  await soon("its end", raw.closed)
  return raw.received.toString("utf8")
}

describe("strangers", () => {
  let fortress: Fortress
  const each = async (run: (way: Way) => Promise<void>) => {
    for (const way of fortress.ways) await run(way)
  }
  beforeAll(async () => {
    fortress = await build({ strangers: 16 })
    await serves(fortress.tls, "binary")
    await settled(fortress)
  })
  afterAll(() => fortress.close())

  it.each(Object.keys(nonsense))("that say nonsense hear the same: %s", (name) =>
    judged(fortress, "they", async () => {
      const { tcp, tls, unix } = fortress
      const answers = await Promise.all([unix, tcp, tls].map((way) => told(way, nonsense[name] ?? fail())))
      assert.deepStrictEqual(answers, [refusal, refusal, refusal])
    }, 3))

  it("with wrong credentials, or none, hear the same", async () => {
    const { keys, tcp, tls } = fortress
    const [submitter, executor] = (["submitter", "executor"] as const).map((role) =>
      readFileSync(files(keys).token(role), "utf8").trim()
    )
    const right = submitter ?? fail()
    const wrong = [
      undefined,
      "",
      secret,
      right.slice(0, -1),
      `${right}A`,
      executor,
      `a b c d e ${right}`,
      "\0",
      "\ud800",
      "x".repeat(3_000)
    ]
    for (const way of [tcp, tls]) {
      for (const token of wrong) {
        const asks = { cadre: 1, encoding: "binary", roles: ["submitter"], ...(token !== undefined && { token }) }
        await judged(fortress, `${way.name} ${wrong.indexOf(token)}`, async () => {
          assert.strictEqual(await told(way, `${JSON.stringify(asks)}\n`), refusal)
        })
      }
      const more = { cadre: 1, encoding: "binary", roles: ["submitter", "operator"], token: right }
      await judged(fortress, way.name, async () => {
        assert.strictEqual(await told(way, `${JSON.stringify(more)}\n`), refusal)
      })
    }
  })

  it("of another version hear which it is", () =>
    each((way) =>
      judged(fortress, way.name, async () => {
        const answer = await told(way, `${JSON.stringify({ ...greeting(way, "binary", ["submitter"]), cadre: 2 })}\n`)
        assert.match(answer, /^\{"_tag":"OtherVersion".*version 1 .*version 2.*\}\n$/)
        assert.notInclude(answer, "generation")
      })
    ))

  it("may take their time over a line, and no longer", async () => {
    await each(async (way) => {
      const text = `${JSON.stringify(greeting(way, "ndjson", ["submitter"])).padEnd(4_096)}\n`
      const raw = await Raw.open(way)
      for (const byte of Buffer.from(text.slice(0, 100))) await raw.push(Buffer.from([byte]))
      raw.write(text.slice(100))
      assert.include(await raw.line(), "Welcome")
      await raw.end()
    })
    await judged(fortress, "silent, and endless", async () => {
      await Promise.all(fortress.ways.map(async (way) => assert.strictEqual(await told(way, ""), refusal)))
      await Promise.all(fortress.ways.map(async (way) => {
        const slow = await Raw.open(way)
        const timer = setInterval(() => slow.write("x"), 20)
        await soon("its end", slow.closed).finally(() => clearInterval(timer))
        assert.strictEqual(slow.received.toString(), refusal)
      }))
    }, 2 * fortress.ways.length)
  })

  it("speak TLS where it is spoken, and only there", async () => {
    const { keys, tcp, tls, unix } = fortress
    await judged(fortress, "plain text to TLS", async () => {
      const raw = await Raw.open(tls, "plain")
      raw.say(greeting(tcp, "binary", ["submitter"]))
      await soon("its end", raw.closed)
      assert.notInclude(raw.received.toString(), "Welcome")
    })
    for (const way of [tcp, unix]) {
      await judged(fortress, `TLS to ${way.name}`, async () => {
        const raw = await Raw.open(way, tls.tls)
        await soon("its end", raw.closed)
      })
    }
    await judged(fortress, "TLS 1.2", async () => {
      const raw = await Raw.open(tls, { ...tls.tls, minVersion: "TLSv1.2", maxVersion: "TLSv1.2" })
      await soon("its end", raw.closed)
    })
    await judged(fortress, "half a handshake", async () => {
      const raw = await Raw.open(tls, "plain")
      raw.write(Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3))
      await soon("its end", raw.closed)
    })
    const { certificate, key } = files(keys).authority
    const signer = {
      certificate: readFileSync(certificate, "utf8"),
      key: Redacted.make(readFileSync(key, "utf8"))
    }
    const purpose = { _tag: "Client", roles: ["operator"] } as const
    const past = { days: 1, from: Date.now() - 3 * 86_400_000 }
    const { bad, expired, mine, powerless } = await Effect.runPromise(Effect.gen(function*() {
      const other = yield* Minting.authority("abuse", { days: 2 })
      return {
        bad: yield* Minting.issue(other, "honest", purpose, { days: 1 }),
        expired: yield* Minting.issue(signer, "honest", purpose, past),
        mine: yield* Minting.issue(signer, "honest", { _tag: "Server", hosts: ["127.0.0.1"] }, { days: 1 }),
        powerless: yield* Minting.issue(signer, "honest", { _tag: "Client", roles: ["submitter"] }, { days: 1 })
      }
    }))
    for (const [name, minted] of Object.entries({ bad, expired, mine, powerless })) {
      await judged(fortress, `a certificate that is ${name}`, async () => {
        const shown = { ...tls.tls, cert: minted.certificate, key: Redacted.value(minted.key) }
        const raw = await Raw.open(tls, shown)
        raw.say({ ...greeting(tls, "binary", ["operator"]), token: undefined })
        await soon("its end", raw.closed)
        assert.strictEqual(raw.received.toString(), refusal)
      })
    }
    await answers(tls, "binary")
  })

  it("that come and go, in numbers, leave nothing behind", async () => {
    const before = memory()
    const { tcp, unix } = fortress
    for (const way of [unix, tcp]) {
      for (let round = 0; round < 4; round++) {
        await Promise.all(Array.from({ length: 40 }, async (_, index) => {
          const socket = way.path === undefined ? connect(way.port ?? 0, "127.0.0.1") : connect(way.path)
          socket.on("error", () => {})
          await new Promise((resolve) => socket.once("connect", resolve).once("close", resolve))
          if (index % 3 === 0) socket.write("{\"cadre\"")
          if (index % 2 === 0 && way.path === undefined) socket.resetAndDestroy()
          else socket.destroy()
        }))
      }
      await answers(way, "binary")
    }
    assert.isBelow(memory() - before, 8e6)
  })

  it("that hold all places do not keep others out", async () => {
    const before = memory()
    for (const way of [fortress.unix, fortress.tcp, fortress.tls]) {
      const silent = await Promise.all(Array.from({ length: 40 }, () => Raw.open(way, "plain")))
      await answers(way, "binary")
      await Promise.all(silent.map((raw) => raw.end()))
      assert.isBelow(memory() - before, 8e6)
    }
  })
})

describe("an address that fails again and again", () => {
  it("is refused unseen, is named in the log once, and keeps nobody else out", async () => {
    const fortress = await build({}, { burst: 30, logMillis: 10_000 })
    try {
      const { lines, tcp, unix } = fortress
      const asks = { cadre: 1, encoding: "binary", roles: ["submitter"], token: secret }
      for (let index = 0; index < 40; index++) {
        assert.strictEqual(await told(tcp, `${JSON.stringify(asks)}\n`), refusal)
      }
      assert.strictEqual(await told(tcp, `${JSON.stringify(greeting(tcp, "binary", ["submitter"]))}\n`), refusal)
      assert.lengthOf(lines, 1)
      assert.include(lines[0], "127.0.0.1")
      await answers(unix, "binary")
    } finally {
      await fortress.close()
    }
  })
})
