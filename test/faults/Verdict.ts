/** What must hold of what was run, what was said, and what is in the store, whatever was killed meanwhile. */
import { DatabaseSync } from "node:sqlite"
import { History } from "../../layers/testing/History.ts"
import type { Transition } from "../../src/dispatch/Command.ts"
import type { ExecutorSpec } from "../../src/dispatch/Event.ts"
import { decode } from "../../src/store/TransitionCodec.ts"
import { type ExecutorId, NodeId } from "../../src/task/Attempt.ts"
import type { Execution, Word } from "./Ledger.ts"

/** The commits of a store that nobody has open, in order, with the generation of each. */
export const commitsOf = (path: string): ReadonlyArray<readonly [generation: number, ReadonlyArray<Transition>]> => {
  const database = new DatabaseSync(path)
  try {
    return database.prepare("SELECT generation, bytes FROM commits ORDER BY last").all().map((
      { bytes, generation }
    ) => [
      Number(generation),
      // A column of blobs.
      decode(bytes as Uint8Array)
    ])
  } finally {
    database.close()
  }
}

const executor = (executorId: ExecutorId): ExecutorSpec => ({
  executorId,
  node: { nodeId: NodeId.make("here") },
  slots: 1,
  prefetch: 0,
  libraries: [],
  services: [],
  labels: [],
  heartbeat: true
})

/** The history of a store, and of submitters that have heard of the end of all that was accepted. */
export const historyOf = (
  path: string,
  books: ReadonlyArray<Book>
): History => {
  const history = new History()
  const commits = commitsOf(path)
  const names = new Set(commits.flatMap(([, transitions]) => transitions.flatMap(({ executorId = [] }) => executorId)))
  for (const name of names) history.joining(executor(name))
  for (const [generation, transitions] of commits) {
    history.committed({
      entries: [],
      transitions,
      ended: [],
      states: [],
      acknowledged: [],
      departed: [],
      lines: [],
      values: []
    }, generation)
  }
  for (const { name, words } of books) {
    for (const word of words) {
      if (word._tag === "Heard") history.heard(name, word.notice)
      else if (word._tag === "Said") {
        const { counts, request, submission } = word
        const entries = counts.map((count) => ({ entry: { count } }))
        // Of entries it reads how many tasks they have, and nothing else.
        history.told(name, { _tag: "submit", request, submission, entries } as never)
      }
    }
  }
  return history
}

/** What handlers did, by the number of the task. */
export const executionsOf = (lines: ReadonlyArray<Execution>): ReadonlyMap<number, ReadonlyArray<Execution>> =>
  Map.groupBy(lines, ({ n }) => n)

/** Numbers of accepted tasks. */
export const acceptedOf = (words: ReadonlyArray<Word>): ReadonlyArray<number> =>
  words.flatMap((word) =>
    word._tag === "Accepted" ? Array.from({ length: word.to - word.from }, (_, index) => word.from + index) : []
  )

/** What programs were told, for each accepted task: none of them may be missing, and none be told twice. */
export const untold = (words: ReadonlyArray<Word>): ReadonlyArray<string> => {
  const outcomes = Map.groupBy(words.filter((word) => word._tag === "Outcome"), ({ n }) => n)
  return acceptedOf(words).flatMap((n) => {
    const told = outcomes.get(n) ?? []
    return told.length === 1 ? [] : [`task ${n}: ${told.length} outcomes were told`]
  })
}

/** Tasks that were run again, with the time at which the first run began. */
export const repeated = (lines: ReadonlyArray<Execution>): ReadonlyArray<Execution> =>
  [...executionsOf(lines).values()].flatMap((executions) => {
    const [first, ...others] = executions.filter(({ what }) => what === "begun")
    return first !== undefined && others.length > 0 ? [first] : []
  })

/** A submitter, and what it wrote. */
export interface Book {
  readonly name: string
  readonly words: ReadonlyArray<Word>
}

/** Whatever is wrong, when all submitters have heard of all their tasks; those called "once" had tasks that run at most once. */
export const violationsOf = (
  store: string,
  books: ReadonlyArray<Book>,
  lines: ReadonlyArray<Execution>
): ReadonlyArray<string> => {
  const executions = executionsOf(lines)
  const ofOutcomes = books.flatMap(({ name, words }) =>
    words.flatMap((word) => {
      if (word._tag !== "Outcome") return []
      const { n, outcome } = word
      const all = executions.get(n) ?? []
      const begun = all.filter(({ what }) => what === "begun").length
      const isOnce = name === "once"
      const isRun = all.some(({ what }) => what === "ended")
      return [
        ...(outcome === "Succeeded" || (isOnce && outcome === "MaybeExecuted")
          ? []
          : [`task ${n} ended as ${outcome}`]),
        ...(outcome === "Succeeded" && !isRun ? [`task ${n} succeeded and was never run`] : []),
        ...(isOnce && begun > 1 ? [`task ${n} was run ${begun} times`] : [])
      ].map((text) => `${name}: ${text}`)
    })
  )
  const ofPrograms = books.flatMap(({ name, words }) => untold(words).map((text) => `${name}: ${text}`))
  return [...historyOf(store, books).conclude(0), ...ofPrograms, ...ofOutcomes]
}

/** When each generation first did something. */
export const servedAt = (store: string): ReadonlyMap<number, number> => {
  const first = new Map<number, number>()
  for (const [generation, transitions] of commitsOf(store)) {
    const at = transitions.find(({ kind }) => kind !== "Joined" && kind !== "Left")?.at
    if (at !== undefined && !first.has(generation)) first.set(generation, at)
  }
  return first
}
