import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { DownFrame, UpFrame } from "../../src/protocol/session/Frame.ts"
import {
  build,
  type Fortress,
  memory,
  openExecutor,
  openSubmitter,
  serves,
  sessionName,
  spec,
  submission
} from "./Fortress.ts"
import { settled } from "./Judging.ts"
import { frameBytes, Raw, type Way, type WireEncoding } from "./Raw.ts"

const mebibyte = 2 ** 20

type Kind = readonly ["unix" | "tcp" | "tls", WireEncoding]

/** A server of its own for each flood; it serves afterwards, and nothing is left. Limits are the same for all sockets: each is flooded in turn. */
const flooded = (
  [name, encoding]: Kind,
  given: Parameters<typeof build>,
  flood: (fortress: Fortress, way: Way, encoding: WireEncoding) => Promise<void>
) =>
async () => {
  const fortress = await build(...given)
  try {
    const way = fortress[name]
    await flood(fortress, way, encoding)
    await settled(fortress)
    await serves(way, encoding)
  } finally {
    await fortress.close()
  }
}

/** Writes as fast as it is taken, at most so much; says how much that was until nothing was taken any more. */
const pour = async (raw: Raw, piece: Buffer, most: number): Promise<number> => {
  let taken = 0
  while (taken < most && !raw.isClosed) {
    const isTaken = await Promise.race([
      raw.push(piece).then(() => true),
      new Promise<boolean>((resolve) => setTimeout(resolve, 250, false))
    ])
    if (!isTaken) break
    taken += piece.length
  }
  return taken
}

type Message = Extract<DownFrame, { readonly _tag: "Submitter" }>["messages"][number]

const say = (raw: Raw, encoding: WireEncoding, first: number, messages: ReadonlyArray<object>, ack = 0) => {
  const frame = { _tag: "Submitter", channel: 0, first, ack, specs: first === 1 ? [[0, spec]] : [], messages }
  // What is said here may be anything.
  return raw.push(frameBytes(encoding, frame as unknown as UpFrame))
}

describe("floods", () => {
  it(
    "of questions by somebody who reads no answer are not read on",
    flooded(["unix", "binary"], [], async (_, way, encoding) => {
      const raw = await Raw.enter(way, encoding, ["operator"])
      const before = memory()
      raw.socket.pause()
      const beats = Buffer.concat(Array.from({ length: 4_000 }, () => frameBytes(encoding, { _tag: "Beat" })))
      const taken = await pour(raw, beats, 24 * mebibyte)
      assert.isBelow(taken, 24 * mebibyte)
      assert.isBelow(memory() - before, 8 * mebibyte)
      // What it asked is answered once it listens.
      raw.socket.resume()
      await raw.until("answers", () => raw.received.length > 100_000 ? true : undefined)
      await raw.end()
    })
  )

  it(
    "of sessions end at a limit",
    flooded(
      ["tls", "ndjson"],
      [{ sessions: 50, sessionsInAll: 120, logTime: 60_000 }],
      async (fortress, way, encoding) => {
        const before = memory()
        const already = fortress.lines.length
        const raws = await Promise.all(Array.from({ length: 4 }, () => Raw.enter(way, encoding, ["submitter"])))
        const answers = await Promise.all(raws.map(async (raw) => {
          const opens = Array.from({ length: 400 }, (_, channel) =>
            frameBytes(encoding, {
              _tag: "Open",
              channel,
              session: sessionName(),
              received: 0,
              as: { _tag: "submitter", name: `s${sessionName()}` }
            }))
          raw.write(Buffer.concat(opens))
          let opened = 0
          for (let left = 400; left > 0;) {
            const frame = await raw.frame(encoding)
            if (frame?._tag !== "Opened" && frame?._tag !== "Denied") continue
            if (frame._tag === "Opened") opened++
            left--
          }
          return opened
        }))
        assert.isTrue(answers.every((opened) => opened <= 50))
        assert.strictEqual(answers.reduce((sum, opened) => sum + opened, 0), 120)
        assert.isBelow(memory() - before, 8 * mebibyte)
        assert.isAtMost(fortress.lines.length - already, 1)
        await Promise.all(raws.map((raw) => raw.end()))
      }
    )
  )

  it(
    "of sessions that are begun and left leave nothing behind",
    flooded(["tcp", "binary"], [], async (fortress, way, encoding) => {
      for (let round = 0; round < 5; round++) {
        await Promise.all(Array.from({ length: 10 }, async (_, index) => {
          const raw = await Raw.enter(way, encoding, ["submitter", "executor"])
          const opens = Array.from({ length: 20 }, (_, channel) =>
            frameBytes(encoding, {
              _tag: "Open",
              channel,
              session: sessionName(),
              received: 0,
              as: { _tag: "submitter", name: `s${sessionName()}` }
            }))
          await raw.push(Buffer.concat(opens))
          if (index % 2 === 0) await raw.next(encoding, "Opened")
          await raw.end()
        }))
      }
      await settled(fortress)
    })
  )

  it(
    "of tasks are refused when there are too many",
    flooded(
      ["tls", "binary"],
      [{ window: mebibyte }, {}, { limits: { memory: 4 * mebibyte } }],
      async (fortress, way, encoding) => {
        const raw = await Raw.enter(way, encoding, ["submitter"])
        await openSubmitter(raw, encoding)
        const before = memory()
        const size = 200_000
        for (let request = 0; request < 40; request++) {
          const entry = { lengths: [size], bytes: new Uint8Array(size).fill(request) }
          await say(raw, encoding, request + 1, [submission(request, 1, {}, entry)])
        }
        const heard: Array<Message> = []
        const answered = () => heard.filter(({ _tag }) => _tag === "Accepted" || _tag === "Refused").length
        while (answered() < 40) heard.push(...(await raw.next(encoding, "Submitter"))?.messages ?? assert.fail())
        const refusals = heard.flatMap((message) => message._tag === "Refused" ? [message.reason._tag] : [])
        assert.isAbove(refusals.length, 10)
        assert.isTrue(refusals.every((tag) => tag === "Full"))
        assert.isBelow(memory() - before, 12 * mebibyte)
        await raw.end()
        await settled(fortress)
      }
    )
  )

  it(
    "of unfinished submissions are refused when there are too many",
    flooded(
      ["unix", "ndjson"],
      [{ unfinished: mebibyte, unfinishedInAll: 1.5 * mebibyte }],
      async (fortress, way, encoding) => {
        const before = memory()
        const raws = await Promise.all(Array.from({ length: 3 }, () => Raw.enter(way, encoding, ["submitter"])))
        const size = 300_000
        for (const raw of raws) {
          await openSubmitter(raw, encoding)
          await say(raw, encoding, 1, [
            submission(0, 0, { isWhole: false }, { count: 10, lengths: [], bytes: new Uint8Array() })
          ])
          for (let piece = 0; piece < 10; piece++) {
            const more = { _tag: "piece", request: 0, entry: 0, lengths: [size], bytes: new Uint8Array(size) }
            await say(raw, encoding, piece + 2, [{ ...more, isLast: piece === 9 }])
          }
        }
        for (const raw of raws) {
          const found: Array<Message> = []
          while (!found.some(({ _tag }) => _tag === "Refused")) {
            found.push(...(await raw.next(encoding, "Submitter"))?.messages ?? assert.fail())
          }
        }
        assert.isBelow(memory() - before, 8 * mebibyte)
        await Promise.all(raws.map((raw) => raw.end()))
        await settled(fortress)
      }
    )
  )

  it(
    "of tasks that are cancelled at once leave nothing behind",
    flooded(["tcp", "ndjson"], [], async (fortress, way, encoding) => {
      const raw = await Raw.enter(way, encoding, ["submitter"])
      await openSubmitter(raw, encoding)
      const before = memory()
      for (let request = 0; request < 100; request++) {
        const cancel = { _tag: "cancel", submission: `set ${request}`, by: "me" }
        await say(raw, encoding, 2 * request + 1, [submission(request, 50), cancel])
      }
      let ended = 0
      let read = 0
      while (ended < 5_000) {
        const frame = await raw.next(encoding, "Submitter")
        if (frame === undefined) return assert.fail()
        read = frame.first + frame.messages.length - 1
        raw.send(encoding, { _tag: "Received", channel: 0, ack: read })
        for (const message of frame.messages) {
          if (message._tag !== "Ended") continue
          for (let at = 3; at < message.numbers.length; at += 12) ended += message.numbers[at] ?? 0
        }
      }
      const { queued, running } = await Effect.runPromise(fortress.operator.status)
      assert.deepStrictEqual([queued, running], [0, 0])
      assert.isBelow(memory() - before, 16 * mebibyte)
      await raw.end()
    })
  )

  it(
    "of lines and progress for tasks that are not its own, or run no more, go nowhere",
    flooded(["tls", "binary"], [], async (_, way, encoding) => {
      const raw = await Raw.enter(way, encoding, ["executor"])
      await openExecutor(raw, encoding, `e${sessionName()}`)
      const before = memory()
      const line = { time: 0, level: "Info", message: "x".repeat(1_000), annotations: {} }
      let first = 1
      for (let round = 0; round < 12; round++) {
        const lease = { task: round, epoch: 1 }
        const messages = [
          { _tag: "logs", entries: Array.from({ length: 200 }, () => ({ lease, line })) },
          { _tag: "output", line },
          { _tag: "progress", lease, value: new Uint8Array(100_000) },
          { _tag: "log", lease, line }
        ]
        const frame = { _tag: "Executor", channel: 0, first, ack: 0, specs: [], messages }
        first += messages.length
        // What is said here may be anything.
        await raw.push(frameBytes(encoding, frame as unknown as UpFrame))
      }
      raw.send(encoding, { _tag: "Beat" })
      assert.isDefined(await raw.next(encoding, "Beat"))
      assert.isBelow(memory() - before, 8 * mebibyte)
      await raw.end()
    })
  )
})
