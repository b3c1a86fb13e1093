/**
 * Takes in what submitters and executors say: what of it is for the dispatcher,
 * and what is for the store and for those who follow.
 *
 * @since 0.1.0
 */
import type { Acceptance } from "../../src/dispatch/Command.ts"
import type { Event, LeaseRef } from "../../src/dispatch/Event.ts"
import type { ExecutorMessage } from "../../src/protocol/ExecutorPort.ts"
import type { Submitted, SubmitterMessage } from "../../src/protocol/SubmitterPort.ts"
import type { StoredEntry } from "../../src/store/Stored.ts"
import type { ExecutorId } from "../../src/task/Attempt.ts"
import type { LogLine } from "../../src/task/LogLine.ts"
import { Held, storable } from "./Held.ts"
import { arrived, fromExecutor as eventOf } from "./Messages.ts"
import type { Session } from "./Session.ts"
import type { Limits, Shell } from "./Shell.ts"

/** A window of this many tasks at most is kept whole. */
const most = 4_096

/** Where the store keeps which submissions nothing is added to any more, though they were open. */
export const closedSpace = "closed"

const closed = (key: string) => ({ space: closedSpace, key, value: new Uint8Array() })

/** For one server. */
export class Intake {
  readonly #shell: Shell
  readonly #limits: Limits
  #nextSource: number

  constructor(shell: Shell, limits: Limits, nextSource: number) {
    this.#shell = shell
    this.#limits = limits
    this.#nextSource = nextSource
  }

  fromSubmitter(session: Session, message: SubmitterMessage, now: number): Event | undefined {
    // It has left: what it says now would be done for nobody.
    if (this.#shell.sessions.get(session.submitter) !== session || session.leaving !== undefined) return undefined
    switch (message._tag) {
      case "submit":
        return this.#submitted(session, message, now)
      case "close": {
        const submission = this.#own(session, message.submission)
        this.#shell.journal.value(closed(submission))
        return { _tag: "closed", submission }
      }
      case "fetched":
        return { ...message, from: session.submitter }
      case "acknowledged":
        if (session.acknowledge(message.through)) this.#shell.journal.acknowledged(session.submitter, message.through)
        this.#shell.reading.go(session)
        return undefined
      case "cancel":
        return "task" in message.target
          ? { _tag: "cancelled", target: message.target, by: message.by, from: session.submitter }
          : { _tag: "cancelled", target: { submission: this.#own(session, message.target.submission) }, by: message.by }
    }
  }

  /** Its submission of that name: where another submitter has one of the same name, these are two. */
  #own({ aliases, submitter }: Session, submission: string): string {
    const owner = this.#shell.submissions.find(submission)?.submitter
    if (owner === undefined || owner === submitter) return submission
    const own = `${submitter}/${submission}`
    aliases.set(own, submission)
    return own
  }

  #submitted(
    session: Session,
    message: Extract<SubmitterMessage, { readonly _tag: "submit" }>,
    now: number
  ): Event | undefined {
    const { entries, isOpen, isWatched, request, whenUnmet } = message
    const submission = this.#own(session, message.submission)
    const known = session.requests.get(request)
    if (known?.isRestored === true) {
      // It was handed over to the last server, whose answer did not arrive. Otherwise its number is used again.
      if (known.accepted !== undefined) session.notices?.offer(known.accepted)
      return undefined
    }
    if (!this.#shell.store.isDurable && this.#shell.heldBytes > this.#limits.memory) {
      const reason = `it keeps ${this.#shell.heldBytes} bytes of payloads, and may keep ${this.#limits.memory}`
      session.notices?.offer({ _tag: "Refused", request, reason: { _tag: "Full", reason } })
      return undefined
    }
    const left = entries.reduce((count, { entry }) => count + entry.count, 0)
    session.requests.set(request, { entries, submission, isOpen, left, accepted: undefined, isRestored: false })
    const isDetached = entries.length > 0 && entries.every(({ isDetached }) => isDetached === true)
    session.submissions.set(submission, { isDetached })
    this.#shell.submissions.submitted(session.submitter, { ...message, submission }, isWatched)
    // oxlint-disable-next-line oxc/no-map-spread -- what the submitter has handed over stays as it is
    const at = entries.map((submitted) => {
      const entry = this.#shell.cache.answer(submitted, arrived(submitted, now), now)
      return this.#isWindow(submitted) ? { ...entry, kind: "window" as const } : entry
    })
    const { submitter } = session
    // The executors of the server before may be on their way back.
    const isEarly = now < this.#shell.settledAt
    const unmet = isEarly ? "wait" : whenUnmet
    return { _tag: "submitted", submitter, request, submission, whenUnmet: unmet, isOpen, isWatched: true, entries: at }
  }

  #isWindow({ entry: { count, kind } }: Submitted): boolean {
    return this.#shell.store.isDurable && kind !== "producer" &&
      (count > most || this.#shell.heldBytes > this.#limits.payloads)
  }

  fromExecutor(executorId: ExecutorId, message: ExecutorMessage): Event | undefined {
    if (message._tag === "progress") this.#progressed(executorId, message.lease, message.value)
    else if (message._tag === "log") this.#logged(executorId, message.lease, message.line)
    else if (message._tag === "logs") {
      for (const { lease, line } of message.entries) this.#logged(executorId, lease, line)
    } else if (message._tag === "beat" && message.slots !== undefined) {
      const attached = this.#shell.executors.get(executorId)
      if (attached !== undefined) attached.slots = message.slots
    }
    return eventOf(executorId, message)
  }

  #progressed(executorId: ExecutorId, lease: LeaseRef, value: Uint8Array): void {
    const origin = this.#shell.dispatcher.origin(executorId, lease)
    if (origin === undefined) return
    const { batch: { entry, request, submitter }, index } = origin
    this.#shell.sessions.get(submitter)?.notices?.offer({ _tag: "TaskProgress", request, entry, index, value })
  }

  /** Kept, and told to whoever follows the task, unless the attempt is void by now. */
  #logged(executorId: ExecutorId, lease: LeaseRef, line: LogLine): void {
    const origin = this.#shell.dispatcher.origin(executorId, lease)
    if (origin === undefined) return
    const { batch: { entry, request, source, submitter }, index } = origin
    const { epoch, task } = lease
    this.#shell.journal.line({ task, epoch, line })
    for (const follower of this.#shell.lineFollowers) follower(lease, line)
    if (this.#shell.held.get(source)?.stored.isFollowed !== true) return
    this.#shell.sessions.get(submitter)?.notices?.offer({ _tag: "TaskLog", request, entry, index, line })
  }

  /** What the store needs of an entry that was accepted. */
  accepted({ batch, count, first, sequence }: Acceptance, now: number): void {
    const request = this.#shell.sessions.get(batch.submitter)?.requests.get(batch.request)
    const submitted = request?.entries[batch.entry]
    // The chunks of a job are made anew by it.
    if (request === undefined || submitted === undefined || submitted.entry.kind === "producer") return
    const { blobs, isDetached = false, isFollowed, refFields } = submitted
    const { entry } = submitted
    const stored: StoredEntry = {
      source: this.#nextSource++,
      first,
      generation: this.#shell.store.recovered.generation,
      submitter: batch.submitter,
      submission: batch.submission,
      request: batch.request,
      index: batch.entry,
      siblings: request.entries.length,
      acceptedAt: now,
      sequence,
      entry: { ...arrived(submitted, now), kind: entry.kind === "range" ? "list" : entry.kind },
      refFields,
      isFollowed,
      isOpen: request.isOpen,
      whenUnmet: "wait",
      isDetached
    }
    const payloads = storable(submitted)
    this.#shell.journal.accepted(stored, payloads)
    const isWhole = !this.#isWindow(submitted)
    const list = { _tag: "List", bytes: payloads.bytes, offsets: payloads.offsets } as const
    const held = new Held(
      stored,
      count,
      isWhole ? { ...submitted, payloads: list, ...(blobs && { blobs }) } : undefined
    )
    if (count === 0) return
    this.#shell.hold(batch.source, held)
  }
}
