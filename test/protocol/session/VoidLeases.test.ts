import { assert, describe, it } from "@effect/vitest"
import type { Attempt, ExecutorCommand } from "../../../src/protocol/ExecutorPort.ts"
import { VoidLeases } from "../../../src/protocol/session/VoidLeases.ts"
import { attempt, ended, lease } from "./Leases.ts"

const assign = (...attempts: ReadonlyArray<Attempt>): ExecutorCommand => ({ _tag: "Assign", attempts })
const nothing = { commands: [], messages: [] }
const killed = (task: number) => ({ _tag: "Revoke", ...lease(task), reason: "stale", kill: true }) as const

describe("leases of a server that is gone", () => {
  it("are revoked, and what is said of them is not passed on", () => {
    const leases = new VoidLeases()
    assert.deepStrictEqual(leases.add([lease(1), lease(2)]), [
      { ...killed(1), kill: false },
      { ...killed(2), kill: false }
    ])
    assert.deepStrictEqual(leases.say({ _tag: "started", leases: [lease(1)] }), nothing)
    assert.deepStrictEqual(leases.say({ _tag: "progress", lease: lease(1), value: new Uint8Array() }), nothing)
    assert.deepStrictEqual(leases.say(ended(1)), nothing)
    assert.isFalse(leases.isEmpty)
    assert.deepStrictEqual(leases.say({ _tag: "recalled", leases: [lease(2)] }), nothing)
    assert.isTrue(leases.isEmpty)
    assert.deepStrictEqual(leases.say(ended(1)), { commands: [], messages: [ended(1)] })
  })

  it("keep new ones waiting that look the same, and no others", () => {
    const leases = new VoidLeases()
    leases.add([lease(1)])
    const [same, other] = [attempt(1), attempt(2)]
    assert.deepStrictEqual(leases.hear([assign(same, other)]), { commands: [assign(other), killed(1)], messages: [] })
    assert.deepStrictEqual(leases.say(ended(2)), { commands: [], messages: [ended(2)] })
    assert.deepStrictEqual(leases.say(ended(1)), { commands: [assign(same)], messages: [] })
    assert.isTrue(leases.isEmpty)
  })

  it("answer for new ones that wait", () => {
    const leases = new VoidLeases()
    leases.add([lease(1), lease(2)])
    leases.hear([assign(attempt(1), attempt(2))])
    assert.deepStrictEqual(leases.hear([{ _tag: "Recall", leases: [lease(1), lease(7)] }]), {
      commands: [{ _tag: "Recall", leases: [lease(7)] }],
      messages: [{ _tag: "recalled", leases: [lease(1)] }]
    })
    const { commands, messages } = leases.hear([{ ...killed(2), reason: "cancelled" }])
    assert.deepStrictEqual(commands, [])
    assert.deepStrictEqual(messages.map(({ _tag }) => _tag), ["ended"])
    assert.deepStrictEqual(leases.say(ended(1)), nothing)
    assert.deepStrictEqual(leases.say(ended(2)), nothing)
  })

  it("are those of the executor, when servers go one after the other", () => {
    const leases = new VoidLeases()
    leases.add([lease(1)])
    leases.hear([assign(attempt(1), attempt(2))])
    // The executor has never heard of the second 1.
    assert.deepStrictEqual(leases.add([lease(1), lease(2)]), [{ ...killed(2), kill: false }])
    assert.deepStrictEqual(leases.say(ended(1)), nothing)
    assert.deepStrictEqual(leases.say(ended(2)), nothing)
    assert.isTrue(leases.isEmpty)
  })
})
