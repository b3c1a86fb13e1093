import type { Entry } from "../../src/dispatch/Event.ts"
import { spanOf } from "../../src/store/EntryTasks.ts"
import type { Commit, StoredEntry } from "../../src/store/Stored.ts"
import type { World } from "../dispatch/World.ts"
import { payloadsOf } from "./Book.ts"

/** One turn of a server as it would be committed. */
export interface Filed {
  readonly commit: Commit
  readonly generation: number
}

/** Without what a server before knew of it. */
const bare = ({ restored: _, ...entry }: Entry): Omit<Entry, "restored"> => entry

/**
 * What the servers of a world would have committed, turn by turn: those turns
 * left out that the one after did not know of.
 */
export const file = (world: World): ReadonlyArray<Filed> => {
  const filed: Array<Filed> = []
  const left = new Map<number, { readonly stored: StoredEntry; count: number }>()
  const entries: Array<StoredEntry> = []
  for (const [index, { options: { generation }, turns }] of world.lives.entries()) {
    const through = world.lives[index + 1]?.options.sequence ?? Infinity
    for (const { commands: { accept, persist }, events } of turns) {
      const transitions = persist.filter(({ sequence }) => sequence <= through)
      if (transitions.length === 0) continue
      const requests = new Map(
        events.flatMap((event) => event._tag === "submitted" ? [[event.request, event] as const] : [])
      )
      const accepted = accept.filter(({ sequence }) => sequence <= through).map(({ batch, first, sequence }) => {
        const request = requests.get(batch.request)!
        const stored: StoredEntry = {
          source: entries.length,
          first,
          generation,
          submitter: batch.submitter,
          submission: batch.submission,
          request: batch.request,
          index: batch.entry,
          siblings: request.entries.length,
          acceptedAt: world.now,
          sequence,
          entry: bare(request.entries[batch.entry]!),
          refFields: undefined,
          isFollowed: false,
          isOpen: request.isOpen,
          whenUnmet: request.whenUnmet,
          isDetached: false
        }
        entries.push(stored)
        left.set(stored.source, { stored, count: stored.entry.count })
        return { entry: stored, payloads: payloadsOf(stored.entry.count, 3) }
      })
      const ended: Array<number> = []
      for (const { count, kind, task } of transitions) {
        if (kind !== "Ended") continue
        const [source, open] = left.entries().find(([, { stored }]) =>
          task >= stored.first && task < stored.first + spanOf(stored)
        )!
        open.count -= count
        if (open.count > 0) continue
        left.delete(source)
        ended.push(source)
      }
      const commit = {
        entries: accepted,
        transitions,
        ended,
        acknowledged: [],
        departed: [],
        states: [],
        lines: [],
        values: []
      }
      filed.push({ commit, generation })
    }
  }
  return filed
}
