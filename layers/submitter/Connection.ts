/**
 * A submitter's connection to its server: numbers its requests, and brings each
 * answer to who asked.
 *
 * @since 0.1.0
 */
import type { Clock } from "effect"
import type { SubmitterPort } from "../../services/Server.ts"
import type { Counts, Ending, Notice, Refusal } from "../../src/dispatch/Command.ts"
import { Slots } from "../../src/dispatch/Slots.ts"
import type { Submitted, SubmitterNotice } from "../../src/protocol/SubmitterPort.ts"
import type { LogLine } from "../../src/task/LogLine.ts"
import {
  Conflict,
  ConnectionLost,
  DependencyCycle,
  LimitMismatch,
  NoExecutor,
  ServerDraining,
  ServerFull,
  type SubmitError,
  UnknownDependency
} from "../../src/task/TaskError.ts"

/** Who waits for what becomes of a request. Entries and tasks are told apart by their indices. */
export interface Follower {
  /** The names of its entries, for errors. */
  readonly names: ReadonlyArray<string>
  readonly accepted: (notice: Extract<Notice, { readonly _tag: "Accepted" }>) => void
  readonly refused: (error: SubmitError) => void
  readonly ended: (ending: Ending) => void
  /** The server is gone: nothing more will be heard of what has not ended. */
  readonly lost: (error: ConnectionLost) => void
  /** After the last of the endings that came together. */
  readonly endedAll?: () => void
  readonly progress?: (entry: number, value: Uint8Array) => void
  readonly log?: (entry: number, line: LogLine, index: number) => void
}

/** What is handed over, beside the entries. */
export interface RequestOptions {
  readonly submission: string
  readonly whenUnmet: "fail" | "wait"
  readonly isOpen: boolean
}

interface Pending {
  readonly follower: Follower
  left: number
}

/** One submitter. */
export class Connection {
  readonly port: SubmitterPort
  readonly name: string
  readonly #clock: Clock.Clock
  readonly #pending = new Slots<Pending>()
  readonly #watchers = new Map<string, (counts: Counts, isEnded: boolean) => void>()
  #lost: ConnectionLost | undefined
  #submissions = 0

  /**
   * Runs it after this turn. Fibers that go on are best not run from within
   * another one: what they allocate would live until the next full collection.
   */
  readonly later: (run: () => void) => void

  constructor(name: string, port: SubmitterPort, clock: Clock.Clock, later: (run: () => void) => void) {
    this.later = later
    this.name = name
    this.port = port
    this.#clock = clock
  }

  /** What to add to the server's clock to get milliseconds since 1970. */
  readonly wallOffset = (): number =>
    this.port.wallOffset ??
      this.#clock.currentTimeMillisUnsafe() - Number(this.#clock.monotonicTimeNanosUnsafe() / 1_000_000n)

  submissionId(): string {
    return `${this.name}/${++this.#submissions}`
  }

  submit(entries: ReadonlyArray<Submitted>, options: RequestOptions, follower: Follower): void {
    if (this.#lost !== undefined) return follower.lost(this.#lost)
    const left = entries.reduce((count, { entry }) => count + entry.count, 0)
    const request = this.#pending.add({ follower, left })
    this.port.send({
      _tag: "submit",
      request,
      entries,
      isWatched: this.#watchers.has(options.submission),
      ...options
    })
  }

  /** Tells of the counts of a submission until it has ended. */
  watch(submission: string, watcher: (counts: Counts, isEnded: boolean) => void): void {
    this.#watchers.set(submission, watcher)
  }

  cancel(target: { readonly task: number } | { readonly submission: string }, by: string): void {
    this.port.send({ _tag: "cancel", target, by })
  }

  /** Hears what the server says from now on. */
  listen(): void {
    this.port.notices.read({
      take: (notices) => {
        for (const notice of notices) this.#hear(notice)
      },
      closed: (error) => this.#lose(error)
    })
  }

  /** Nobody is there to be told anything any more. */
  close(): void {
    this.port.notices.read(undefined)
    this.#lose(new ConnectionLost({ reason: "it was closed" }))
  }

  /** Whoever still waits for something is told that it will not come. */
  #lose(error: ConnectionLost): void {
    this.#lost = error
    for (const { follower } of this.#pending.values()) follower.lost(error)
    this.#watchers.clear()
  }

  #hear(notice: SubmitterNotice): void {
    switch (notice._tag) {
      case "Ended":
        return this.#ended(notice.endings)
      case "Accepted":
        return this.#accepted(notice)
      case "Refused": {
        const follower = this.#pending.get(notice.request)?.follower
        this.#pending.delete(notice.request)
        return follower?.refused(refusal(notice.reason, follower.names, this.port.idOf))
      }
      case "Progress":
        this.#watchers.get(notice.submission)?.(notice.counts, notice.isEnded)
        if (notice.isEnded) this.#watchers.delete(notice.submission)
        return
      case "TaskProgress":
        return this.#pending.get(notice.request)?.follower.progress?.(notice.entry, notice.value)
      case "TaskLog":
        return this.#pending.get(notice.request)?.follower.log?.(notice.entry, notice.line, notice.index)
      case "Unmet":
        // Who chose to wait waits; `Server.explain` tells what for.
        return
    }
  }

  #accepted(notice: Extract<Notice, { readonly _tag: "Accepted" }>): void {
    const pending = this.#pending.get(notice.request)
    pending?.follower.accepted(notice)
    // Of a set of no tasks nothing more will be heard.
    if (pending?.left === 0) this.#pending.delete(notice.request)
  }

  #ended(endings: ReadonlyArray<Ending>): void {
    const told: Array<Follower> = []
    let current = -1
    let pending: Pending | undefined
    for (const ending of endings) {
      if (ending.request !== current) {
        pending = this.#pending.get(current = ending.request)
        if (pending?.follower.endedAll !== undefined) told.push(pending.follower)
      }
      if (pending === undefined) continue
      pending.left -= ending.count
      pending.follower.ended(ending)
      if (pending.left <= 0) this.#pending.delete(current)
    }
    // Last, as they may hand over more, under the numbers of what has ended.
    for (const follower of told) follower.endedAll?.()
  }
}

const refusal = (reason: Refusal, names: ReadonlyArray<string>, idOf: (task: number) => string): SubmitError => {
  const nameOf = (entry: number): string => names[entry] ?? `entry ${entry}`
  switch (reason._tag) {
    case "Draining":
      return new ServerDraining()
    case "Full":
      return new ServerFull({ reason: reason.reason })
    case "Unmet":
      return new NoExecutor({ taskName: nameOf(reason.entry), missing: reason.missing })
    case "Conflict":
      return new Conflict({ taskName: nameOf(reason.entry), key: reason.key })
    case "UnknownDependency":
      return new UnknownDependency({ taskName: nameOf(reason.entry), dependency: idOf(reason.task) })
    case "Cycle":
      return new DependencyCycle({ cycle: reason.entries.map(nameOf) })
    case "LimitMismatch":
      return new LimitMismatch({ taskName: nameOf(reason.entry), limit: reason.limit })
  }
}
