/**
 * The attempts that a thread was given, by claim, and those that there is no
 * room for yet.
 *
 * @since 0.1.0
 */
import type { LeaseRef } from "../../src/dispatch/Event.ts"
import { type Claimed, isMoved } from "../../src/protocol/AttemptFrame.ts"
import { capacity, type Claims } from "../../src/protocol/Claims.ts"
import type { Attempt } from "../../src/protocol/ExecutorPort.ts"

/** Where an attempt was found. */
export type Found = "waiting" | "taken back" | { readonly claim: number } | undefined

const isOf = ({ assignment }: Attempt, { epoch, task }: LeaseRef): boolean =>
  assignment.task === task && assignment.epoch === epoch

/**
 * What has moved to a thread cannot be taken back. So it has few attempts with
 * such payloads beside those that it may run: one, and up to that many as long
 * as they end within some milliseconds.
 */
const mostAhead = 64
const soon = 5

/** What a thread leaves behind. */
export interface Dropped {
  readonly started: ReadonlyArray<Claimed>
  readonly moved: ReadonlyArray<Attempt>
  readonly unstarted: ReadonlyArray<Attempt>
}

/** What one thread holds. */
export class Holding {
  readonly #attempts: Array<Attempt | undefined> = []
  readonly #isStarted: Array<boolean> = []
  readonly #free: Array<number> = []
  #waiting: Array<Attempt> = []
  #size = 0
  /** When the attempts whose payloads have moved were given, by claim; and how many more there may be than slots. */
  readonly #movedAt: Array<number> = []
  #ahead = 1

  /** Those that the thread has and those that wait to be given to it. */
  get size(): number {
    return this.#size + this.#waiting.length
  }

  /** Those that the thread has. */
  get given(): number {
    return this.#size
  }

  wait(attempts: ReadonlyArray<Attempt>): void {
    for (const attempt of attempts) this.#waiting.push(attempt)
  }

  /** All that waits and that there is room for, with claims on it. */
  give(claims: Claims, slots: number): ReadonlyArray<Claimed> {
    if (this.#waiting.length === 0) return []
    const given: Array<Claimed> = []
    let index = 0
    for (; index < this.#waiting.length; index++) {
      const claim = this.#free.pop() ?? this.#attempts.length
      if (claim === capacity) break
      const attempt = this.#waiting[index]!
      if (this.#size + given.length >= slots + this.#ahead && isMoved(attempt)) {
        if (claim < this.#attempts.length) this.#free.push(claim)
        break
      }
      this.#attempts[claim] = attempt
      this.#isStarted[claim] = false
      if (isMoved(attempt)) this.#movedAt[claim] = performance.now()
      claims.hand(claim)
      given.push({ attempt, claim })
    }
    this.#waiting = index === this.#waiting.length ? [] : this.#waiting.slice(index)
    this.#size += given.length
    return given
  }

  attempt(claim: number): Attempt | undefined {
    return this.#attempts[claim]
  }

  /** The attempt of a claim that has ended; undefined if that was said before. */
  end(claim: number): Attempt | undefined {
    const attempt = this.#attempts[claim]
    if (attempt === undefined) return undefined
    this.#attempts[claim] = undefined
    this.#size--
    this.#free.push(claim)
    if (isMoved(attempt)) {
      this.#ahead = performance.now() - this.#movedAt[claim]! < soon ? Math.min(mostAhead, this.#ahead + 1) : 1
    }
    return attempt
  }

  /** The thread has seen that it was taken back. */
  free(claim: number): void {
    this.#free.push(claim)
  }

  /** Notes that an attempt was started; false if that was known, or it has ended. */
  start(claim: number): boolean {
    if (this.#isStarted[claim] === true || this.#attempts[claim] === undefined) return false
    this.#isStarted[claim] = true
    return true
  }

  /** Those that were started and not noted as such. */
  starting(claims: Claims): ReadonlyArray<number> {
    return this.#claimed().filter((claim) => this.#isStarted[claim] !== true && claims.isStarted(claim))
  }

  /** Those that run now. */
  running(claims: Claims): number {
    return this.#claimed().reduce((sum, claim) => claims.isStarted(claim) ? sum + 1 : sum, 0)
  }

  /** Takes an attempt out of what waits or, if it was not started, out of the thread's hands. */
  take(lease: LeaseRef, claims: Claims): Found {
    const index = this.#waiting.findIndex((attempt) => isOf(attempt, lease))
    if (index !== -1) {
      this.#waiting.splice(index, 1)
      return "waiting"
    }
    const claim = this.#attempts.findIndex((attempt) => attempt !== undefined && isOf(attempt, lease))
    if (claim === -1) return undefined
    if (isMoved(this.#attempts[claim]!) || !claims.takeBack(claim)) return { claim }
    this.#attempts[claim] = undefined
    this.#size--
    return "taken back"
  }

  /** The thread is no more: what it had started, what had moved there only to be lost, and what can be given to others. */
  drop(claims: Claims): Dropped {
    const started: Array<Claimed> = []
    const moved: Array<Attempt> = []
    const unstarted: Array<Attempt> = []
    for (const claim of this.#claimed()) {
      const attempt = this.#attempts[claim]!
      if (claims.isStarted(claim)) started.push({ attempt, claim })
      else if (isMoved(attempt)) moved.push(attempt)
      else unstarted.push(attempt)
    }
    unstarted.push(...this.#waiting)
    this.#waiting = []
    this.#attempts.length = 0
    this.#isStarted.length = 0
    this.#free.length = 0
    this.#size = 0
    this.#ahead = 1
    return { started, moved, unstarted }
  }

  #claimed(): ReadonlyArray<number> {
    return this.#attempts.flatMap((attempt, claim) => attempt === undefined ? [] : [claim])
  }
}
