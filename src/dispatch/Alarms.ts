/**
 * What happens by itself once its time has come.
 *
 * @since 0.1.0
 */
import type { DispatchState, Due } from "./DispatchState.ts"
import { expireKey, releaseSource } from "./Ending.ts"
import { giveUpHolding } from "./Holding.ts"
import { expireSilent } from "./Membership.ts"
import { expire, isOver, kill, timeOut } from "./Stopping.ts"
import { Status } from "./TaskTable.ts"

/** Rings all that is due, and drops what is not worth waiting for any more. */
export const ring = (state: DispatchState): void => {
  const { now, timers } = state
  for (let due = timers.take(now); due !== undefined; due = timers.take(now)) carryOut(state, due)
  timers.sweep((due) => matters(state, due))
}

const carryOut = (state: DispatchState, due: Due): void => {
  switch (due._tag) {
    case "start":
      due.source.blockers--
      return releaseSource(state, due.source)
    case "deadline":
      return expire(state, due.source)
    case "timeout":
      return timeOut(state, due.task, due.epoch)
    case "grace":
      return kill(state, due.task, due.epoch)
    case "held":
      return giveUpHolding(state, due.task, due.epoch)
    case "limit":
      due.limit.isTimed = false
      state.lanes.wake(due.limit)
      return state.lanes.endLimit(due.limit)
    case "session":
      return state.lanes.endSession(due.session)
    case "beats":
      return expireSilent(state)
    case "retry": {
      const source = state.tasks.source(due.task)
      if (source !== undefined && matters(state, due)) state.lanes.requeue(due.task, source.lane)
      return
    }
    case "forget":
      return expireKey(state, due.task)
  }
}

const statusOf = { timeout: Status.Running, grace: Status.Stopping, held: Status.Held, retry: Status.Delayed } as const

const matters = (state: DispatchState, due: Due): boolean => {
  switch (due._tag) {
    case "timeout":
    case "grace":
    case "held":
    case "retry":
      return state.tasks.status(due.task) === statusOf[due._tag] && state.tasks.epoch(due.task) === due.epoch
    case "start":
      return state.sources.has(due.source.id)
    case "deadline":
      return state.sources.has(due.source.id) && !isOver(due.source)
    default:
      return true
  }
}
