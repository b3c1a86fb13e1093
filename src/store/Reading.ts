/**
 * Answers to what is asked of a store, made from commits in their order.
 *
 * @since 0.1.0
 */
import type { Transition } from "../dispatch/Command.ts"
import { isAskedFor, spanOf } from "./EntryTasks.ts"
import type { Page, StoredEnding, StoredEntry } from "./Stored.ts"

/** The transitions of one commit. */
export interface Segment {
  readonly generation: number
  readonly transitions: ReadonlyArray<Transition>
}

/** Which commits are looked for; those that cannot have what is asked for may be left out. */
export interface SegmentQuery {
  /** Only with transitions after that one, and up to that. */
  readonly after: number
  readonly through?: number
  /** Only with one of the tasks from `low` to `high`. */
  readonly low?: number
  readonly high?: number
  /** Only with endings, of the submitter or submission if one is named. */
  readonly isEnding?: boolean
  readonly submitter?: string
  readonly submission?: string
}

/** What can be looked up; nothing of it waits. */
export interface Shelf {
  /** Oldest first. */
  readonly segments: (query: SegmentQuery) => Iterable<Segment>
  readonly entryOf: (task: number) => StoredEntry | undefined
  /** When all of the entry had ended: the transition, if it has. */
  readonly endOf: (source: number) => number | undefined
}

/** Every transition of one task, oldest first. */
export const storyOf = (shelf: Shelf, task: number): ReadonlyArray<Transition> => {
  const story: Array<Transition> = []
  const entry = shelf.entryOf(task)
  // Nothing is said of a task before its entry, nor after its end unless somebody may ask for the outcome.
  const through = entry === undefined || isAskedFor(entry) ? undefined : shelf.endOf(entry.source)
  const range = { after: (entry?.sequence ?? 1) - 1, ...(through !== undefined && { through }) }
  for (const { transitions } of shelf.segments({ ...range, low: task, high: task })) {
    for (const transition of transitions) {
      if (task >= transition.task && task < transition.task + Math.max(1, transition.count)) story.push(transition)
    }
  }
  return story
}

/** The last transition of those of `count` tasks that have ended. */
export const endedOf = (shelf: Shelf, first: number, count: number): ReadonlyMap<number, Transition> => {
  const ended = new Map<number, Transition>()
  const end = first + count
  for (let from = first; from < end;) {
    const entry = shelf.entryOf(from)
    const to = entry === undefined ? from + 1 : Math.min(end, entry.first + spanOf(entry))
    const through = entry && shelf.endOf(entry.source)
    const query = { low: from, high: to - 1, isEnding: true, ...(through !== undefined && { through }) }
    for (const { transitions } of shelf.segments({ ...query, after: (entry?.sequence ?? 1) - 1 })) {
      for (const transition of transitions) {
        if (transition.kind !== "Ended") continue
        const last = Math.min(to, transition.task + transition.count)
        for (let task = Math.max(from, transition.task); task < last; task++) ended.set(task, transition)
      }
    }
    from = to
  }
  return ended
}

/** Which endings are asked for. */
export interface EndingQuery {
  readonly submitter?: string
  readonly submission?: string
  readonly after: number
  readonly limit: number
}

/** What has ended after that transition, oldest first. */
export const endingsOf = (
  shelf: Shelf,
  { after, limit, submission, submitter }: EndingQuery
): Page<StoredEnding> => {
  const items: Array<StoredEnding> = []
  const of = { ...(submission !== undefined && { submission }), ...(submitter !== undefined && { submitter }) }
  let entry: StoredEntry | undefined
  for (const { transitions } of shelf.segments({ after, isEnding: true, ...of })) {
    for (const { at, count, detail, epoch, kind, sequence, task } of transitions) {
      if (kind !== "Ended" || sequence <= after || typeof detail !== "object") continue
      if (entry === undefined || task < entry.first || task >= entry.first + spanOf(entry)) entry = shelf.entryOf(task)
      if (entry === undefined) continue
      if (submission !== undefined && entry.submission !== submission) continue
      if (submitter !== undefined && entry.submitter !== submitter) continue
      if (items.length === limit) return { items, next: items.at(-1)?.sequence ?? after }
      const { index, request } = entry
      items.push({
        sequence,
        at,
        submission: entry.submission,
        request,
        entry: index,
        index: task - entry.first,
        count,
        task,
        epoch,
        outcome: detail,
        times: undefined
      })
    }
  }
  return { items, next: undefined }
}

/** So many positions of these, the greatest first, below that one. */
export const positionsBelow = (
  ranges: Iterable<{ readonly first: number; readonly count: number }>,
  below: number,
  limit: number
): ReadonlyArray<number> => {
  const positions: Array<number> = []
  for (const { count, first } of ranges) {
    for (let task = Math.min(below, first + count) - 1; task >= first; task--) {
      if (positions.length === limit) return positions
      positions.push(task)
    }
  }
  return positions
}
