/**
 * Tells a new dispatcher what the last one knew.
 *
 * @since 0.1.0
 */
import type { Entry, Event } from "../../src/dispatch/Event.ts"
import type { RecoveredEntry, StoredEntry } from "../../src/store/Stored.ts"
import { Held } from "./Held.ts"
import { answered, type Shell } from "./Shell.ts"

/** Tasks of an entry that have not ended. */
export const leftOf = ({ restored: { ended = [], tasks }, stored: { entry } }: RecoveredEntry): number =>
  entry.count - ended.reduce((sum, { from, to }) => sum + to - from, 0) -
  tasks.reduce((sum, { outcome }) => outcome === undefined ? sum : sum + 1, 0)

/** In the place of an entry of which nothing is left: others of its request count on their places. */
const gone = ({ first, generation }: StoredEntry, like: Entry): Entry => ({
  kind: "list",
  count: 0,
  spec: like.spec,
  priority: like.priority,
  restored: { generation, first, tasks: [] }
})

/** Requests with tasks that have not ended, each with its entries in order. */
const requestsOf = (entries: ReadonlyArray<RecoveredEntry>): ReadonlyArray<ReadonlyArray<RecoveredEntry>> => {
  const requests = new Map<string, Array<RecoveredEntry>>()
  for (const entry of entries) {
    const { request, submitter } = entry.stored
    const key = `${submitter}\n${request}`
    const others = requests.get(key)
    if (others === undefined) requests.set(key, [entry])
    else others.push(entry)
  }
  return [...requests.values()]
}

/**
 * Puts back what the store has. `closed` are the submissions that nothing is
 * added to any more; the events are for the dispatcher's first turn.
 */
export const restore = (shell: Shell, closed: ReadonlySet<string>): ReadonlyArray<Event> => {
  const { recovered } = shell.store
  for (const { acknowledged, submitter } of recovered.submitters) {
    shell.sessionOf(submitter, acknowledged).isKnown = true
  }
  const { sequence } = recovered
  shell.journal.states(
    recovered.entries.map(({ restored, stored: { source } }) => ({ source, sequence, restored }))
  )
  let source = 0
  return requestsOf(recovered.entries).flatMap((entries) => {
    const [{ stored }] = entries as [RecoveredEntry, ...ReadonlyArray<RecoveredEntry>]
    const { isDetached, request, siblings, submission, submitter } = stored
    const session = shell.sessionOf(submitter, 0)
    session.isKnown = true
    const isOpen = entries.some(({ stored: { isOpen } }) => isOpen) && !closed.has(submission)
    session.submissions.set(submission, { isDetached })
    shell.submissions.restored(stored)
    let left = 0
    const first: Array<number> = []
    const all = Array.from({ length: siblings }, (_, index): Entry => {
      const entry = entries.find(({ stored }) => stored.index === index)
      first.push(entry?.stored.first ?? stored.first)
      const number = source++
      if (entry === undefined) return gone(stored, stored.entry)
      const open = leftOf(entry)
      left += open
      if (open > 0) shell.hold(number, new Held(entry.stored, open))
      return { ...entry.stored.entry, kind: "window", restored: entry.restored }
    })
    session.requests.set(request, answered(request, submission, left, first))
    const event: Event = {
      _tag: "submitted",
      submitter,
      request,
      submission,
      whenUnmet: "wait",
      isOpen,
      isWatched: true,
      entries: all
    }
    return [event]
  })
}
