/**
 * Attempts and leases, for what passes them on.
 */
import type { LeaseRef } from "../../../src/dispatch/Event.ts"
import type { Attempt } from "../../../src/protocol/ExecutorPort.ts"
import type { ExecutorSession } from "../../../src/protocol/session/ExecutorSession.ts"
import { kind, success } from "../../suites/Parties.ts"

export const attempt = (task: number, isResumed = false): Attempt => ({
  assignment: {
    task,
    epoch: 1,
    retries: 0,
    index: task,
    batch: {
      source: 0,
      submitter: "",
      submission: "",
      request: 0,
      entry: 0,
      spec: kind(),
      priority: 0,
      deadline: undefined,
      trace: undefined
    },
    refs: undefined,
    isResumed
  },
  payload: new Uint8Array(),
  refFields: undefined,
  isFollowed: false
})

export const assign = (session: ExecutorSession, ...tasks: ReadonlyArray<number>) =>
  session.hear([{ _tag: "Assign", attempts: tasks.map((task) => attempt(task)) }])
export const lease = (task: number): LeaseRef => ({ task, epoch: 1 })
export const ended = (task: number) =>
  ({ _tag: "ended", reports: [{ ...lease(task), outcome: success(task) }] }) as const
