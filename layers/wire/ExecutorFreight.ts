/**
 * An executor's large payloads and results: attempts and reports wait for them,
 * and nothing else does.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { threshold } from "../../src/blob/Blob.ts"
import type { LeaseRef } from "../../src/dispatch/Event.ts"
import type { Attempt, ExecutorCommand, ExecutorMessage } from "../../src/protocol/ExecutorPort.ts"
import type { Outcome } from "../../src/task/Outcome.ts"
import { type Blobs, isBeside, isLarge } from "./Blobs.ts"

const keyOf = ({ epoch, task }: LeaseRef): string => `${task}/${epoch}`

const isWaiting = ({ assignment: { refs }, blob }: Attempt): boolean =>
  blob !== undefined || refs?.some(isBeside) === true

/** One executor's. */
export class ExecutorFreight {
  readonly #blobs: Blobs
  readonly #run: (effect: Effect.Effect<void>) => void
  /** To the session, and to the executor. */
  readonly #said: (message: ExecutorMessage) => void
  readonly #heard: (command: ExecutorCommand) => void
  /** Attempts whose payloads are on their way, with what has been said of them since. */
  readonly #coming = new Map<string, Array<ExecutorCommand>>()
  #going = 0
  #onIdle: Array<() => void> = []

  constructor(
    blobs: Blobs,
    run: (effect: Effect.Effect<void>) => void,
    said: (message: ExecutorMessage) => void,
    heard: (command: ExecutorCommand) => void
  ) {
    this.#blobs = blobs
    this.#run = run
    this.#said = said
    this.#heard = heard
  }

  /** Something for the server. */
  say(message: ExecutorMessage): void {
    if (message._tag === "progress" && message.value.length > threshold) {
      return this.#run(Effect.logWarning(
        `A handler's progress of ${message.value.length} bytes was dropped: ${threshold} are the most`
      ))
    }
    if (message._tag !== "ended" || !message.reports.some(({ outcome }) => isLarge(outcome))) return this.#said(message)
    const rest = message.reports.filter(({ outcome }) => !isLarge(outcome))
    if (rest.length > 0) this.#said({ _tag: "ended", reports: rest })
    for (const report of message.reports) {
      if (!isLarge(report.outcome)) continue
      this.#going++
      this.#run(Effect.map(this.#blobs.storedOutcome(report.outcome), (outcome) => {
        this.#said({ _tag: "ended", reports: [{ ...report, outcome }] })
        if (--this.#going > 0) return
        const idle = this.#onIdle
        this.#onIdle = []
        for (const then of idle) then()
      }))
    }
  }

  /** Something for the executor. */
  hear(command: ExecutorCommand): void {
    if (command._tag === "Assign") {
      const waiting = command.attempts.filter(isWaiting)
      if (waiting.length === 0) return this.#heard(command)
      const attempts = command.attempts.filter((attempt) => !isWaiting(attempt))
      if (attempts.length > 0) this.#heard({ _tag: "Assign", attempts })
      for (const attempt of waiting) this.#fetch(attempt)
      return
    }
    if (this.#coming.size === 0 || command._tag === "Stop") return this.#heard(command)
    if (command._tag === "Revoke") {
      const later = this.#coming.get(keyOf(command))
      return later === undefined ? this.#heard(command) : void later.push(command)
    }
    const now = command.leases.filter((lease) => {
      const later = this.#coming.get(keyOf(lease))
      later?.push({ _tag: "Recall", leases: [lease] })
      return later === undefined
    })
    if (now.length > 0) this.#heard({ _tag: "Recall", leases: now })
  }

  /** Calls it once all that was to be said has been said. */
  whenIdle(then: () => void): void {
    if (this.#going === 0) then()
    else this.#onIdle.push(then)
  }

  #fetch(attempt: Attempt): void {
    const { assignment, blob, ...rest } = attempt
    const lease = { task: assignment.task, epoch: assignment.epoch }
    const key = keyOf(lease)
    this.#coming.set(key, [])
    const refs = assignment.refs === undefined
      ? Effect.succeed(undefined)
      : Effect.forEach(assignment.refs, (outcome) => this.#blobs.wholeOutcome(outcome))
    const payload = blob === undefined ? Effect.succeed(attempt.payload) : this.#blobs.get(blob)
    const done = Effect.match(Effect.all([payload, refs]), {
      onFailure: ({ reason }) => {
        const outcome: Outcome = {
          _tag: "Crashed",
          defect: { name: "PayloadLost", message: `The payload cannot be had: ${reason}` }
        }
        this.#said({ _tag: "ended", reports: [{ ...lease, outcome }] })
        this.#coming.delete(key)
      },
      onSuccess: ([payload, refs]) => {
        const later = this.#coming.get(key) ?? []
        this.#coming.delete(key)
        this.#heard({ _tag: "Assign", attempts: [{ ...rest, assignment: { ...assignment, refs }, payload }] })
        for (const command of later) this.#heard(command)
      }
    })
    this.#run(done)
  }
}
