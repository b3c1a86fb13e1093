import type { Restored } from "../../src/dispatch/Event.ts"
import { ExecutorId } from "../../src/task/Attempt.ts"
import type { Ledger } from "./Ledger.ts"
import type { EntryView, RequestView } from "./Views.ts"

/** What a store must bring back: what has not ended, what may be asked for, and what that follows. */
export const restorable = (requests: ReadonlyArray<RequestView>, ledger: Ledger): ReadonlyArray<RequestView> => {
  const known = requests.filter(({ entries }) =>
    entries.every(({ first, tasks }) => first <= ledger.next && tasks.every((task) => ledger.tasks.has(task)))
  )
  const requestOf = new Map<number, RequestView>()
  for (const request of known) {
    for (const { tasks } of request.entries) for (const task of tasks) requestOf.set(task, request)
  }
  const needed = new Set<RequestView>()
  const need = (request: RequestView | undefined): void => {
    if (request === undefined || needed.has(request)) return
    needed.add(request)
    for (const { entry: { after = [], refs = [] } } of request.entries) {
      for (const dependency of [...after, ...refs]) {
        if (typeof dependency === "number") need(requestOf.get(dependency))
      }
    }
  }
  for (const request of known) {
    const isAsked = request.entries.some(({ entry, tasks }) =>
      entry.keep === true || entry.keys !== undefined || tasks.some((task) => ledger.story(task).end === undefined)
    )
    if (isAsked) need(request)
  }
  return known.filter((request) => needed.has(request))
}

/** What is known of an entry's tasks; `boundaries` are the last records of each generation but the current one. */
export const restoredOf = (
  { first, tasks }: EntryView,
  ledger: Ledger,
  boundaries: ReadonlyArray<number>
): Restored => ({
  generation: boundaries.length + 1,
  first,
  tasks: tasks.flatMap((task) => {
    const { delayedUntil: retryAt, deaths, end, epoch, holding } = ledger.story(task)
    if (end === undefined && epoch === 0) return []
    const generation = 1 + boundaries.filter((last) => last < (holding?.sequence ?? 0)).length
    const isStarted = holding?.startedAt !== undefined
    const executorId = holding === undefined ? undefined : ExecutorId.make(holding.executorId)
    const outcome = end?.outcome
    return {
      index: task - first,
      epoch,
      deaths,
      generation,
      retryAt,
      ...(executorId !== undefined && { executorId, isStarted }),
      ...(outcome !== undefined && { outcome })
    }
  })
})
