/**
 * What is there when a store is opened, and what a server is given of it.
 *
 * @since 0.1.0
 */
import { type EntryTasks, isAskedFor } from "./EntryTasks.ts"
import type { Shelf } from "./Reading.ts"
import { Recovery, wantsOf } from "./Recovery.ts"
import type { RecoveredEntry, StoredEntry, StoredState } from "./Stored.ts"

/** What can be looked up at the start. */
export interface Remains extends Shelf {
  /** Entries that have not ended, as far as anybody has said. */
  readonly open: ReadonlyArray<StoredEntry>
  /** Those that have, and of which somebody may still ask for outcomes. */
  readonly asked: ReadonlyArray<StoredEntry>
  readonly entry: (source: number) => StoredEntry | undefined
  readonly state: (source: number) => StoredState | undefined
}

/** What comes of it. */
export interface Recalled {
  readonly entries: ReadonlyArray<RecoveredEntry>
  /** Those that have not ended or may be asked for, with what is known of their tasks. */
  readonly standing: ReadonlyArray<{ readonly tasks: EntryTasks; readonly isEnded: boolean }>
  /** Of those, the ones that have ended though nobody has said so. */
  readonly finished: ReadonlyArray<EntryTasks>
}

interface Range {
  readonly after: number
  readonly through: number
}

/** The same in order, with those joined that touch. */
const joined = (ranges: ReadonlyArray<Range>): ReadonlyArray<Range> => {
  const all: Array<Range> = []
  for (const range of ranges.toSorted((left, right) => left.after - right.after)) {
    const last = all.at(-1)
    if (last === undefined || last.through < range.after) all.push(range)
    else all[all.length - 1] = { after: last.after, through: Math.max(last.through, range.through) }
  }
  return all
}

/** Reads no more than is needed: entries that have not ended, what they follow, and what may be asked for. */
export const recall = (remains: Remains): Recalled => {
  const { asked, open } = remains
  const entries = new Map<number, StoredEntry>()
  const openSources = new Set(open.map(({ source }) => source))
  for (const stored of [...open, ...asked]) entries.set(stored.source, stored)
  const { positions, sources } = wantsOf(open)
  const add = (stored: StoredEntry | undefined) => {
    if (stored !== undefined) entries.set(stored.source, stored)
  }
  for (const position of positions) add(remains.entryOf(position))
  for (const source of sources) if (!entries.has(source)) add(remains.entry(source))

  const states = new Map<number, StoredState>()
  const ranges: Array<Range> = []
  // Of those that have not ended.
  let since = Infinity
  const all = [...entries.values()].toSorted((left, right) => left.source - right.source)
  for (const stored of all) {
    const { source } = stored
    const state = remains.state(source)
    if (state !== undefined) states.set(source, state)
    const isOver = !openSources.has(source) && !isAskedFor(stored)
    const after = state?.sequence ?? stored.sequence
    if (isOver) ranges.push({ after, through: remains.endOf(source) ?? Infinity })
    else since = Math.min(since, after)
  }
  if (since < Infinity) ranges.push({ after: since, through: Infinity })
  const recovery = new Recovery(all, states, openSources)
  let read = 0
  for (const range of joined(ranges)) {
    const after = Math.max(range.after, read)
    for (const { generation, transitions } of remains.segments({ after, through: range.through })) {
      const isKnown = (transitions[0]?.sequence ?? 0) <= read
      recovery.apply(isKnown ? transitions.filter(({ sequence }) => sequence > read) : transitions, generation)
      read = Math.max(read, transitions.at(-1)?.sequence ?? 0)
    }
  }
  const standing = recovery.tasks.flatMap((tasks) => {
    const isOpen = openSources.has(tasks.stored.source)
    if (!isOpen && !isAskedFor(tasks.stored)) return []
    return { tasks, isEnded: !isOpen || tasks.isEnded }
  })
  return {
    entries: recovery.entries(openSources),
    standing,
    finished: standing.flatMap(({ tasks }) => openSources.has(tasks.stored.source) && tasks.isEnded ? tasks : [])
  }
}
