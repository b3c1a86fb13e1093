import { assert, describe, it } from "@effect/vitest"
import { LeavingPort } from "../../../layers/host/LeavingPort.ts"
import type { ExecutorPort } from "../../../services/Server.ts"
import type { Assignment } from "../../../src/dispatch/Command.ts"
import type { Attempt, ExecutorCommand, ExecutorMessage } from "../../../src/protocol/ExecutorPort.ts"

const attempt = (task: number, epoch = 1, isResumed = false): Attempt => ({
  // Nothing else of it is looked at.
  assignment: { task, epoch, isResumed } as Assignment,
  payload: new Uint8Array(),
  refFields: undefined,
  isFollowed: false
})

const succeeded = (task: number, epoch = 1): ExecutorMessage => ({
  _tag: "ended",
  reports: [{ task, epoch, outcome: { _tag: "Succeeded", value: { encoding: "binary", bytes: new Uint8Array() } } }]
})

const setUp = () => {
  const said: Array<ExecutorMessage> = []
  const heard: Array<ExecutorCommand> = []
  const events: Array<string> = []
  let give: (commands: ReadonlyArray<ExecutorCommand>) => void = () => undefined
  const port: ExecutorPort = {
    commands: { read: (reader) => void (give = reader?.take ?? (() => undefined)) },
    send: (message) => void said.push(message),
    idOf: String
  }
  const leaving = new LeavingPort(port, {
    stopped: () => void events.push("stopped"),
    emptied: () => void events.push("emptied")
  })
  leaving.port.commands.read({ take: (commands) => void heard.push(...commands) })
  return {
    said,
    heard,
    events,
    leaving,
    give: (...commands: ReadonlyArray<ExecutorCommand>) => give(commands),
    say: leaving.port.send
  }
}

describe("LeavingPort", () => {
  it("passes on what is said while nobody leaves", () => {
    const { events, give, heard, said, say } = setUp()
    give({ _tag: "Assign", attempts: [attempt(1)] })
    say({ _tag: "beat", slots: 3 })
    say(succeeded(1))
    assert.deepStrictEqual(heard, [{ _tag: "Assign", attempts: [attempt(1)] }])
    assert.deepStrictEqual(said, [{ _tag: "beat", slots: 3 }, succeeded(1)])
    assert.deepStrictEqual(events, [])
  })

  it("asks back what has not started, and is empty when all of it has come back or ended", () => {
    const { events, give, heard, leaving, said, say } = setUp()
    give({ _tag: "Assign", attempts: [attempt(1), attempt(2), attempt(3)] })
    say(succeeded(1))
    leaving.leave()
    assert.deepStrictEqual(said.at(-1), { _tag: "beat", slots: 0 })
    assert.deepStrictEqual(heard.at(-1), { _tag: "Recall", leases: [{ task: 2, epoch: 1 }, { task: 3, epoch: 1 }] })
    say({ _tag: "recalled", leases: [{ task: 3, epoch: 1 }] })
    assert.deepStrictEqual(events, [])
    say(succeeded(2))
    assert.deepStrictEqual(events, ["emptied"])
    leaving.leave()
    assert.deepStrictEqual(events, ["emptied"])
  })

  it("is empty at once where it holds nothing", () => {
    const { events, leaving } = setUp()
    leaving.leave()
    assert.deepStrictEqual(events, ["emptied"])
  })

  it("gives back what comes while it leaves, and says no more of slots", () => {
    const { give, heard, leaving, said, say } = setUp()
    give({ _tag: "Assign", attempts: [attempt(1)] })
    leaving.leave()
    const before = heard.length
    give({ _tag: "Assign", attempts: [attempt(2)] })
    assert.strictEqual(heard.length, before)
    assert.deepStrictEqual(said.at(-1), { _tag: "recalled", leases: [{ task: 2, epoch: 1 }] })
    say({ _tag: "beat", slots: 2 })
    assert.deepStrictEqual(said.at(-1), { _tag: "recalled", leases: [{ task: 2, epoch: 1 }] })
    say({ _tag: "beat" })
    assert.deepStrictEqual(said.at(-1), { _tag: "beat" })
  })

  it("counts an attempt by its epoch", () => {
    const { events, give, leaving, say } = setUp()
    give({ _tag: "Assign", attempts: [attempt(1, 1)] })
    give({ _tag: "Assign", attempts: [attempt(1, 2)] })
    leaving.leave()
    say(succeeded(1, 1))
    assert.deepStrictEqual(events, [])
    say(succeeded(1, 2))
    assert.deepStrictEqual(events, ["emptied"])
  })

  it("does not wait for what a server that was started anew leases to it again, and which it has reported", () => {
    const { events, give, heard, leaving, say } = setUp()
    give({ _tag: "Assign", attempts: [attempt(1)] })
    say(succeeded(1))
    give({ _tag: "Assign", attempts: [attempt(1, 1, true)] })
    assert.deepStrictEqual(heard.at(-1), { _tag: "Assign", attempts: [attempt(1, 1, true)] })
    leaving.leave()
    assert.deepStrictEqual(events, ["emptied"])
  })

  it("does not give back what it runs when that is leased to it again while it leaves", () => {
    const { events, give, heard, leaving, said, say } = setUp()
    give({ _tag: "Assign", attempts: [attempt(1)] })
    leaving.leave()
    give({ _tag: "Assign", attempts: [attempt(1, 1, true), attempt(2)] })
    assert.deepStrictEqual(heard.at(-1), { _tag: "Assign", attempts: [attempt(1, 1, true)] })
    assert.deepStrictEqual(said.at(-1), { _tag: "recalled", leases: [{ task: 2, epoch: 1 }] })
    assert.deepStrictEqual(events, [])
    say(succeeded(1))
    assert.deepStrictEqual(events, ["emptied"])
  })

  it("says that the server wants it to stop, and does not trouble the executor with it", () => {
    const { events, give, heard } = setUp()
    give({ _tag: "Stop" })
    assert.deepStrictEqual(events, ["stopped"])
    assert.deepStrictEqual(heard, [])
  })
})
