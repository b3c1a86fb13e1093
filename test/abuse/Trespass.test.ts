import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { Redacted } from "effect"
import { readFileSync } from "node:fs"
import { files } from "../../layers/security/KeyFolder.ts"
import * as ServerRemote from "../../layers/wire/ServerRemote.ts"
import type { DownFrame, UpFrame } from "../../src/protocol/session/Frame.ts"
import type { Role } from "../../src/security/Role.ts"
import {
  build,
  executorSpec,
  type Fortress,
  openExecutor,
  openSubmitter,
  serves,
  sessionName,
  spec,
  submission
} from "./Fortress.ts"
import { judged, settled } from "./Judging.ts"
import { Raw, type Way, type WireEncoding } from "./Raw.ts"

type Down = Extract<DownFrame, { readonly _tag: "Submitter" }>["messages"][number]
type Commands = Extract<DownFrame, { readonly _tag: "Executor" }>["messages"][number]

/** A party that keeps count of what it says, and of what it has heard. */
class Party<Message> {
  readonly raw: Raw
  readonly encoding: WireEncoding
  readonly tag: "Submitter" | "Executor"
  readonly heard: Array<Message> = []
  #said = 1

  constructor(raw: Raw, encoding: WireEncoding, tag: "Submitter" | "Executor") {
    this.raw = raw
    this.encoding = encoding
    this.tag = tag
  }

  say(messages: ReadonlyArray<unknown>): void {
    const frame = { _tag: this.tag, channel: 0, first: this.#said, ack: 0, specs: [[0, spec]], messages }
    this.#said += messages.length
    // What is said here may be anything.
    this.raw.send(this.encoding, frame as unknown as UpFrame)
  }

  /** All that it has said has been heard, and what there is to be said to it has come. */
  async pause(): Promise<void> {
    this.raw.send(this.encoding, { _tag: "Beat" })
    for (;;) {
      const frame = await this.raw.frame(this.encoding)
      if (frame === undefined) throw new Error("The connection is gone")
      if (frame._tag === "Beat") return
      // Its tag says whose messages these are.
      if (frame._tag === this.tag) this.heard.push(...frame.messages as ReadonlyArray<Message>)
    }
  }

  async hears(tag: string): Promise<Message> {
    for (;;) {
      const found = this.heard.find((message) => (message as { readonly _tag: string })._tag === tag)
      if (found !== undefined) {
        this.heard.splice(this.heard.indexOf(found), 1)
        return found
      }
      const frame = await this.raw.next(this.encoding, this.tag)
      if (frame === undefined) throw new Error(`The connection is gone, and ${tag} was not heard`)
      // Its tag says whose messages these are.
      this.heard.push(...frame.messages as ReadonlyArray<Message>)
    }
  }
}

const enterAs = (way: Way, encoding: WireEncoding) => async (roles: ReadonlyArray<Role>) =>
  Raw.enter(way, encoding, roles)

const submitterOn = async (way: Way, encoding: WireEncoding, name?: string) => {
  const raw = await enterAs(way, encoding)(["submitter"])
  await openSubmitter(raw, encoding, name)
  return new Party<Down>(raw, encoding, "Submitter")
}

const executorOn = async (way: Way, encoding: WireEncoding, executorId = `e${sessionName()}`) => {
  const raw = await enterAs(way, encoding)(["executor"])
  await openExecutor(raw, encoding, executorId)
  return new Party<Commands>(raw, encoding, "Executor")
}

const report = (task: number, epoch: number, byte: number, generation = -1) => ({
  _tag: "ended" as const,
  numbers: [task, epoch, generation, 0, 2, 1],
  bytes: Uint8Array.of(byte),
  others: []
})

describe("peers that reach for what is not theirs", () => {
  let fortress: Fortress
  beforeAll(async () => {
    fortress = await build()
  })
  afterAll(() => fortress.close())
  const everywhere = (run: (way: Way, encoding: WireEncoding) => Promise<void>) => async () => {
    const { tcp, tls, unix } = fortress
    // Tasks of one way are not for the executors of another.
    for (const [way, encoding] of [[unix, "binary"], [tcp, "ndjson"], [tls, "binary"], [tls, "ndjson"]] as const) {
      await run(way, encoding)
      await settled(fortress)
    }
  }

  it(
    "get no session of a role that they were not let in as, nor another's",
    everywhere((way, encoding) =>
      judged(fortress, `${way.name}, ${encoding}`, async () => {
        const refused = async (raw: Raw, open: Extract<UpFrame, { readonly _tag: "Open" }>) => {
          raw.send(encoding, open)
          assert.strictEqual((await raw.frame(encoding))?._tag, "Denied")
        }
        const submitter = await Raw.enter(way, encoding, ["submitter"])
        const executor = await Raw.enter(way, encoding, ["executor"])
        const operator = await Raw.enter(way, encoding, ["operator"])
        const asExecutor = { _tag: "executor", spec: executorSpec("forged") } as const
        const asSubmitter = { _tag: "submitter", name: "forged" } as const
        const open = { _tag: "Open", channel: 9, session: sessionName(), received: 0 } as const
        await refused(submitter, { ...open, as: asExecutor })
        await refused(executor, { ...open, as: asSubmitter })
        await refused(operator, { ...open, as: asExecutor })
        await refused(operator, { ...open, as: asSubmitter })
        const { session } = await openSubmitter(submitter, encoding)
        const other = await Raw.enter(way, encoding, ["submitter", "executor"])
        await refused(other, { ...open, session, as: asSubmitter })
        await refused(other, { ...open, session, as: asExecutor })
        const held = await openExecutor(executor, encoding, `mine-${session}`)
        // Somebody else says that he is that executor.
        await refused(other, { ...open, as: { _tag: "executor", spec: executorSpec(held.executorId) } })
        await Promise.all([submitter, executor, operator, other].map((raw) => raw.end()))
        await settled(fortress)
      }, 7)
    )
  )

  it(
    "end no task of which they do not hold the lease",
    everywhere(async (way, encoding) => {
      const submitter = await submitterOn(way, encoding)
      const holder = await executorOn(way, encoding)
      submitter.say([submission(0, 1)])
      const assigned = await holder.hears("Assign")
      if (assigned._tag !== "Assign") return assert.fail()
      const [task = -1, epoch = -1] = assigned.numbers
      const forger = await executorOn(way, encoding)
      const { refused } = await Effect.runPromise(fortress.server.status)
      for (const wrong of [epoch, epoch - 1, epoch + 1, epoch + 1_000_000, Number.MAX_SAFE_INTEGER]) {
        forger.say([report(task, wrong, 66)])
        forger.say([{ _tag: "adopted", numbers: [task, wrong, -1] }])
        forger.say([{ _tag: "started", numbers: [task, wrong, -1] }, { _tag: "recalled", numbers: [task, wrong, -1] }])
        forger.say([report(task, wrong, 66, 1), report(task, wrong, 66, 0), report(task, wrong, 66, 99)])
      }
      forger.say([report(123_456, 1, 66), report(Number.MAX_SAFE_INTEGER, 1, 66)])
      // Of its own, but of another epoch or generation.
      holder.say([report(task, epoch + 1, 66), report(task, epoch - 1, 66), report(task, epoch, 66, 99)])
      // The end of it all: what was said before has been heard by then, as each answers in order.
      await forger.pause()
      holder.say([report(task, epoch, 42)])
      // A second time, with another outcome.
      holder.say([report(task, epoch, 66)])
      const ended = await submitter.hears("Ended")
      assert.deepStrictEqual(ended._tag === "Ended" ? [...ended.bytes] : [], [42])
      await holder.pause()
      const after = await Effect.runPromise(fortress.server.status)
      assert.isAbove(after.refused, refused)
      assert.isFalse(submitter.heard.some(({ _tag }) => _tag === "Ended"))
      await Promise.all([submitter, holder, forger].map(({ raw }) => raw.end()))
    })
  )

  it(
    "cancel no task of another, and no submission",
    everywhere(async (way, encoding) => {
      const owner = await submitterOn(way, encoding)
      const other = await submitterOn(way, encoding)
      const executor = await executorOn(way, encoding)
      owner.say([submission(0, 1)])
      const assigned = await executor.hears("Assign")
      if (assigned._tag !== "Assign") return assert.fail()
      const [task = -1, epoch = -1] = assigned.numbers
      other.say([
        { _tag: "cancel", task, by: "another" },
        { _tag: "cancel", submission: "set 0", by: "another" },
        { _tag: "fetched", tasks: [task] },
        { _tag: "close", submission: "set 0" },
        { _tag: "acknowledged", through: 1_000_000_000 }
      ])
      await other.pause()
      // Its words have had their turn.
      await serves(way, encoding)
      await executor.pause()
      assert.deepStrictEqual(executor.heard, [])
      executor.say([report(task, epoch, 42)])
      const ended = await owner.hears("Ended")
      assert.deepStrictEqual(ended._tag === "Ended" ? [...ended.bytes] : [], [42])
      await Promise.all([owner, other, executor].map(({ raw }) => raw.end()))
    })
  )

  it("call nothing that their role may not", async () => {
    const { keys, server, tcp } = fortress
    const address = `tcp://127.0.0.1:${tcp.port}`
    const before = await Effect.runPromise(server.status)
    for (const role of ["submitter", "executor"] as const) {
      const scope = Scope.makeUnsafe()
      const token = Redacted.make(readFileSync(files(keys).token(role), "utf8").trim())
      const remote = await Effect.runPromise(
        ServerRemote.connect({ address, roles: [role], token }).pipe(Scope.provide(scope))
      )
      const { operator } = remote
      const calls: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
        operator.status,
        operator.drain,
        operator.stop({ drain: false }),
        operator.executors,
        operator.cancel({ _tag: "All" }, "me"),
        operator.retry({ _tag: "All" }),
        operator.task("0.1.0"),
        operator.tasks({ selector: { _tag: "All" }, limit: 1 }),
        operator.submissions({ limit: 1 }),
        operator.results({ submission: "x", after: 0, limit: 1 }),
        operator.drainExecutor("x", { stop: true }),
        operator.schedules,
        operator.removeSchedule("x")
      ]
      for (const call of calls) {
        const error = await Effect.runPromise(Effect.flip(call))
        assert.include(String(error), "Unavailable")
        assert.match(error instanceof Error ? error.message : "", /operator/)
      }
      await Effect.runPromise(Scope.close(scope, Exit.void))
    }
    assert.deepStrictEqual(await Effect.runPromise(server.status), before)
  })

  it("leave a server that serves", everywhere(serves))
})
