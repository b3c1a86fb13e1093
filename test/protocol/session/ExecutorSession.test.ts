import { assert, describe, it } from "@effect/vitest"
import { ExecutorSession } from "../../../src/protocol/session/ExecutorSession.ts"
import type { ExecutorUp } from "../../../src/protocol/session/ExecutorWords.ts"
import { success } from "../../suites/Parties.ts"
import { assign, attempt, ended, lease } from "./Leases.ts"

/** All that is on its way, as `<what> <task>/<generation>`. */
const said = (session: ExecutorSession): ReadonlyArray<string> =>
  session.link.unacknowledged.flatMap((word: ExecutorUp) => {
    const leases = word._tag === "ended" ? word.reports : "leases" in word ? word.leases : []
    return leases.map(({ generation, task }) => `${word._tag} ${task}/${generation ?? "now"}`)
  })

describe("sessions of executors", () => {
  it("hold what was assigned until it has ended or is given back", () => {
    const session = new ExecutorSession(3)
    assign(session, 1, 2, 3)
    session.send({ _tag: "started", leases: [lease(1)] })
    session.send(ended(1))
    session.send({ _tag: "recalled", leases: [lease(2)] })
    assert.deepStrictEqual(session.held, [{ task: 3, epoch: 1, generation: 3 }])
    // Of another attempt.
    session.send({ _tag: "ended", reports: [{ task: 3, epoch: 7, outcome: success(1) }] })
    assert.lengthOf(session.held, 1)
  })

  it("tell a new generation what they hold, and what has ended since", () => {
    const session = new ExecutorSession(3)
    assign(session, 1, 2, 3, 4)
    session.send({ _tag: "started", leases: [lease(1), lease(4)] })
    assert.isTrue(session.link.next(1_000) !== undefined && session.link.acknowledge(1))
    session.send(ended(1))
    session.send({ _tag: "recalled", leases: [lease(2)] })
    session.restart(4)
    assert.deepStrictEqual(said(session), [
      "adopted 3/3",
      "adopted 4/3",
      "adopted 1/3",
      "adopted 2/3",
      "ended 1/3",
      "recalled 2/3"
    ])
    // It still runs what the last generation gave it, until that is issued again.
    session.send(ended(4))
    assert.strictEqual(said(session).at(-1), "ended 4/3")
    session.hear([{ _tag: "Assign", attempts: [attempt(3, true)] }])
    session.send(ended(3))
    assert.strictEqual(said(session).at(-1), "ended 3/3")
    assign(session, 5)
    session.send(ended(5))
    assert.strictEqual(said(session).at(-1), "ended 5/now")
    assert.deepStrictEqual(session.held, [])
  })

  it("say again what was heard, and may not have been kept", () => {
    const session = new ExecutorSession(3)
    assign(session, 1, 2)
    session.send(ended(1))
    assert.isTrue(session.link.acknowledge(1))
    session.restart(4)
    assert.deepStrictEqual(said(session), ["adopted 2/3", "adopted 1/3", "ended 1/3"])
    session.restart(5)
    assert.deepStrictEqual(said(session).toSorted(), ["adopted 1/3", "adopted 2/3", "ended 1/3"])
  })

  it("want no work of a new generation before they have said what they hold", () => {
    const session = new ExecutorSession(3, 4)
    assign(session, 1)
    session.restart(4)
    const words = session.link.unacknowledged
    assert.deepStrictEqual(words.map(({ _tag }) => _tag), ["adopted", "beat"])
    assert.deepStrictEqual(words.at(-1), { _tag: "beat", slots: 4 })
    session.send({ _tag: "beat", slots: 2 })
    session.forsake(1)
    assert.deepStrictEqual(session.link.unacknowledged, [{ _tag: "beat", slots: 2 }])
    // One that is at its end wants none at all.
    session.send({ _tag: "beat", slots: 0 })
    session.restart(5)
    assert.deepStrictEqual(session.link.unacknowledged.map(({ _tag }) => _tag), ["adopted"])
  })

  it("leave again if the server was started anew meanwhile", () => {
    const session = new ExecutorSession(1)
    session.leave("it died")
    session.restart(2)
    assert.deepStrictEqual(session.link.unacknowledged.at(-1), { _tag: "leave", reason: "it died" })
    assert.isTrue(session.hear([{ _tag: "left" }]).hasLeft)
  })

  it("forsake what a server has not kept", () => {
    const session = new ExecutorSession(1)
    assign(session, 0, 1)
    session.send(ended(1))
    assert.deepStrictEqual(session.forsake(1).map(({ _tag }) => _tag), ["Revoke"])
    assert.deepStrictEqual(said(session), [])
    assert.deepStrictEqual(assign(session, 0).commands.map(({ _tag }) => _tag), ["Revoke"])
    assert.deepStrictEqual(session.send(ended(0)).map(({ _tag }) => _tag), ["Assign"])
    session.send(ended(0))
    assert.deepStrictEqual(said(session), ["ended 0/now"])
  })
})
