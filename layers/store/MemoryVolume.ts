/**
 * A store in memory, over contents that may be there already.
 *
 * @since 0.1.0
 */
import { fitting, none } from "../../src/store/PayloadPieces.ts"
import { positionsBelow } from "../../src/store/Reading.ts"
import { wantsOf } from "../../src/store/Recovery.ts"
import { recall } from "../../src/store/Remains.ts"
import { isNext, Standing } from "../../src/store/Standing.ts"
import type { Page, Recovered, Retention, StoredEntry } from "../../src/store/Stored.ts"
import type { KeptEntry, MemoryContents } from "./MemoryContents.ts"
import type { Volume } from "./Volume.ts"

/** So many entries are looked at before others have their turn. */
const step = 256

/** Opens it: a new generation begins. */
export const openMemory = (contents: MemoryContents, path: string, incarnation: string): Volume => {
  const { generations } = contents
  const generation = (generations.at(-1)?.generation ?? 0) + 1
  const starts = [...generations, { generation, first: contents.next }]
  generations.push({ generation, first: contents.next })
  const standing = new Standing(contents.sequence, contents.next, contents.nextSource)
  const shelf = {
    segments: (query: Parameters<MemoryContents["segments"]>[0]) => contents.segments(query),
    entryOf: (task: number) => contents.places.find(task)?.stored,
    endOf: (source: number) => contents.entries.get(source)?.ended
  }
  const kept = [...contents.entries.values()]
  const recalled = recall({
    ...shelf,
    open: kept.flatMap(({ ended, stored }) => ended === undefined ? stored : []),
    asked: kept.flatMap(({ ended, isAsked, stored }) => ended !== undefined && isAsked ? stored : []),
    entry: (source) => contents.entries.get(source)?.stored,
    state: (source) => contents.states.get(source)
  })
  for (const { isEnded, tasks: { askedCount, lastEnded, stored } } of recalled.standing) {
    if (!isEnded || askedCount > 0) standing.recall(stored, askedCount, isEnded, lastEnded)
    else contents.entries.get(stored.source)!.isAsked = false
  }
  for (const { lastEnded, stored } of recalled.finished) contents.end(stored.source, lastEnded, stored.acceptedAt)

  const recovered: Recovered = {
    generation,
    incarnation,
    past: starts.slice(0, -1).map(({ first, generation }, index) => ({
      generation,
      count: starts[index + 1]!.first - first
    })),
    sequence: contents.sequence,
    nextSource: contents.nextSource,
    entries: recalled.entries,
    submitters: [...contents.submitters].flatMap(([submitter, { acknowledged, isDeparted }]) =>
      isDeparted ? [] : { submitter, acknowledged }
    )
  }

  /** Everybody who might have asked has what there was, or will never ask. */
  const isOver = ({ ended, stored: { submitter } }: KeptEntry): boolean => {
    if (ended === undefined) return false
    const known = contents.submitters.get(submitter)
    return known === undefined || known.isDeparted || known.acknowledged >= ended
  }

  const sweep = ({ age, size }: Retention, now: number): boolean => {
    forgetValues(contents, now)
    const open = contents.entries.values().filter(({ ended }) => ended === undefined).map(({ stored }) => stored)
    const { positions, sources } = wantsOf(open)
    const needed = new Set(sources)
    for (const position of positions) {
      const entry = contents.places.find(position)
      if (entry !== undefined) needed.add(entry.stored.source)
    }
    const removed: Array<KeptEntry> = []
    for (const entry of contents.entries.values()) {
      if (removed.length === step) break
      const isOld = entry.endedAt < now - age || contents.size > size
      if (!isOver(entry) || needed.has(entry.stored.source) || !isOld) continue
      contents.remove(entry.stored.source)
      standing.forget(entry.stored.source)
      removed.push(entry)
    }
    removeCommits(contents, removed, now - age)
    return removed.length === step
  }

  return {
    ...shelf,
    path,
    isDurable: false,
    recovered,
    commit: (commit) => {
      if (contents.generations.at(-1)?.generation !== generation) return "refused"
      if (!isNext(commit.transitions, standing.sequence)) return "refused"
      const summary = standing.advance(commit)
      contents.keep(commit, summary, generation, standing.at)
      contents.sequence = standing.sequence
      contents.next = standing.next
      contents.nextSource = standing.nextSource
      return "committed"
    },
    payloads: (source, from, count) => {
      const entry = contents.entries.get(source)
      return entry === undefined ? none : fitting(entry.payloads, from, count)
    },
    entries: ({ below = Infinity, limit, submission }) => {
      const items: Array<StoredEntry> = []
      for (const { stored } of contents.entries.values().toArray().toReversed()) {
        if (stored.source >= below || (submission !== undefined && stored.submission !== submission)) continue
        if (items.length === limit) return { items, next: items.at(-1)?.source ?? below }
        items.push(stored)
      }
      return { items, next: undefined }
    },
    failed: (below, limit) => positionsBelow(contents.failures, below, limit),
    lines: (task, after, limit) => pageOf(contents.lines.get(task) ?? [], after, limit),
    values: (space) => [...contents.values.get(space)?.values() ?? []],
    value: (space, key) => contents.values.get(space)?.get(key)?.value,
    sweep,
    size: () => contents.size
  }
}

const pageOf = <A>(all: ReadonlyArray<A>, after: number, limit: number): Page<A> => {
  const items = all.slice(after, after + limit)
  return { items, next: after + items.length < all.length ? after + items.length : undefined }
}

const forgetValues = (contents: MemoryContents, now: number): void => {
  for (const values of contents.values.values()) {
    for (const { key, until = Infinity, value } of values.values()) {
      if (until > now) continue
      values.delete(key)
      contents.size -= value?.length ?? 0
    }
  }
}

/** Those that are about nothing that is left; the newest stays. */
const removeCommits = (contents: MemoryContents, removed: ReadonlyArray<KeptEntry>, old: number): void => {
  if (removed.length === 0) return
  const low = Math.min(...removed.map(({ first }) => first))
  const high = Math.max(...removed.map(({ first, span }) => first + span))
  const isOver = (task: number): boolean => task < 0 || contents.places.find(task) === undefined
  contents.commits = contents.commits.filter((commit, index) => {
    if (index === contents.commits.length - 1) return true
    const isAbout = commit.high >= 0 && commit.low < high && commit.high >= low
    if (!isAbout && (commit.high >= 0 || commit.transitions.at(-1)!.at >= old)) return true
    if (!commit.transitions.every(({ task }) => isOver(task))) return true
    contents.size -= commit.size
    return false
  })
  contents.failed = contents.failed.filter(({ first }) => contents.places.find(first) !== undefined)
}
