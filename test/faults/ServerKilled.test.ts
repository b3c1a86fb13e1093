import { assert, describe, it } from "@effect/vitest"
import process from "node:process"
import { campaign, isSoak, spread } from "./Campaign.ts"

const { CADRE_SEED } = process.env
const seed = CADRE_SEED === undefined ? Date.now() % 1_000_000 : Number(CADRE_SEED)
const kills = isSoak ? 100 : 5

describe("a server that is killed under load, and started again", () => {
  it(`keeps what it has promised (CADRE_SEED=${seed})`, async () => {
    const count = kills * 600
    const report = await campaign(seed, kills, count)
    assert.deepStrictEqual(report.violations, [])
    assert.strictEqual(report.accepted, count)
    const { ready, repeated, serving } = report
    process.stdout.write(`${kills} kills amid ${count} tasks: ready ${spread(ready)}; served ${spread(serving)}; ${repeated} run again\n`)
  })
})
