import { afterEach, assert, beforeEach, describe, it } from "@effect/vitest"
import { until } from "../host/Household.ts"
import { Ground } from "./Ground.ts"
import { commitsOf } from "./Verdict.ts"

let ground: Ground

beforeEach(async () => void (ground = await Ground.make()))
afterEach(() => ground.end())

/** Milliseconds for which the server waits for it. */
const sessionTime = 400

describe("a client that is killed", () => {
  it("takes with it, after a while, what it has not left to the server", async () => {
    await ground.serve({ CADRE_TEST_SESSION: String(sessionTime) }, "briefly")
    await ground.executor()
    // It has all slots, and more.
    const owner = ground.submit({ name: "owner", from: 0, count: 20, millis: 600_000 })
    await until(() => ground.ledger.read().length === 16)
    const leaver = ground.submit({ name: "left", from: 100, count: 50, isDetached: true })
    await ground.finished(leaver)
    assert.lengthOf(ground.ledger.read(), 16)

    const killedAt = Date.now()
    owner.running.child.kill("SIGKILL")
    await ground.settled()
    const lines = ground.ledger.read()
    const numbers = (wanted: string) =>
      lines.filter(({ n, what }) => what === wanted && n < 100).map(({ n }) => n).toSorted((one, other) => one - other)
    // In a slot that was free again one more may have begun before it was cancelled.
    assert.deepStrictEqual(numbers("interrupted"), numbers("begun"))
    const interrupted = lines.filter(({ what }) => what === "interrupted")
    assert.isAtLeast(interrupted.length, 16)
    // Clocks of two processes, in whole milliseconds.
    for (const { at } of interrupted) assert.isAtLeast(at, killedAt + sessionTime - 2)
    assert.deepStrictEqual(lines.filter(({ n, what }) => what === "ended" && n < 100), [])

    // Somebody else asks how those ended that it has left.
    const { items } = await ground.ask(({ results }) => results({ submission: "left-0", after: 0, limit: 100 }))
    assert.deepStrictEqual(items.map(({ outcome }) => outcome._tag), Array.from({ length: 50 }, () => "Succeeded"))
    assert.strictEqual(lines.filter(({ n, what }) => what === "ended" && n >= 100).length, 50)

    await ground.kill()
    const ends = commitsOf(ground.store).flatMap(([, transitions]) =>
      transitions.flatMap(({ count, detail, kind }) =>
        kind === "Ended" && typeof detail === "object" ? Array.from({ length: count }, () => detail._tag) : []
      )
    )
    assert.strictEqual(ends.filter((tag) => tag === "Interrupted").length, 20)
    assert.strictEqual(ends.length, 70)
  })
})
