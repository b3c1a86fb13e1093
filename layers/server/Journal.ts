/**
 * Commits what a server must not forget, one commit at a time: whatever comes
 * while one is under way goes into the next. What nobody waits for waits for
 * something that somebody does.
 *
 * @since 0.1.0
 */
import type { Effect } from "effect"
import type { TaskStore } from "../../services/TaskStore.ts"
import type { Transition } from "../../src/dispatch/Command.ts"
import type {
  Commit,
  Committed,
  StoredEntry,
  StoredLine,
  StoredPayloads,
  StoredState,
  StoredValue
} from "../../src/store/Stored.ts"

interface Pending {
  entries: Array<{ readonly entry: StoredEntry; readonly payloads: StoredPayloads }>
  transitions: Array<Transition>
  ended: Array<number>
  states: Array<StoredState>
  acknowledged: Map<string, number>
  departed: Array<string>
  lines: Array<StoredLine>
  values: Array<StoredValue>
}

const nothing = (): Pending => ({
  entries: [],
  transitions: [],
  ended: [],
  states: [],
  acknowledged: new Map(),
  departed: [],
  lines: [],
  values: []
})

/** Milliseconds for which what nobody waits for may wait. */
export const patience = 50

/** What comes of a commit: how it went, and the last transition in it. */
export type Done = (committed: Committed, through: number) => void

/** What is to be committed next. */
export class Journal {
  readonly #commit: TaskStore["Service"]["commit"]
  readonly #run: (effect: Effect.Effect<Committed>, done: (committed: Committed) => void) => void
  readonly #done: Done
  #pending = nothing()
  #isEmpty = true
  #isCommitting = false
  /** How many lines there were in all, and how many of them are in the store. */
  lines = 0
  committedLines = 0
  #sequence: number

  constructor(
    { commit, recovered: { sequence } }: TaskStore["Service"],
    run: (effect: Effect.Effect<Committed>, done: (committed: Committed) => void) => void,
    done: Done
  ) {
    this.#commit = commit
    this.#run = run
    this.#done = done
    this.#sequence = sequence
  }

  get isEmpty(): boolean {
    return this.#isEmpty && !this.#isCommitting
  }

  accepted(entry: StoredEntry, payloads: StoredPayloads): void {
    this.#pending.entries.push({ entry, payloads })
    this.#isEmpty = false
  }

  transitions(transitions: ReadonlyArray<Transition>): void {
    if (transitions.length === 0) return
    const { transitions: pending } = this.#pending
    // The dispatcher makes an array for each turn, and keeps none.
    if (pending.length === 0) this.#pending.transitions = transitions as Array<Transition>
    else for (const transition of transitions) pending.push(transition)
    this.#isEmpty = false
  }

  /** Where entries are: what came before need not be read again. */
  states(states: ReadonlyArray<StoredState>): void {
    if (states.length === 0) return
    this.#pending.states.push(...states)
    this.#isEmpty = false
  }

  ended(source: number): void {
    this.#pending.ended.push(source)
    this.#isEmpty = false
  }

  acknowledged(submitter: string, through: number): void {
    this.#pending.acknowledged.set(submitter, through)
    this.#isEmpty = false
  }

  departed(submitter: string): void {
    this.#pending.departed.push(submitter)
    this.#isEmpty = false
  }

  line(line: StoredLine): void {
    this.#pending.lines.push(line)
    this.lines++
    this.#isEmpty = false
  }

  value(value: StoredValue): void {
    this.#pending.values.push(value)
    this.#isEmpty = false
  }

  /** Commits what there is, unless a commit is under way: then it goes with the next. */
  flush(): void {
    if (this.#isCommitting || this.#isEmpty) return
    const { acknowledged, ...pending } = this.#pending
    this.#pending = nothing()
    this.#isEmpty = true
    this.#isCommitting = true
    const through = pending.transitions.at(-1)?.sequence ?? this.#sequence
    this.#sequence = through
    const commit: Commit = {
      ...pending,
      acknowledged: [...acknowledged].map(([submitter, through]) => ({ submitter, through }))
    }
    this.#run(this.#commit(commit), (committed) => {
      this.#isCommitting = false
      this.committedLines += commit.lines.length
      this.#done(committed, through)
    })
  }
}
