import { afterEach, assert, beforeEach, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { until } from "../host/Household.ts"
import { isSoak, spread, submitting } from "./Campaign.ts"
import { Ground } from "./Ground.ts"
import { Gate } from "./tasks.ts"
import { executionsOf, repeated } from "./Verdict.ts"

let ground: Ground

beforeEach(async () => void (ground = await Ground.make()))
afterEach(() => ground.end())

/** Milliseconds within which what an executor ran is to run again: on a machine that does nothing else it takes less than 1,000. */
const soon = isSoak ? 3_000 : 10_000

const begunBy = (pid: number) => ground.ledger.read().filter((line) => line.pid === pid && line.what === "begun")

describe("one of two executors amid 5,000 tasks of 10 ms", () => {
  it("is killed: what it ran is run by the other, soon; nothing is lost or ends twice", async () => {
    await ground.serve()
    const [victim] = await Promise.all([ground.executor(), ground.executor()])
    ground.submit({ name: "first", from: 0, count: 5_000, batch: 500, concurrency: 10 })
    await ground.progressed(1_000)
    const killedAt = Date.now()
    victim.child.kill("SIGKILL")
    assert.deepStrictEqual(await ground.judge(), [])

    const executions = executionsOf(ground.ledger.read())
    const cut = [...executions.values()].filter((all) =>
      all.some(({ pid, what }) => pid === victim.pid && what === "begun") &&
      !all.some(({ pid, what }) => pid === victim.pid && what === "ended")
    )
    assert.isAbove(cut.length, 0)
    const again = cut.map((all) => all.find(({ pid, what }) => pid !== victim.pid && what === "begun"))
    const times = again.flatMap((line) => line === undefined ? [] : [line.at - killedAt])
    assert.lengthOf(times, cut.length)
    assert.isBelow(Math.max(...times), soon)
    // Nobody else's was touched.
    for (const { n, pid } of repeated(ground.ledger.lines)) {
      assert.strictEqual(pid, victim.pid, `task ${n} was run again`)
    }
    if (isSoak) process.stdout.write(`${cut.length} attempts were cut off, and ran again after ${spread(times)}\n`)
  })

  it("is asked to end: what it runs is finished, and nothing runs twice", async () => {
    await ground.serve()
    const [victim] = await Promise.all([ground.executor(), ground.executor()])
    ground.submit({ name: "first", from: 0, count: 2_000, batch: 200, concurrency: 10 })
    await ground.progressed(400)
    victim.child.kill("SIGTERM")
    assert.strictEqual((await victim.ended).code, 0)
    assert.deepStrictEqual(await ground.judge(), [])
    assert.deepStrictEqual(repeated(ground.ledger.lines), [])
    assert.strictEqual(ground.ended, 2_000)
    assert.isAbove(begunBy(victim.pid).length, 0)
  })

  it("stops for longer than its lease: its late results are refused, and it goes on", async () => {
    await ground.serve({ CADRE_LEASE: "1500ms" })
    const [victim] = await Promise.all([ground.executor(), ground.executor()])
    ground.submit({ name: "first", from: 0, count: 1_000, batch: 100, concurrency: 10 })
    await ground.progressed(200)
    victim.child.kill("SIGSTOP")
    for (const client of ground.clients) await ground.finished(client)
    victim.child.kill("SIGCONT")
    // More than the other can run at a time.
    const release = join(ground.house.folder, "release")
    const payloads = Array.from({ length: 20 }, (_, n) => ({ ledger: ground.ledgerPath, n: 1_000 + n, release }))
    const held = submitting(
      ground,
      "held",
      (submitter) => Effect.scoped(Effect.flatMap(submitter.submitAll(Gate, payloads), ({ awaitAll }) => awaitAll))
    )
    await until(() => ground.ledger.read().filter(({ n, what }) => n >= 1_000 && what === "begun").length === 20)
    assert.isTrue(begunBy(victim.pid).some(({ n }) => n >= 1_000))
    writeFileSync(release, "")
    for (const { _tag } of await held) assert.strictEqual(_tag, "Succeeded")
    const { refused } = await ground.ask(({ status }) => Effect.map(status, ({ refused }) => ({ refused })))
    assert.isAbove(refused, 0)
    assert.deepStrictEqual(await ground.judge(), [])
  })
})
