import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Kind } from "../../layers/wire/Wire.ts"
import {
  build,
  encodings,
  executorSpec,
  type Fortress,
  openExecutor,
  openSubmitter,
  serves,
  sessionName,
  spec,
  submission
} from "./Fortress.ts"
import { answers, judged, secret, settled } from "./Judging.ts"
import { frameBytes, framed, greeting, Raw, soon, type Way, type WireEncoding } from "./Raw.ts"

const bytes = (...all: ReadonlyArray<number>) => Uint8Array.from(all)

/** Bytes in a binary connection that are no frames. */
const binary: Readonly<Record<string, Uint8Array>> = {
  "a frame of nothing": framed(bytes()),
  "a length of 2^32-1": framed(bytes(1, 2, 3), Kind.session, 2 ** 32 - 1),
  "a negative length": framed(bytes(1, 2, 3), Kind.session, -1),
  "a length of 2^31": framed(bytes(1, 2, 3), Kind.session, 2 ** 31),
  "one byte more than the most": framed(bytes(1), Kind.session, 2 ** 20 + 1),
  "an unknown kind": framed(bytes(1, 2, 3), 7),
  "a kind of 255": framed(bytes(1, 2, 3), 255),
  "noise": framed(Uint8Array.from({ length: 1_000 }, (_, index) => (index * 7_919) >> 3)),
  "zeros": framed(new Uint8Array(10_000)),
  "only ones": framed(new Uint8Array(1_000).fill(255)),
  "a greeting again": Buffer.from(
    `${JSON.stringify({ cadre: 1, encoding: "binary", roles: ["operator"], token: secret })}\n`
  ),
  "a call of nothing": framed(bytes(), Kind.rpc),
  "a call of noise": framed(Uint8Array.from({ length: 1_000 }, (_, index) => (index * 7_919) >> 3), Kind.rpc),
  "garbage after a frame": Buffer.concat([frameBytes("binary", { _tag: "Beat" }), Buffer.from(secret)]),
  "garbage inside a frame": framed(
    Buffer.concat([frameBytes("binary", { _tag: "Beat" }).subarray(5), Buffer.from(secret)])
  ),
  "half of a frame inside": framed(
    frameBytes("binary", {
      _tag: "Open",
      channel: 0,
      session: sessionName(),
      received: 0,
      as: { _tag: "submitter", name: secret }
    }).subarray(5, 30)
  )
}

const open = { _tag: "Open", channel: 0, session: sessionName(), received: 0, as: { _tag: "submitter", name: "x" } }
const deep = (depth: number, open: string, close: string, inside = "1") =>
  open.repeat(depth) + inside + close.repeat(depth)

/** Lines in a connection of JSON that are no frames. */
const lines: Readonly<Record<string, string | Uint8Array>> = {
  "no JSON": secret,
  "no UTF-8": bytes(0x22, 0xff, 0xfe, 0x22),
  "null": "null",
  "a number": "1",
  "a list": `["${secret}"]`,
  "no tag": `{"channel":0}`,
  "an unknown tag": `{"_tag":"Frobnicate","secret":"${secret}"}`,
  "a tag of the prototype": `{"_tag":"__proto__"}`,
  "a tag that is no text": `{"_tag":{"toString":1}}`,
  "a tag by prototype": `{"__proto__":{"_tag":"Beat"}}`,
  "a greeting again": JSON.stringify({ cadre: 1, encoding: "ndjson", roles: ["operator"], token: secret }),
  "a channel of -1": JSON.stringify({ ...open, channel: -1 }),
  "a channel of halves": JSON.stringify({ ...open, channel: 0.5 }),
  "an unsafe channel": JSON.stringify(open).replace("\"channel\":0", "\"channel\":9007199254740993"),
  "a channel of 1e999": JSON.stringify(open).replace("\"channel\":0", "\"channel\":1e999"),
  "a channel as text": JSON.stringify({ ...open, channel: "0" }),
  "a session of another shape": JSON.stringify({ ...open, session: "../../etc/passwd" }),
  "a session with a line break": JSON.stringify({ ...open, session: `${sessionName()}\n` }),
  "a submitter without a name": JSON.stringify({ ...open, as: { _tag: "submitter", name: "" } }),
  "a name too long": JSON.stringify({ ...open, as: { _tag: "submitter", name: "x".repeat(100_000) } }),
  "an executor of NaN slots": JSON.stringify({
    ...open,
    as: { _tag: "executor", spec: { ...executorSpec("e"), slots: "NaN" } }
  }),
  "an executor of negative slots": JSON.stringify({
    ...open,
    as: { _tag: "executor", spec: { ...executorSpec("e"), slots: -1 } }
  }),
  "lists in lists": deep(100_000, "[", "]"),
  "objects in objects": deep(100_000, "{\"a\":", "}"),
  "lists in a frame": `{"_tag":"Submitter","channel":0,"first":1,"ack":0,"specs":[],"messages":${
    deep(50_000, "[", "]")
  }}`,
  "a million numbers": `{"_tag":"Submitter","channel":0,"first":1,"ack":0,"specs":[],"messages":[${
    "1,".repeat(500_000)
  }1]}`,
  "keys that are alike": `{"_tag":"Open",${
    Array.from({ length: 20_000 }, (_, at) => `"${"\\u0000".repeat(at % 3)}${at}":1`).join()
  }}`,
  "no end": "x".repeat(2 ** 20 + 2)
}

/** Frames as they may be written, which mean nothing where they come. */
const misplaced: Readonly<Record<string, (raw: Raw, encoding: WireEncoding) => Promise<void> | void>> = {
  "words for a channel that is not open": (raw, encoding) =>
    raw.send(encoding, { _tag: "Submitter", channel: 5, first: 1, ack: 0, specs: [], messages: [] }),
  "an executor's words on a submitter's channel": async (raw, encoding) => {
    const { channel } = await openSubmitter(raw, encoding)
    raw.send(encoding, { _tag: "Executor", channel, first: 1, ack: 0, specs: [], messages: [] })
  },
  "a channel twice": async (raw, encoding) => {
    const { channel } = await openSubmitter(raw, encoding)
    raw.send(encoding, {
      _tag: "Open",
      channel,
      session: sessionName(),
      received: 0,
      as: { _tag: "submitter", name: "y" }
    })
  },
  "a channel twice at once": (raw, encoding) => {
    const open = () => ({
      _tag: "Open" as const,
      channel: 3,
      session: sessionName(),
      received: 0,
      as: { _tag: "submitter" as const, name: `s${sessionName()}` }
    })
    raw.write(Buffer.concat([frameBytes(encoding, open()), frameBytes(encoding, open())]))
  },
  "an acknowledgement of what was never said": async (raw, encoding) => {
    const { channel } = await openSubmitter(raw, encoding)
    raw.send(encoding, { _tag: "Received", channel, ack: 1_000_000 })
  },
  "a gap": async (raw, encoding) => {
    const { channel } = await openSubmitter(raw, encoding)
    raw.send(encoding, {
      _tag: "Submitter",
      channel,
      first: 7,
      ack: 0,
      specs: [],
      messages: [{ _tag: "fetched", tasks: [] }]
    })
  },
  "a kind of task that nobody has named": async (raw, encoding) => {
    const { channel } = await openSubmitter(raw, encoding)
    raw.send(encoding, { _tag: "Submitter", channel, first: 1, ack: 0, specs: [], messages: [submission(0, 1)] })
  },
  "a kind of task with a number that is too large": async (raw, encoding) => {
    const { channel } = await openSubmitter(raw, encoding)
    raw.send(encoding, { _tag: "Submitter", channel, first: 1, ack: 0, specs: [[2 ** 40, spec]], messages: [] })
  },
  "lengths without bytes": async (raw, encoding) => {
    const { channel } = await openSubmitter(raw, encoding)
    const messages = [submission(0, 1, {}, { lengths: [1_000_000], bytes: new Uint8Array(3) })]
    raw.send(encoding, { _tag: "Submitter", channel, first: 1, ack: 0, specs: [[0, spec]], messages })
  },
  "more tasks than payloads": async (raw, encoding) => {
    const { channel } = await openSubmitter(raw, encoding)
    const messages = [submission(0, 3, {}, { lengths: [1, 1], bytes: new Uint8Array(2) })]
    raw.send(encoding, { _tag: "Submitter", channel, first: 1, ack: 0, specs: [[0, spec]], messages })
  },
  "2^53 tasks": async (raw, encoding) => {
    const { channel } = await openSubmitter(raw, encoding)
    const messages = [submission(0, 1, {}, { count: 2 ** 53 - 1, kind: "range" })]
    raw.send(encoding, { _tag: "Submitter", channel, first: 1, ack: 0, specs: [[0, spec]], messages })
  },
  "twenty thousand tasks in a message": async (raw, encoding) => {
    const { channel } = await openSubmitter(raw, encoding)
    const count = 20_000
    const lengths = Array.from({ length: count }, () => 0)
    const messages = [submission(0, 1, {}, { count, lengths, bytes: new Uint8Array() })]
    raw.send(encoding, { _tag: "Submitter", channel, first: 1, ack: 0, specs: [[0, spec]], messages })
  },
  "a start at NaN": (raw, encoding) => timed(raw, encoding, { startAt: Number.NaN }),
  "a deadline of NaN": (raw, encoding) => timed(raw, encoding, { deadline: Number.NaN }),
  "hashes of NaN": (raw, encoding) => timed(raw, encoding, { keys: ["k"], hashes: [Number.NaN] }),
  "a dependency on NaN": (raw, encoding) => timed(raw, encoding, { after: [Number.NaN] }),
  "a dependency on entry -1": (raw, encoding) => timed(raw, encoding, { after: [{ entry: -1 }] }),
  "a piece of nothing": async (raw, encoding) => {
    const { channel } = await openSubmitter(raw, encoding)
    const piece = { _tag: "piece", request: 9, entry: 0, lengths: [], bytes: new Uint8Array(), isLast: true } as const
    raw.send(encoding, { _tag: "Submitter", channel, first: 1, ack: 0, specs: [], messages: [piece] })
  },
  "leases of halves": async (raw, encoding) => {
    const { channel } = await openExecutor(raw, encoding, `e${sessionName()}`)
    const messages = [{ _tag: "started" as const, numbers: [1, 2] }]
    raw.send(encoding, { _tag: "Executor", channel, first: 1, ack: 0, specs: [], messages })
  },
  "leases below 0": async (raw, encoding) => {
    const { channel } = await openExecutor(raw, encoding, `e${sessionName()}`)
    const messages = [{ _tag: "started" as const, numbers: [-5, -1, -1] }]
    raw.send(encoding, { _tag: "Executor", channel, first: 1, ack: 0, specs: [], messages })
  },
  "leases of NaN": async (raw, encoding) => {
    const { channel } = await openExecutor(raw, encoding, `e${sessionName()}`)
    const messages = [{ _tag: "recalled" as const, numbers: [Number.NaN, 1, 1] }]
    raw.send(encoding, { _tag: "Executor", channel, first: 1, ack: 0, specs: [], messages })
  },
  "a report of an unknown encoding": async (raw, encoding) => {
    const { channel } = await openExecutor(raw, encoding, `e${sessionName()}`)
    const messages = [{ _tag: "ended" as const, numbers: [1, 1, -1, 0, 99, 1], bytes: bytes(1), others: [] }]
    raw.send(encoding, { _tag: "Executor", channel, first: 1, ack: 0, specs: [], messages })
  },
  "slots below 0": async (raw, encoding) => {
    const { channel } = await openExecutor(raw, encoding, `e${sessionName()}`)
    const messages = [{ _tag: "beat" as const, slots: -5 }]
    raw.send(encoding, { _tag: "Executor", channel, first: 1, ack: 0, specs: [], messages })
  }
}

const timed = async (raw: Raw, encoding: WireEncoding, entry: object): Promise<void> => {
  const { channel } = await openSubmitter(raw, encoding)
  const messages = [submission(0, 1, {}, entry)]
  raw.send(encoding, { _tag: "Submitter", channel, first: 1, ack: 0, specs: [[0, spec]], messages })
}

const everything = ["submitter", "executor", "operator"]

describe("guests", () => {
  let fortress: Fortress
  beforeAll(async () => {
    fortress = await build()
  })
  afterAll(() => fortress.close())

  /** Peers of all kinds come in, do something, and are cut off for it: that is a line of the log each. */
  const cut = (
    encodings: ReadonlyArray<WireEncoding>,
    abuse: (raw: Raw, encoding: WireEncoding) => Promise<void> | void
  ) => {
    const { tcp, tls, unix } = fortress
    const kinds = [unix, tcp, tls].flatMap((way) => encodings.map((encoding) => ({ way, encoding })))
    return judged(fortress, "they", async () => {
      await Promise.all(kinds.map(async ({ encoding, way }) => {
        const raw = await Raw.enter(way, encoding, everything)
        await abuse(raw, encoding)
        await soon(`the end of ${way.name} in ${encoding}`, raw.closed)
      }))
      await settled(fortress)
    }, kinds.length)
  }
  const each = (run: (way: Way) => Promise<void>) => Promise.all(fortress.ways.map(run))

  it.each(Object.keys(binary))(
    "that send no frames are cut off: %s",
    (name) => cut(["binary"], (raw) => raw.write(binary[name] ?? assert.fail()))
  )

  it.each(Object.keys(lines))("that send no JSON of ours are cut off: %s", (name) =>
    cut(["ndjson"], (raw) => {
      raw.write(lines[name] ?? assert.fail())
      raw.write("\n")
    }))

  it.each(Object.keys(misplaced))(
    "that send what means nothing are cut off: %s",
    (name) => cut(encodings, (raw, encoding) => misplaced[name]?.(raw, encoding))
  )

  it("may send frames in any pieces, and any number of them together", () =>
    each(async (way) => {
      for (const encoding of encodings) {
        const raw = await Raw.open(way)
        const beat = frameBytes(encoding, { _tag: "Beat" })
        const hello = Buffer.from(`${JSON.stringify(greeting(way, encoding, ["operator"]))}\n`)
        raw.write(Buffer.concat([hello, beat, beat, beat.subarray(0, 3)]))
        for (const byte of beat.subarray(3)) await raw.push(bytes(byte))
        for (const byte of Buffer.concat([beat, beat])) await raw.push(bytes(byte))
        raw.write(Buffer.concat(Array.from({ length: 100 }, () => beat)))
        assert.include(await raw.line(), "Welcome")
        for (let index = 0; index < 105; index++) assert.strictEqual((await raw.frame(encoding))?._tag, "Beat")
        await raw.end()
      }
    }))

  it("that leave in the middle of a frame leave nothing behind", () =>
    judged(fortress, "they", async () => {
      await each(async (way) => {
        for (const encoding of encodings) {
          for (const end of [1, 4, 5, 6, undefined]) {
            const raw = await Raw.enter(way, encoding, everything)
            const open = { _tag: "Open", channel: 0, session: sessionName(), received: 0 } as const
            const frame = frameBytes(encoding, { ...open, as: { _tag: "submitter", name: `s${sessionName()}` } })
            // Cut short; or whole, and left before it is answered.
            await raw.push(frame.subarray(0, end))
            await raw.end()
          }
        }
      })
      await settled(fortress)
    }, 0))

  it("get what they ask for afterwards", () =>
    each(async (way) => {
      for (const encoding of encodings) {
        await answers(way, encoding)
        await serves(way, encoding)
      }
    }))
})
