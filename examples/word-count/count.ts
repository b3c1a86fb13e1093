/** Counts the words of many files: a task for each of them. */
import { Effect, Stream } from "effect"
import type { Tally } from "./tally.ts"
import { CountWords } from "./tasks.ts"

/** Adds what the tasks find to the tally, as they end. */
export const countFiles = <E, R>(paths: Stream.Stream<string, E, R>, tally: Tally) => {
  const outcomes = CountWords.runAll(Stream.map(paths, (path) => ({ path })))
  return Stream.runForEach(outcomes, (outcome) => Effect.sync(() => tally.add(outcome)))
}
