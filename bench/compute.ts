/** Work for a processor and nothing else: the same for the same number of rounds. */
export const compute = (rounds: number): number => {
  let state = 1
  for (let round = 0; round < rounds; round++) state = Math.imul(state ^ round, 1_597_334_677) + 1
  return state
}
