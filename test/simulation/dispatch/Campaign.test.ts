import { assert, describe, it } from "@effect/vitest"
import process from "node:process"
import { Dispatcher } from "../../../src/dispatch/Dispatcher.ts"
import { type Breach, find, play, replayLine, shorten } from "./Campaign.ts"

const { CADRE_SEED, CADRE_SOAK, CADRE_STEPS } = process.env
const isSoak = CADRE_SOAK !== undefined

/** Fails with the line that plays the shortest form of it again. */
const report = (breach: Breach | undefined): void => {
  if (breach === undefined) return
  const shortest = shorten(breach)
  const { error } = shortest
  assert.fail(`${replayLine(shortest)}\n${error instanceof Error ? error.stack ?? error.message : String(error)}`)
}

describe.runIf(CADRE_SEED !== undefined)("one scenario", () => {
  it("keeps all rules", () => {
    play({ seed: Number(CADRE_SEED), steps: Number(CADRE_STEPS ?? 60) })
  })
})

describe.skipIf(CADRE_SEED !== undefined)("whatever happens, in any order", () => {
  it("no rule is broken, and in the end all has ended and nothing is left", () => {
    report(find({ count: isSoak ? 60_000 : 350, steps: 60 }))
  })

  it("no rule is broken by long stories either", () => {
    report(find({ first: 1_000_000, count: isSoak ? 10_000 : 20, steps: 250 }))
  })

  it("the same events lead to the same decisions", () => {
    for (let seed = 0; seed < (isSoak ? 500 : 20); seed++) {
      const { world: { lives } } = play({ seed, steps: 60 })
      for (const { options, turns } of lives) {
        const again = new Dispatcher(options)
        for (const { commands, events, now } of turns) {
          assert.strictEqual(
            JSON.stringify(again.handle(events, now)),
            JSON.stringify(commands),
            replayLine({ seed, steps: 60 })
          )
        }
      }
    }
  })
})
