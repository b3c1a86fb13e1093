import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type { Ending } from "../../../src/dispatch/Command.ts"
import { Assembly, Budget } from "../../../src/protocol/session/Assembly.ts"
import { Link } from "../../../src/protocol/session/Link.ts"
import { SubmitterSession } from "../../../src/protocol/session/SubmitterSession.ts"
import { mostBytes, type SubmitterDown, type SubmitterUp } from "../../../src/protocol/session/SubmitterWords.ts"
import type { SubmitterMessage } from "../../../src/protocol/SubmitterPort.ts"
import { success, tasks } from "../../suites/Parties.ts"

type Submit = Extract<SubmitterMessage, { readonly _tag: "submit" }>

const submit = (request: number, counts: ReadonlyArray<number>): Submit => ({
  _tag: "submit",
  request,
  submission: `set ${request}`,
  entries: counts.map((count) => tasks(count)),
  whenUnmet: "fail",
  isOpen: false,
  isWatched: false
})

/** What a server keeps of a request. */
interface Kept {
  readonly counts: ReadonlyArray<number>
  readonly first: number
  readonly ended: Array<{ readonly entry: number; readonly index: number; readonly sequence: number }>
}

/** A server that accepts everything, and tells again what was not acknowledged after each start. */
class Model {
  readonly isDurable: boolean
  kept = new Map<number, Kept>()
  link = new Link<SubmitterDown, SubmitterUp>()
  assembly = new Assembly(new Budget(1e9), 1e9)
  acknowledged = 0
  sequence = 0
  positions = 0

  constructor(isDurable: boolean) {
    this.isDurable = isDurable
  }

  hear(words: ReadonlyArray<SubmitterUp>): void {
    for (const word of words) {
      if (word._tag === "leave") continue
      const assembled = this.assembly.take(word)
      if (assembled._tag === "Unfinished") continue
      if (assembled._tag !== "Message") return assert.fail(assembled._tag)
      const { message } = assembled
      if (message._tag === "acknowledged") this.acknowledged = Math.max(this.acknowledged, message.through)
      if (message._tag === "submit") this.accept(message)
    }
  }

  accept({ entries, request }: Submit): void {
    if (!this.kept.has(request)) {
      const counts = entries.map(({ entry }) => entry.count)
      this.kept.set(request, { counts, first: this.positions, ended: [] })
      this.positions += counts.reduce((sum, count) => sum + count, 0)
    }
    this.announce(request)
  }

  announce(request: number): void {
    const { counts, first } = this.kept.get(request)!
    let next = first
    const starts = counts.map((count) => (next += count) - count)
    this.link.send({ _tag: "Accepted", request, first: starts, known: [] })
  }

  /** Ends the next tasks that have not. */
  end(count: number): void {
    for (const [request, kept] of this.kept) {
      for (const [entry, total] of kept.counts.entries()) {
        const done = kept.ended.filter((ended) => ended.entry === entry).length
        const endings: Array<Ending> = []
        for (let index = done; index < total && count > 0; index++, count--) {
          kept.ended.push({ entry, index, sequence: ++this.sequence })
          endings.push(this.ending(request, kept, entry, index))
        }
        if (endings.length > 0) this.link.send({ _tag: "Ended", endings, sequence: this.sequence })
      }
    }
  }

  ending(request: number, { counts, first }: Kept, entry: number, index: number): Ending {
    const task = first + counts.slice(0, entry).reduce((sum, count) => sum + count, 0) + index
    return { request, entry, index, count: 1, task, epoch: 1, outcome: success(index % 256), times: undefined }
  }

  /** Starts anew: what was kept is told again. Gives whether it knew the submitter. */
  restart(): boolean {
    this.link = new Link()
    this.assembly = new Assembly(new Budget(1e9), 1e9)
    if (!this.isDurable) {
      this.kept.clear()
      this.acknowledged = this.sequence = 0
    }
    for (const [request, kept] of this.kept) {
      this.announce(request)
      const untold = kept.ended.filter(({ sequence }) => sequence > this.acknowledged)
      for (const { entry, index, sequence } of untold) {
        this.link.send({ _tag: "Ended", endings: [this.ending(request, kept, entry, index)], sequence })
      }
    }
    return this.kept.size > 0
  }
}

class Stage {
  readonly session = new SubmitterSession()
  readonly model: Model
  /** What whoever submits was told: per request how often it was accepted, and each task's ends. */
  readonly accepted = new Map<number, number>()
  readonly ended = new Map<string, number>()
  readonly expected = new Map<string, number>()
  requests = 0
  lost: string | undefined

  constructor(isDurable: boolean) {
    this.model = new Model(isDurable)
  }

  submit(counts: ReadonlyArray<number>): void {
    const request = this.requests++
    for (const [entry, count] of counts.entries()) {
      for (let index = 0; index < count; index++) this.expected.set(`${request}/${entry}/${index}`, 1)
    }
    this.session.send(submit(request, counts))
  }

  up(): void {
    const run = this.session.link.next(500)
    if (run === undefined) return
    const fresh = this.model.link.receive(run)
    if (fresh === "gap") return assert.fail("gap")
    this.model.hear(fresh)
    this.model.link.acknowledge(this.session.link.received)
    this.session.link.acknowledge(this.model.link.received)
  }

  down(): void {
    const run = this.model.link.next(500)
    if (run === undefined) return
    const fresh = this.session.link.receive(run)
    if (fresh === "gap") return assert.fail("gap")
    for (const notice of this.session.hear(fresh).notices) {
      if (notice._tag === "Accepted") {
        this.accepted.set(notice.request, 1 + (this.accepted.get(notice.request) ?? 0))
      }
      if (notice._tag !== "Ended") continue
      for (const { count, entry, index, outcome, request } of notice.endings) {
        for (let offset = 0; offset < count; offset++) {
          const key = `${request}/${entry}/${index + offset}`
          this.ended.set(key, 1 + (this.ended.get(key) ?? 0))
        }
        if (count === 1) assert.deepStrictEqual(outcome, success(index % 256))
      }
    }
    this.model.link.acknowledge(this.session.link.received)
  }

  restart(): void {
    const isKnown = this.model.restart()
    this.lost = this.session.restart(isKnown, "anew")
  }

  settle(): void {
    while (this.session.link.hasMore || this.model.link.hasMore) {
      this.up()
      this.down()
    }
  }
}

const Step = Schema.Struct({
  what: Schema.Literals(["submit", "up", "down", "end", "acknowledge", "restart"]),
  number: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5 }))
})
const Steps = Schema.Array(Step).check(Schema.isMaxLength(80))

const play = (stage: Stage, { number, what }: typeof Step.Type): void => {
  if (what === "submit") stage.submit([number, 1, 2 * number].slice(0, 1 + number % 3))
  else if (what === "up") stage.up()
  else if (what === "down") stage.down()
  else if (what === "end") stage.model.end(number)
  else if (what === "acknowledge") stage.session.acknowledge()
  else stage.restart()
}

describe("sessions of submitters", () => {
  it.prop("pass each acceptance and each end on once, whenever a server that keeps them is started anew", [Steps], ([
    steps
  ]) => {
    const stage = new Stage(true)
    for (const step of steps) {
      play(stage, step)
      assert.isUndefined(stage.lost)
    }
    stage.settle()
    stage.model.end(10_000)
    stage.settle()
    assert.deepStrictEqual(new Map([...stage.ended].toSorted()), new Map([...stage.expected].toSorted()))
    assert.deepStrictEqual([...stage.accepted.values()], [...stage.accepted.keys()].map(() => 1))
    assert.strictEqual(stage.accepted.size, stage.requests)
    assert.strictEqual(stage.session.open, 0)
  }, { arbitrary: { runs: 200, size: 80 } })

  it.prop(
    "are lost with a server that keeps nothing once something was accepted, and go on else",
    [Steps],
    ([steps]) => {
      const stage = new Stage(false)
      for (const step of steps) {
        const isPending = [...stage.expected.keys()].some((key) => {
          const [request] = key.split("/")
          return stage.accepted.has(Number(request)) && !stage.ended.has(key)
        })
        play(stage, step)
        if (step.what !== "restart") continue
        assert.strictEqual(stage.lost !== undefined, isPending)
        if (isPending) return
      }
      stage.settle()
      stage.model.end(10_000)
      stage.settle()
      assert.deepStrictEqual(new Map([...stage.ended].toSorted()), new Map([...stage.expected].toSorted()))
    },
    { arbitrary: { runs: 200, size: 80 } }
  )

  it("say again what is cancelled and closed", () => {
    const stage = new Stage(true)
    stage.submit([3])
    stage.settle()
    stage.session.send({ _tag: "cancel", target: { submission: "set 0" }, by: "me" })
    stage.session.send({ _tag: "cancel", target: { task: 1 }, by: "me" })
    stage.session.send({ _tag: "close", submission: "set 0" })
    stage.settle()
    stage.restart()
    const said = () => stage.session.link.unacknowledged.map(({ _tag }) => _tag)
    assert.sameMembers([...said()], ["cancel", "cancel", "close"])
    stage.model.end(3)
    stage.settle()
    stage.restart()
    assert.notInclude(said(), "cancel")
    assert.notInclude(said(), "close")
  })

  it("acknowledge endings up to the last", () => {
    const stage = new Stage(true)
    stage.submit([4])
    stage.settle()
    stage.model.end(3)
    stage.settle()
    assert.isTrue(stage.session.hasToAcknowledge)
    stage.session.acknowledge()
    assert.isFalse(stage.session.hasToAcknowledge)
    stage.settle()
    assert.strictEqual(stage.model.acknowledged, 3)
  })

  it("split what is large, and put it together again", () => {
    const payload = new Uint8Array(mostBytes / 4).fill(1)
    const session = new SubmitterSession()
    const many = {
      ...submit(0, []),
      entries: [tasks(2_500), tasks(0), {
        ...tasks(9),
        payloads: { _tag: "Pieces", pieces: Array.from({ length: 9 }, () => payload) } as const
      }]
    }
    session.send(many)
    const words = session.link.unacknowledged
    assert.isAbove(words.length, 4)
    const budget = new Budget(1e8)
    const assembly = new Assembly(budget, 1e8)
    const whole = words.map((word) => word._tag === "leave" ? assert.fail() : assembly.take(word)).at(-1)
    if (whole?._tag !== "Message" || whole.message._tag !== "submit") return assert.fail(whole?._tag)
    assert.deepStrictEqual(whole.message.entries.map(({ entry: { count } }) => count), [2_500, 0, 9])
    assert.deepStrictEqual(whole.message.entries[2]?.payloads, many.entries[2]?.payloads)
    assert.strictEqual(budget.used, 0)
    const bounded = new Assembly(budget, mostBytes)
    const refused = words.map((word) => word._tag === "leave" ? assert.fail() : bounded.take(word)).at(-1)
    assert.strictEqual(refused?._tag, "Refused")
    assert.strictEqual(budget.used, 0)
  })

  it("refuse pieces that do not fit", () => {
    const assembly = new Assembly(new Budget(1e6), 1e6)
    const piece = { _tag: "piece", request: 0, entry: 0, pieces: [Uint8Array.of(1)], isLast: true } as const
    assert.strictEqual(assembly.take(piece)._tag, "Invalid")
    const head = { ...submit(0, [2]), isWhole: false }
    assert.strictEqual(assembly.take(head)._tag, "Unfinished")
    assert.strictEqual(assembly.take(head)._tag, "Invalid")
    assert.strictEqual(assembly.take({ ...piece, entry: 1 })._tag, "Invalid")
    assert.strictEqual(assembly.take(piece)._tag, "Invalid")
    assert.strictEqual(assembly.take({ ...submit(1, [2]), isWhole: true })._tag, "Message")
    const short = { ...tasks(2), payloads: { _tag: "Pieces", pieces: [] } as const }
    assert.strictEqual(assembly.take({ ...submit(2, []), entries: [short], isWhole: true })._tag, "Invalid")
  })
})
