import type { Make } from "../../dispatch/World.ts"
import { Scenario } from "./Scenario.ts"

/** What a scenario is: its seed, and for how many steps things go wrong. */
export interface Play {
  readonly seed: number
  readonly steps: number
}

/** Plays one scenario to its end; throws if a rule is broken. */
export const play = ({ seed, steps }: Play, make?: Make): Scenario => {
  const scenario = new Scenario(seed, make)
  scenario.run(steps)
  scenario.heal()
  return scenario
}

/** What broke, in the shortest scenario of that seed that breaks. */
export interface Breach extends Play {
  readonly error: unknown
}

const attempt = (seed: number, steps: number, make: Make | undefined): Breach | undefined => {
  try {
    play({ seed, steps }, make)
    return undefined
  } catch (error) {
    return { seed, steps, error }
  }
}

/** Plays that many scenarios one after the other, until one breaks. */
export const find = (
  { count, first = 0, steps }: { readonly count: number; readonly first?: number; readonly steps: number },
  make?: Make
): Breach | undefined => {
  for (let seed = first; seed < first + count; seed++) {
    const breach = attempt(seed, steps, make)
    if (breach !== undefined) return breach
  }
  return undefined
}

/** The same seed with as few steps as will do. */
export const shorten = (breach: Breach): Breach => {
  for (let steps = 0; steps < breach.steps; steps++) {
    const shorter = attempt(breach.seed, steps, undefined)
    if (shorter !== undefined) return shorter
  }
  return breach
}

/** The line that plays it again. */
export const replayLine = ({ seed, steps }: Play): string =>
  `CADRE_SEED=${seed} CADRE_STEPS=${steps} npx vitest run test/simulation/dispatch/Campaign.test.ts`
