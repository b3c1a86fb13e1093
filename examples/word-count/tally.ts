/** Adds up what the tasks found, as they end. */
import type { TaskOutcome } from "cadre"
import type { CountWords, WordCounts } from "./tasks.ts"

/** Files that could not be counted for the same reason; `examples` are the first few. */
export interface Failures {
  readonly reason: string
  readonly count: number
  readonly examples: ReadonlyArray<string>
}

const namedFailures = 3

/** The sum so far. */
export class Tally {
  readonly #words = new Map<string, number>()
  readonly #failures = new Map<string, Failures>()
  readonly #added: () => void
  files = 0
  failed = 0
  bytes = 0

  /** Calls `added` after each file. */
  constructor(added: () => void = () => undefined) {
    this.#added = added
  }

  add(outcome: TaskOutcome.Of<typeof CountWords>): void {
    this.files++
    if (outcome._tag === "Succeeded") this.#count(outcome.value)
    else this.#fail(reasonOf(outcome), outcome.payload.path)
    this.#added()
  }

  #count({ bytes, counts, words }: WordCounts): void {
    this.bytes += bytes
    for (const [index, word] of words.entries()) {
      this.#words.set(word, (this.#words.get(word) ?? 0) + (counts[index] ?? 0))
    }
  }

  #fail(reason: string, path: string): void {
    this.failed++
    const { count, examples } = this.#failures.get(reason) ?? { count: 0, examples: [] }
    const named = examples.length < namedFailures ? [...examples, path] : examples
    this.#failures.set(reason, { reason, count: count + 1, examples: named })
  }

  /** What most files failed with comes first. */
  get failures(): ReadonlyArray<Failures> {
    return [...this.#failures.values()].toSorted((a, b) => b.count - a.count)
  }

  get distinctWords(): number {
    return this.#words.size
  }

  /** The words that occur most often; of those that occur as often, the first of the alphabet. */
  top(count: number): ReadonlyArray<{ readonly word: string; readonly count: number }> {
    return [...this.#words]
      .map(([word, count]) => ({ word, count }))
      .toSorted((a, b) => b.count - a.count || (a.word < b.word ? -1 : 1))
      .slice(0, count)
  }
}

const reasonOf = (outcome: Exclude<TaskOutcome.Of<typeof CountWords>, { readonly _tag: "Succeeded" }>): string =>
  outcome._tag === "Failed" ? `${outcome.error._tag}: ${outcome.error.reason}` : outcome._tag
