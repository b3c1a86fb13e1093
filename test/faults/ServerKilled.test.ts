import { afterEach, assert, beforeEach, describe, it } from "@effect/vitest"
import process from "node:process"
import { campaign, isSoak, seed, spread } from "./Campaign.ts"
import { Ground } from "./Ground.ts"
import { acceptedOf, executionsOf } from "./Verdict.ts"

let ground: Ground

beforeEach(async () => void (ground = await Ground.make()))
afterEach(() => ground.end())

const kills = isSoak ? 100 : 5

describe("a server that is killed under load and started again at once", () => {
  it(`loses nothing and does nothing twice (CADRE_SEED=${seed})`, async () => {
    const count = kills * 400
    const { accepted, ready, repeated, served, violations } = await campaign(ground, kills, count)
    assert.deepStrictEqual(violations, [])
    assert.strictEqual(accepted, count)
    if (!isSoak) return
    process.stdout.write(
      `${kills} kills amid ${count} tasks: reached after ${spread(ready)}; decided something after ${
        spread(served)
      }; ` +
        `${repeated} tasks were run again\n`
    )
  })
})

describe("everything that is killed at once", () => {
  it("ends what was accepted to go on by itself, when server and executors are there again", async () => {
    // What executors had that are gone for good is held for them for so long.
    const lease = { CADRE_LEASE: "2s" }
    await ground.serve(lease)
    const executors = await Promise.all([ground.executor(), ground.executor()])
    const client = ground.submit({ name: "left", from: 0, count: 2_000, isDetached: true })
    await ground.progressed(300)
    for (const { child } of [ground.server, client.running, ...executors]) child.kill("SIGKILL")
    for (const { ended } of [ground.server, client.running, ...executors]) await ended
    const accepted = acceptedOf(client.book.read())
    assert.isAbove(accepted.length, 0)

    await ground.serve(lease)
    await Promise.all([ground.executor(), ground.executor()])
    await ground.settled()
    const executions = executionsOf(ground.ledger.read())
    const isRun = (n: number) => executions.get(n)?.some(({ what }) => what === "ended") ?? false
    assert.deepStrictEqual(accepted.filter((n) => !isRun(n)), [])
    // Their submitter heard of acceptance alone.
    ground.clients.length = 0
    assert.deepStrictEqual(await ground.judge(), [])
  })
})

describe("a server with many tasks in its store", () => {
  const count = isSoak ? 1_000_000 : 20_000

  it(`serves soon after it was killed (${count} queued)`, async () => {
    await ground.serve()
    const client = ground.submit({
      name: "many",
      from: 0,
      count,
      isDetached: true,
      batch: 1_000,
      millis: 0,
      concurrency: 8
    })
    await ground.finished(client)
    const { killedAt, readyAt } = await ground.restart()
    const took = readyAt - killedAt
    if (isSoak) process.stdout.write(`${count} tasks were queued: reached after ${took} ms\n`)
    assert.strictEqual(await ground.queued(), count)
    assert.isBelow(took, isSoak ? 3_000 : 15_000)
  })
})
