/**
 * What a server must be given back, made from what was committed: entries, what
 * was known of them at some transition, and the transitions since.
 *
 * @since 0.1.0
 */
import type { Transition } from "../dispatch/Command.ts"
import { EntryTasks, spanOf } from "./EntryTasks.ts"
import { PositionIndex } from "./PositionIndex.ts"
import type { RecoveredEntry, StoredEntry, StoredState } from "./Stored.ts"

/** What entries that have not ended need of others. */
export interface Wants {
  /** Tasks that they follow, by position. */
  readonly positions: ReadonlySet<number>
  /** Entries one of which follows another of the same request: all of that request are needed, by `source`. */
  readonly sources: ReadonlySet<number>
}

/** What these entries need, that have not ended. */
export const wantsOf = (entries: Iterable<StoredEntry>): Wants => {
  const positions = new Set<number>()
  const sources = new Set<number>()
  for (const { entry: { after = [], refs = [] }, index, siblings, source } of entries) {
    for (const dependency of [...after, ...refs]) {
      if (typeof dependency === "number") positions.add(dependency)
      // Entries of one request are accepted together.
      else for (let each = source - index; each < source - index + siblings; each++) sources.add(each)
    }
  }
  return { positions, sources }
}

/** Takes in what was committed, oldest first, and tells what a server starts with. */
export class Recovery {
  readonly #entries = new PositionIndex<{ readonly tasks: EntryTasks; readonly since: number }>()
  readonly #all: Array<EntryTasks> = []
  readonly #wants: Wants

  /** `entries` in the order of `source`; `states` the newest of each, where there is one. */
  constructor(
    entries: ReadonlyArray<StoredEntry>,
    states: ReadonlyMap<number, Pick<StoredState, "sequence" | "restored">>,
    open: ReadonlySet<number>
  ) {
    this.#wants = wantsOf(entries.filter(({ source }) => open.has(source)))
    const needed = new Set(this.#wants.positions)
    // Of an entry of the same request it is the first task whose outcome may be needed.
    for (const { first, source } of entries) if (this.#wants.sources.has(source)) needed.add(first)
    for (const stored of entries) {
      const tasks = new EntryTasks(stored, needed)
      const state = states.get(stored.source)
      if (state !== undefined) tasks.restore(state.restored)
      this.#all.push(tasks)
      this.#entries.add({ first: stored.first, span: spanOf(stored), tasks, since: state?.sequence ?? stored.sequence })
    }
  }

  /** Transitions in order, all recorded by the server of that generation. */
  apply(transitions: ReadonlyArray<Transition>, generation: number): void {
    for (const transition of transitions) {
      if (transition.task < 0 || transition.kind === "Accepted") continue
      const found = this.#entries.find(transition.task)
      if (found !== undefined && transition.sequence > found.since) found.tasks.apply(transition, generation)
    }
  }

  /** What is known of all of them, in the order of `source`. */
  get tasks(): ReadonlyArray<EntryTasks> {
    return this.#all
  }

  /** What a server starts with; entries of which nobody needs anything are left out. */
  entries(open: ReadonlySet<number>): ReadonlyArray<RecoveredEntry> {
    const { positions, sources } = this.#wants
    const isWanted = (stored: StoredEntry): boolean => {
      if (sources.has(stored.source)) return true
      const end = stored.first + spanOf(stored)
      // Whichever is fewer.
      if (end - stored.first > positions.size) {
        return positions.values().some((each) => each >= stored.first && each < end)
      }
      for (let each = stored.first; each < end; each++) if (positions.has(each)) return true
      return false
    }
    return this.#all.flatMap((tasks) => {
      const { stored } = tasks
      const isOpen = open.has(stored.source) && !tasks.isEnded
      return isOpen || tasks.askedCount > 0 || isWanted(stored) ? { stored, restored: tasks.restored } : []
    })
  }
}
