/**
 * What a dispatcher is told of the messages of submitters and executors.
 *
 * @since 0.1.0
 */
import type { Entry, Event } from "../../src/dispatch/Event.ts"
import type { ExecutorMessage } from "../../src/protocol/ExecutorPort.ts"
import type { Payloads, Submitted } from "../../src/protocol/SubmitterPort.ts"
import type { ExecutorId } from "../../src/task/Attempt.ts"

/** A submitter says how long from now; the dispatcher knows when. */
export const arrived = ({ entry }: Submitted, now: number): Entry =>
  entry.startAt === undefined && entry.deadline === undefined ? entry : {
    ...entry,
    ...(entry.startAt !== undefined && { startAt: now + entry.startAt }),
    ...(entry.deadline !== undefined && { deadline: now + entry.deadline })
  }

/** What an executor says of itself and its attempts, but for what they report on the way. */
export const fromExecutor = (executorId: ExecutorId, message: ExecutorMessage): Event | undefined => {
  switch (message._tag) {
    case "ended":
      return { _tag: "ended", executorId, reports: message.reports }
    case "started":
    case "recalled":
    case "adopted":
      return { _tag: message._tag, executorId, leases: message.leases }
    case "beat":
      return { ...message, executorId }
    default:
      return undefined
  }
}

/** The payload of a task of an entry. */
export const payloadAt = (payloads: Payloads, index: number): Uint8Array => {
  if (payloads._tag === "Range") return payloads.at(index)
  if (payloads._tag === "Pieces") return payloads.pieces[index] ?? new Uint8Array()
  const { bytes, offsets } = payloads
  return bytes.subarray(offsets[index], offsets[index + 1])
}
