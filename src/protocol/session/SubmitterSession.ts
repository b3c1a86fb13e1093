/**
 * A submitter's end of its session with a server elsewhere: it numbers requests
 * so that no number is ever used again, and after a restart of the server says
 * again what that may not know, and passes on nothing twice. It knows neither
 * time nor sockets.
 *
 * @since 0.1.0
 */
import type { Ending } from "../../dispatch/Command.ts"
import type { SubmitterMessage, SubmitterNotice } from "../SubmitterPort.ts"
import { Link } from "./Link.ts"
import { sizeOf, split, type SubmitterDown, type SubmitterUp } from "./SubmitterWords.ts"

type Submit = Extract<SubmitterMessage, { readonly _tag: "submit" }>

/** A request until all of it has ended. */
interface Request {
  /** The number under which whoever submits knows it. */
  readonly local: number
  readonly submission: string
  /** As it was handed over, until it is accepted. */
  message: Submit | undefined
  readonly counts: ReadonlyArray<number>
  left: number
  /** Which tasks of each entry have ended; made once it is needed. */
  readonly seen: Array<Uint8Array | undefined>
}

/** What came of what came in. */
export interface Heard {
  readonly notices: ReadonlyArray<SubmitterNotice>
  /** Why nothing more will come, if so. */
  readonly lost?: string
  /** The server has done what leaving asked for. */
  readonly hasLeft?: boolean
}

/** One submitter. */
export class SubmitterSession {
  link = new Link<SubmitterUp, SubmitterDown>()
  #next = 0
  readonly #requests = new Map<number, Request>()
  readonly #cancels = new Map<number | string, Extract<SubmitterMessage, { readonly _tag: "cancel" }>>()
  readonly #closed = new Set<string>()
  #isLeaving = false
  /** How far it has all endings, and whether the server has been told. */
  #through = 0
  #isTold = true

  /** Gives its requests numbers from there on: greater than those of any who had its name before. */
  begin(first: number): void {
    this.#next = Math.max(this.#next, first)
  }

  /** How many requests have not ended. */
  get open(): number {
    return this.#requests.size
  }

  send(message: SubmitterMessage): void {
    switch (message._tag) {
      case "submit":
        return this.#submit(message)
      case "cancel": {
        const { target } = message
        if (this.#requests.size > 0) this.#cancels.set("task" in target ? target.task : target.submission, message)
        return this.#say(message)
      }
      case "close":
        if (this.#requests.values().some(({ submission }) => submission === message.submission)) {
          this.#closed.add(message.submission)
        }
        return this.#say(message)
      case "acknowledged":
        this.#reach(message.through)
        return
      case "fetched":
        return this.#say(message)
    }
  }

  /** It wants nothing more: what has not ended is to be cancelled. */
  leave(): void {
    this.#isLeaving = true
    this.#say({ _tag: "leave" })
  }

  /** Whether there are endings whose arrival the server has not been told of. */
  get hasToAcknowledge(): boolean {
    return !this.#isTold
  }

  /** Tells the server what endings have arrived. */
  acknowledge(): void {
    if (this.#isTold) return
    this.#isTold = true
    this.#say({ _tag: "acknowledged", through: this.#through })
  }

  /** What new messages mean to whoever submits. */
  hear(messages: ReadonlyArray<SubmitterDown>): Heard {
    const notices: Array<SubmitterNotice> = []
    for (const message of messages) {
      if (message._tag === "lost") return { notices, lost: message.reason }
      if (message._tag === "left") return { notices, hasLeft: true }
      const notice = this.#hear(message)
      if (notice !== undefined) notices.push(notice)
    }
    return { notices }
  }

  /**
   * The server has begun anew with it: a new link, on which everything is said
   * that may not have been kept. Gives the reason if there is no use in that.
   */
  restart(isKnown: boolean, why: string): string | undefined {
    const { unacknowledged } = this.link
    this.link = new Link()
    const isAccepted = ({ message }: Request) => message === undefined
    if (!isKnown && this.#requests.values().some(isAccepted) && !this.#isLeaving) return why
    for (const [wire, request] of this.#requests) {
      if (request.message !== undefined) this.#hand(wire, request.message)
      // Nothing is known of it, and nobody waits any more.
      else if (!isKnown) this.#forget(wire, request)
    }
    for (const submission of this.#closed) this.#say({ _tag: "close", submission })
    for (const cancel of this.#cancels.values()) this.#say(cancel)
    for (const message of unacknowledged) if (message._tag === "fetched" && isKnown) this.#say(message)
    this.#isTold = this.#through === 0
    if (isKnown) this.acknowledge()
    if (this.#isLeaving) this.#say({ _tag: "leave" })
    return undefined
  }

  /** What a server that was started anew tells again has to be acknowledged again. */
  #reach(through: number): void {
    this.#through = through
    this.#isTold = false
  }

  #say(message: SubmitterUp): void {
    this.link.send(message, sizeOf(message))
  }

  #submit(message: Submit): void {
    const wire = this.#next++
    const counts = message.entries.map(({ entry }) => entry.count)
    const left = counts.reduce((sum, count) => sum + count, 0)
    this.#requests.set(wire, {
      local: message.request,
      submission: message.submission,
      message,
      counts,
      left,
      seen: []
    })
    this.#hand(wire, message)
  }

  #hand(wire: number, message: Submit): void {
    for (const word of split(wire, message)) this.#say(word)
  }

  #hear(notice: SubmitterNotice): SubmitterNotice | undefined {
    switch (notice._tag) {
      case "Accepted": {
        const request = this.#requests.get(notice.request)
        if (request?.message === undefined) return undefined
        request.message = undefined
        if (request.left === 0) this.#forget(notice.request, request)
        return { ...notice, request: request.local }
      }
      case "Refused": {
        const request = this.#requests.get(notice.request)
        if (request === undefined) return undefined
        this.#forget(notice.request, request)
        return { ...notice, request: request.local }
      }
      case "Ended":
        return this.#ended(notice)
      case "Progress":
        if (notice.isEnded) {
          this.#cancels.delete(notice.submission)
          this.#closed.delete(notice.submission)
        }
        return notice
      case "Unmet":
        return notice
      case "TaskProgress":
      case "TaskLog": {
        const request = this.#requests.get(notice.request)
        return request === undefined ? undefined : { ...notice, request: request.local }
      }
    }
  }

  #ended(notice: Extract<SubmitterNotice, { readonly _tag: "Ended" }>): SubmitterNotice | undefined {
    if (notice.sequence !== undefined) this.#reach(notice.sequence)
    const endings: Array<Ending> = []
    let current = -1
    let request: Request | undefined
    for (const ending of notice.endings) {
      if (ending.request !== current) request = this.#requests.get(current = ending.request)
      if (request === undefined) continue
      this.#pass(request, ending, endings)
      if (request.left > 0) continue
      this.#forget(current, request)
      request = undefined
    }
    return endings.length === 0 ? undefined : { _tag: "Ended", endings }
  }

  /** Those of the tasks that have not been told of. */
  #pass(request: Request, ending: Ending, endings: Array<Ending>): void {
    const { count, entry, index, task } = ending
    if (this.#cancels.size > 0) {
      for (let offset = 0; offset < count; offset++) this.#cancels.delete(task + offset)
    }
    const total = request.counts[entry] ?? 0
    if (total === 1) {
      // It is forgotten with its end, if it is the only one.
      if (request.counts.length > 1) {
        if (request.seen[entry] !== undefined) return
        request.seen[entry] = one
      }
      request.left--
      endings.push({ ...ending, request: request.local })
      return
    }
    const seen = request.seen[entry] ??= new Uint8Array(total)
    const end = Math.min(index + count, total)
    for (let from = index; from < end;) {
      if (seen[from] === 1) {
        from++
        continue
      }
      let to = from
      while (to < end && seen[to] === 0) seen[to++] = 1
      request.left -= to - from
      endings.push({ ...ending, request: request.local, index: from, task: task + from - index, count: to - from })
      from = to
    }
  }

  #forget(wire: number, { submission }: Request): void {
    this.#requests.delete(wire)
    if (this.#requests.size === 0) {
      this.#cancels.clear()
      this.#closed.clear()
    }
    if (this.#cancels.size === 0 && this.#closed.size === 0) return
    if (this.#requests.values().some((other) => other.submission === submission)) return
    this.#cancels.delete(submission)
    this.#closed.delete(submission)
  }
}

const one = Uint8Array.of(1)
